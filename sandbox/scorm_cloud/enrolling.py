"""Creating a registration: checks, tags, postback settings, seeded progress."""

import sqlite3
import uuid
from typing import Any

from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.course_json import course_row
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.instances import add_instance
from sandbox.scorm_cloud.launches import link_tags
from sandbox.scorm_cloud.postbacks import SETTING_OF, checked_post_back
from sandbox.scorm_cloud.query import identifier
from sandbox.scorm_cloud.registration_json import registration_row
from sandbox.scorm_cloud.settings import Owner, save_settings
from sandbox.scorm_cloud.tagging import add_tags


def create_registration(
    cloud: Cloud, app: str, sent: dict[str, Any], course_version: str | None
) -> None:
    """Create what a CreateRegistration asks for. ApiError 400 for wrong input or an id that is
    taken, 404 for an unknown course, 403 where a strict registration limit is reached."""
    course = identifier(sent.get("courseId"), "courseId")
    registration = identifier(sent.get("registrationId"), "registrationId")
    learner = sent.get("learner")
    if not isinstance(learner, dict):
        raise ApiError(400, "Bad request: learner is required.")
    identifier(learner.get("id"), "learner.id")
    with cloud.store.write() as db:
        version = _version(db, app, course, course_version)
        if registration_row(db, app, registration):
            raise ApiError(400, f"Registration with id [{registration}] already exists")
        _check_limit(db, app)
        _insert(cloud, db, app, registration, course, learner)
        add_instance(cloud, db, app, registration, 0, version, _uuid(sent))
        row = {"app": app, "id": registration, "course": course, "learner": learner["id"]}
        add_tags(db, row, link_tags(sent))  # type: ignore[arg-type]
        _configure(db, Owner(app, course=course, registration=registration), sent)
        _seed(cloud, db, app, registration, sent.get("initialRegistrationState"))
        cloud.ledger.applied(db, "registration_created", learner["id"], registration)


def _version(db: sqlite3.Connection, app: str, course: str, wanted: str | None) -> int:
    if wanted is not None and not wanted.isdigit():
        raise ApiError(400, "Bad request: courseVersion must be a whole number.")
    row = course_row(db, app, course, int(wanted) if wanted else None)
    if row is None:
        raise ApiError(404, f"Could not find course [{course}]")
    return int(row["version"])


def _check_limit(db: sqlite3.Connection, app: str) -> None:
    row = db.execute(
        "SELECT reg_limit, CASE WHEN strict_limit THEN"
        " (SELECT count(*) FROM registrations WHERE app = ?) >= reg_limit END AS reached"
        " FROM applications WHERE id = ?",
        (app, app),
    ).fetchone()
    if row["reached"]:
        raise ApiError(403, f"The registration limit [{row['reg_limit']}] has been reached.")


def _insert(
    cloud: Cloud,
    db: sqlite3.Connection,
    app: str,
    registration: str,
    course: str,
    learner: dict[str, Any],
) -> None:
    names = [learner.get(name) for name in ("email", "firstName", "lastName")]
    if not all(name is None or isinstance(name, str) for name in names):
        raise ApiError(400, "Bad request: the fields of learner must be strings.")
    db.execute(
        "INSERT INTO registrations (app, id, course, created, learner, email, first_name,"
        " last_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (app, registration, course, cloud.now(), learner["id"], *names),
    )


def _uuid(sent: dict[str, Any]) -> str | None:
    given = sent.get("xapiRegistrationId")
    if given is None:
        return None
    try:
        return str(uuid.UUID(str(given)))
    except ValueError as error:
        raise ApiError(400, "Bad request: xapiRegistrationId must be a UUID.") from error


def _configure(db: sqlite3.Connection, owner: Owner, sent: dict[str, Any]) -> None:
    """The postback and any other settings, kept at the registration's level."""
    if sent.get("postBack") is not None:
        values = checked_post_back(sent["postBack"])
        posted = [{"settingId": SETTING_OF[name], "value": values[name]} for name in values]
        save_settings(db, owner, {"settings": posted})
    if sent.get("initialSettings") is not None:
        save_settings(db, owner, sent["initialSettings"])


def _seed(cloud: Cloud, db: sqlite3.Connection, app: str, registration: str, state: Any) -> None:
    """Progress brought along from elsewhere."""
    if state is None:
        return
    completion = _enum(state, "registrationCompletion", ("UNKNOWN", "COMPLETED", "INCOMPLETE"))
    success = _enum(state, "registrationSuccess", ("UNKNOWN", "PASSED", "FAILED"))
    score = (state.get("score") or {}).get("scaled")
    seconds = state.get("totalSecondsTracked") or 0
    if not isinstance(score, int | float | None) or not isinstance(seconds, int | float):
        raise ApiError(400, "Bad request: score.scaled and totalSecondsTracked are numbers.")
    db.execute(
        "UPDATE instances SET completion = ?, success = ?, score = ?, seconds = ?, completed = ?"
        " WHERE app = ? AND registration = ? AND instance = 0",
        (
            completion,
            success,
            score,
            seconds,
            cloud.now() if completion == "COMPLETED" else None,
            app,
            registration,
        ),
    )


def _enum(state: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = str(state.get(name) or "UNKNOWN").upper()
    if value not in allowed:
        raise ApiError(400, f"Bad request: [{state.get(name)}] is not a value of {name}.")
    return value
