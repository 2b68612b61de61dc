"""The learner calls. A learner is only what registrations with the same learner id say."""

import json
import sqlite3

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.applications import OWNER_EMAIL
from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.query import body
from sandbox.scorm_cloud.tags import add_tag_routes, merged

learners = Blueprint("learners", __name__, url_prefix="/learner")

# The names of the learner in the runtime state of SCORM 1.2 and 2004.
_ERASED = ("$.core.student_name", "$.learner_name")


@learners.post("/<learner>/updateInfo")
def update_info(learner: str) -> ResponseReturnValue:
    """Rewrite name and e-mail on all the learner's registrations; what is absent stays."""
    cloud, sent = the_cloud(), body()
    with cloud.store.write() as db:
        _require(db, g.app_id, learner)
        db.execute(
            "UPDATE registrations SET email = coalesce(?, email),"
            " first_name = coalesce(?, first_name), last_name = coalesce(?, last_name)"
            " WHERE app = ? AND learner = ?",
            (sent.get("email"), sent.get("firstName"), sent.get("lastName"), g.app_id, learner),
        )
        _touch(db, g.app_id, learner, cloud.now())
        cloud.ledger.applied(db, "learner_updated", learner)
    return "", 204


@learners.post("/<learner>/delete-information")
def delete_information(learner: str) -> ResponseReturnValue:
    """Erase the learner's personal data; the registrations stay without a name."""
    cloud = the_cloud()
    if request.args.get("userEmail", "").lower() != OWNER_EMAIL:
        raise ApiError(403, "The address is not an owner or administrator of this realm.")
    with cloud.store.write() as db:
        _require(db, g.app_id, learner)
        db.execute(
            "UPDATE items SET cmi = json_remove(cmi, ?, ?) WHERE app = ? AND registration IN"
            " (SELECT id FROM registrations WHERE app = ? AND learner = ?)",
            (*_ERASED, g.app_id, g.app_id, learner),
        )
        db.execute(
            "UPDATE registrations SET email = NULL, first_name = NULL, last_name = NULL"
            " WHERE app = ? AND learner = ?",
            (g.app_id, learner),
        )
        db.execute("DELETE FROM learner_tags WHERE app = ? AND learner = ?", (g.app_id, learner))
        _touch(db, g.app_id, learner, cloud.now())
        cloud.ledger.applied(db, "learner_erased", learner)
    return "", 204


def tag_learner(db: sqlite3.Connection, app: str, learner: str, tags: list[str]) -> None:
    """Add tags to a learner, who need not have any yet."""
    if tags:
        row = db.execute(
            "SELECT tags FROM learner_tags WHERE app = ? AND learner = ?", (app, learner)
        ).fetchone()
        _write_tags(db, app, learner, json.loads(merged(row["tags"] if row else "[]", tags)))


def _require(db: sqlite3.Connection, app: str, learner: str) -> None:
    known = db.execute(
        "SELECT 1 FROM registrations WHERE app = ? AND learner = ? LIMIT 1", (app, learner)
    ).fetchone()
    if known is None:
        raise ApiError(404, f"Could not find learner [{learner}]")


def _touch(db: sqlite3.Connection, app: str, learner: str, now: str) -> None:
    db.execute(
        "UPDATE instances SET updated = ? WHERE app = ? AND (registration, instance) IN"
        " (SELECT id, current FROM registrations WHERE app = ? AND learner = ?)",
        (now, app, app, learner),
    )


def _read_tags(db: sqlite3.Connection, app: str, learner: str) -> list[str]:
    _require(db, app, learner)
    row = db.execute(
        "SELECT tags FROM learner_tags WHERE app = ? AND learner = ?", (app, learner)
    ).fetchone()
    return list(json.loads(row["tags"])) if row else []


def _write_tags(db: sqlite3.Connection, app: str, learner: str, tags: list[str]) -> None:
    db.execute(
        "INSERT OR REPLACE INTO learner_tags VALUES (?, ?, ?)", (app, learner, json.dumps(tags))
    )


add_tag_routes(learners, "learner", _read_tags, _write_tags)
