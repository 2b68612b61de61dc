"""The registration calls: create, list, show, delete, launch, history, instances, configuration."""

import json
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
from sandbox.scorm_cloud.instances import start_over, wipe
from sandbox.scorm_cloud.launches import history_json, link_answer, link_tags
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.paging import Listing, read_page
from sandbox.scorm_cloud.postbacks import test_postback
from sandbox.scorm_cloud.query import body, check_dates, flag
from sandbox.scorm_cloud.registration_json import (
    COLUMNS,
    PRESENT,
    TABLES,
    Detail,
    registration_json,
    registration_row,
)
from sandbox.scorm_cloud.settings import Owner, forget_owner
from sandbox.scorm_cloud.tagging import add_tags
from sandbox.scorm_cloud.tags import add_tag_routes

registrations = Blueprint("registrations", __name__, url_prefix="/registrations")

_LIST: dict[str, Any] = {
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
    **_LIST,
)
_OF_ONE: dict[str, Any] = {
    **_LIST,
    "dates": {"created": "i.created", "updated": "i.updated"},
    "orders": {"created": "i.created"},
}


@registrations.post("")
def create() -> ResponseReturnValue:
    create_registration(the_cloud(), g.app_id, body(), request.args.get("courseVersion"))
    return "", 204


@registrations.get("")
def list_registrations() -> ResponseReturnValue:
    with the_cloud().store.read() as db:
        return _page_of(db, LISTING, (g.app_id,))


@registrations.get("/<registration>")
@registrations.get("/<registration>/instances/<int:instance>")
def get_registration(registration: str, instance: int | None = None) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.read() as db:
        row = found(db, registration, instance)
        return jsonify(registration_json(cloud, db, row, _detail(request.args)))


@registrations.delete("/<registration>")
def delete_registration(registration: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        require_delete(db)
        found(db, registration)
        _delete(cloud, db, registration)
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


@registrations.get("/<registration>/instances")
def list_instances(registration: str) -> ResponseReturnValue:
    listing = Listing(
        name=f"instances of {registration}",
        where="r.app = ? AND r.id = ?",
        id="i.instance",
        key="instance",
        **_OF_ONE,
    )
    with the_cloud().store.read() as db:
        found(db, registration)
        return _page_of(db, listing, (g.app_id, registration))


@registrations.post("/<registration>/instances")
def new_instance(registration: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        found(db, registration)
        start_over(cloud, db, g.app_id, registration)
        cloud.ledger.applied(db, "instance_created", None, registration)
    return "", 204


@registrations.delete("/<registration>/instances/<int:instance>")
def delete_instance(registration: str, instance: int) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        require_delete(db)
        found(db, registration, instance)
        db.execute(
            "DELETE FROM instances WHERE app = ? AND registration = ? AND instance = ?",
            (g.app_id, registration, instance),
        )
        forget_owner(db, Owner(g.app_id, registration=registration, instance=instance))
        newest = db.execute(
            "SELECT max(instance) FROM instances WHERE app = ? AND registration = ?",
            (g.app_id, registration),
        ).fetchone()[0]
        if newest is None:
            _delete(cloud, db, registration)
        else:
            db.execute(
                "UPDATE registrations SET current = ? WHERE app = ? AND id = ?",
                (newest, g.app_id, registration),
            )
            cloud.ledger.applied(db, "instance_deleted", None, f"{registration}/{instance}")
    return "", 204


@registrations.get("/<registration>/xAPIStatements")
@registrations.get("/<registration>/instances/<int:instance>/xAPIStatements")
def statements(registration: str, instance: int | None = None) -> ResponseReturnValue:
    """None ever: SCORM content makes no xAPI statements, and only SCORM content can be imported."""
    with the_cloud().store.read() as db:
        found(db, registration, instance)
    check_dates(request.args)
    return jsonify(statements=[])


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


def _page_of(
    db: sqlite3.Connection, listing: Listing, within: tuple[str, ...]
) -> ResponseReturnValue:
    cloud = the_cloud()
    page = read_page(cloud, db, listing, g.app_id, within)
    detail = _detail(page.args)
    answer, headers = page.answer(
        "registrations", [registration_json(cloud, db, row, detail) for row in page.rows]
    )
    return jsonify(answer), headers


def _detail(args: Mapping[str, str]) -> Detail:
    return Detail(
        children=flag(args, "includeChildResults"),
        runtime=flag(args, "includeRuntime"),
        objectives=flag(args, "includeInteractionsAndObjectives"),
    )


def _delete(cloud: Cloud, db: sqlite3.Connection, registration: str) -> None:
    forget_owner(db, Owner(g.app_id, registration=registration))
    db.execute("DELETE FROM registrations WHERE app = ? AND id = ?", (g.app_id, registration))
    cloud.ledger.applied(db, "registration_deleted", None, registration)


def _read_tags(db: sqlite3.Connection, app: str, registration: str) -> list[str]:
    return list(json.loads(found(db, registration)["tags"]))


def _write_tags(db: sqlite3.Connection, app: str, registration: str, tags: list[str]) -> None:
    db.execute(
        "UPDATE registrations SET tags = ? WHERE app = ? AND id = ?",
        (json.dumps(tags), app, registration),
    )


def _owner(registration: str, instance: int | None = None) -> Owner:
    with the_cloud().store.read() as db:
        row = found(db, registration, instance)
    return Owner(g.app_id, row["course"], row["course_version"], registration, instance)


add_tag_routes(registrations, "registration", _read_tags, _write_tags)
add_setting_routes(
    registrations, ["/<registration>", "/<registration>/instances/<int:instance>"], _owner
)
