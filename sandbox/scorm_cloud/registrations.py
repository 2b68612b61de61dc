"""The registration calls: create, list, show, delete, launch, history, reset, configuration."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.applications import require_delete
from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.configuration import add_setting_routes
from sandbox.scorm_cloud.enrolling import create_registration
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.instances import wipe
from sandbox.scorm_cloud.launches import history_json, link_answer, link_tags
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.paging import Listing, answer_page
from sandbox.scorm_cloud.postbacks import test_postback
from sandbox.scorm_cloud.query import body, flag
from sandbox.scorm_cloud.registration_json import (
    COLUMNS,
    PRESENT,
    TABLES,
    Detail,
    registration_json,
    registration_row,
)
from sandbox.scorm_cloud.settings import Owner, forget_owner
from sandbox.scorm_cloud.statements import add_statement_routes
from sandbox.scorm_cloud.tagging import add_tags
from sandbox.scorm_cloud.tags import add_column_routes

registrations = Blueprint("registrations", __name__, url_prefix="/registrations")

LIST: dict[str, Any] = {
    "select": f"SELECT {COLUMNS} FROM {TABLES}",
    "dates": {"created": "r.created", "updated": "i.updated"},
    "default_date": "created",
    "orders": {
        "created": "r.created",
        "updated": "i.updated",
        "course_title": "coalesce(v.title, '')",
        "learner_first_name": "coalesce(r.first_name, '')",
        "learner_last_name": "coalesce(r.last_name, '')",
    },
    "filters": {
        "registration_id": "r.id",
        "course_title": "v.title",
        "learner_first_name": "r.first_name",
        "learner_last_name": "r.last_name",
        "tags": "r.tags",
    },
    "default_filter": "registration_id",
    "tags": "r.tags",
}
LISTING = Listing(
    name="registrations",
    where=f"r.app = ? AND {PRESENT}",
    id="r.id",
    equals={"courseId": "r.course", "learnerId": "r.learner"},
    **LIST,
)


@registrations.post("")
def create() -> ResponseReturnValue:
    create_registration(the_cloud(), g.app_id, body(), request.args.get("courseVersion"))
    return "", 204


@registrations.get("")
def list_registrations() -> ResponseReturnValue:
    return answer_page("registrations", LISTING, (g.app_id,), shown)


@registrations.get("/<registration>")
@registrations.get("/<registration>/instances/<int:instance>")
def get_registration(registration: str, instance: int | None = None) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.read() as db:
        return jsonify(shown(cloud, db, found(db, registration, instance), request.args))


@registrations.delete("/<registration>")
def delete_registration(registration: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        require_delete(db)
        found(db, registration)
        remove(cloud, db, registration)
    return "", 204


@registrations.post("/<registration>/launchLink")
def launch_link(registration: str) -> ResponseReturnValue:
    cloud, sent = the_cloud(), body()
    with cloud.store.write() as db:
        row = found(db, registration)
        link = Link(app=g.app_id, course=row["course"], registration=registration)
        answer = link_answer(cloud, db, link, sent, redirect_required=True)
        add_tags(db, row, link_tags(sent))
    return jsonify(answer)


@registrations.get("/<registration>/launchHistory")
@registrations.get("/<registration>/instances/<int:instance>/launchHistory")
def launch_history(registration: str, instance: int | None = None) -> ResponseReturnValue:
    with the_cloud().store.read() as db:
        found(db, registration, instance)
        rows = db.execute(
            "SELECT * FROM launches WHERE app = ? AND registration = ?"
            " AND (? IS NULL OR instance = ?) ORDER BY launched, rowid",
            (g.app_id, registration, instance, instance),
        ).fetchall()
    with_log = flag(request.args, "includeHistoryLog")
    return jsonify(launchHistory=[history_json(row, with_log) for row in rows])


@registrations.delete("/<registration>/progress")
def reset_progress(registration: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        found(db, registration)
        wipe(cloud, db, g.app_id, registration)
        cloud.ledger.applied(db, "registration_reset", None, registration)
    return "", 204


@registrations.delete("/<registration>/globalData")
def reset_global_data(registration: str) -> ResponseReturnValue:
    """Global objectives live inside the sequencing state; forgetting that forgets them."""
    cloud = the_cloud()
    with cloud.store.write() as db:
        row = found(db, registration)
        db.execute(
            "UPDATE instances SET sequencing = NULL, suspended_item = NULL, updated = ?"
            " WHERE app = ? AND registration = ? AND instance = ?",
            (cloud.now(), g.app_id, registration, row["instance"]),
        )
        cloud.ledger.applied(db, "global_data_reset", None, registration)
    return "", 204


@registrations.post("/postBackTest")
def postback_test() -> ResponseReturnValue:
    test_postback(the_cloud(), g.app_id, body())
    return "", 204


def found(db: sqlite3.Connection, registration: str, instance: int | None = None) -> sqlite3.Row:
    """The caller's registration with one instance; ApiError 404 if there is none."""
    row = registration_row(db, g.app_id, registration, instance)
    if row is None:
        raise ApiError(404, f"Could not find registration [{registration}]")
    return row


def shown(
    cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, args: Mapping[str, str]
) -> dict[str, Any]:
    detail = Detail(
        children=flag(args, "includeChildResults"),
        runtime=flag(args, "includeRuntime"),
        objectives=flag(args, "includeInteractionsAndObjectives"),
    )
    return registration_json(cloud, db, row, detail)


def remove(cloud: Cloud, db: sqlite3.Connection, registration: str) -> None:
    forget_owner(db, Owner(g.app_id, registration=registration))
    db.execute("DELETE FROM registrations WHERE app = ? AND id = ?", (g.app_id, registration))
    cloud.ledger.applied(db, "registration_deleted", None, registration)


def _owner(registration: str, instance: int | None = None) -> Owner:
    with the_cloud().store.read() as db:
        row = found(db, registration, instance)
    return Owner(g.app_id, row["course"], row["course_version"], registration, instance)


_BASES = ["/<registration>", "/<registration>/instances/<int:instance>"]
add_column_routes(registrations, "registration", found)
add_statement_routes(registrations, _BASES, found)
add_setting_routes(registrations, _BASES, _owner)
