"""The course calls: list, show, rename, delete, versions, preview, configuration."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.applications import require_delete
from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.configuration import add_setting_routes
from sandbox.scorm_cloud.course_json import COLUMNS, TABLES, course_json, course_row
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.launches import link_answer
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.paging import Listing, answer_page
from sandbox.scorm_cloud.query import body, flag, moment
from sandbox.scorm_cloud.series import VERSIONS
from sandbox.scorm_cloud.settings import Owner, forget_owner
from sandbox.scorm_cloud.statements import add_statement_routes
from sandbox.scorm_cloud.tags import add_column_routes

courses = Blueprint("courses", __name__, url_prefix="/courses")

LISTING = Listing(
    name="courses",
    select=f"SELECT {COLUMNS} FROM {TABLES} AND v.version = c.newest",
    where="c.app = ?",
    id="c.id",
    dates={"created": "v.created", "updated": "v.updated"},
    default_date="updated",
    orders={"created": "v.created", "updated": "v.updated", "title": "v.title"},
    filters={"course_id": "c.id", "title": "v.title", "tags": "c.tags"},
    default_filter="course_id",
    tags="c.tags",
)


@courses.get("")
def list_courses() -> ResponseReturnValue:
    return answer_page("courses", LISTING, (g.app_id,), _shown)


@courses.get("/<course>")
@courses.get("/<course>/versions/<int:version>")
def get_course(course: str, version: int | None = None) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.read() as db:
        return jsonify(_shown(cloud, db, found(db, course, version), request.args))


@courses.get("/<course>/versions")
def list_versions(course: str) -> ResponseReturnValue:
    cloud = the_cloud()
    since, until = moment(request.args, "since"), moment(request.args, "until")
    with cloud.store.read() as db:
        found(db, course)
        rows = db.execute(
            f"SELECT {COLUMNS} FROM {TABLES} WHERE c.app = ? AND c.id = ?"
            " AND v.updated >= ? AND v.updated <= ? ORDER BY v.version",
            (g.app_id, course, since or "", until or "9999"),
        ).fetchall()
        return jsonify(courses=[_shown(cloud, db, row, request.args) for row in rows])


@courses.put("/<course>/title")
def set_title(course: str) -> ResponseReturnValue:
    title = body().get("title")
    if not isinstance(title, str) or not title:
        raise ApiError(400, "Bad request: title is required.")
    cloud = the_cloud()
    with cloud.store.write() as db:
        row = found(db, course)
        db.execute(
            "UPDATE course_versions SET title = ?, updated = ?"
            " WHERE app = ? AND course = ? AND version = ?",
            (title, cloud.now(), g.app_id, course, row["version"]),
        )
        cloud.ledger.applied(db, "course_renamed", None, course)
    return "", 204


@courses.delete("/<course>")
def delete_course(course: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        require_delete(db)
        found(db, course)
        _delete(cloud, db, course)
    return "", 204


@courses.delete("/<course>/versions/<int:version>")
def delete_version(course: str, version: int) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        require_delete(db)
        found(db, course, version)
        forget_owner(db, Owner(g.app_id, course, version))
        if VERSIONS.drop(db, g.app_id, course, version):
            cloud.ledger.applied(db, "course_version_deleted", None, f"{course}/{version}")
        else:
            _delete(cloud, db, course)
    return "", 204


@courses.post("/<course>/preview")
@courses.post("/<course>/versions/<int:version>/preview")
def preview(course: str, version: int | None = None) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        row = found(db, course, version)
        link = Link(app=g.app_id, course=course, version=row["version"])
        return jsonify(link_answer(cloud, db, link, body(), redirect_required=False))


@courses.get("/<course>/zip")
@courses.get("/<course>/versions/<int:version>/zip")
def download(course: str, version: int | None = None) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.read() as db:
        row = found(db, course, version)
    return send_file(
        cloud.file(g.app_id, course, row["version"]).resolve(),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{course}.zip",
    )


def found(db: sqlite3.Connection, course: str, version: int | None = None) -> sqlite3.Row:
    """The caller's course; ApiError 404 if there is none."""
    row = course_row(db, g.app_id, course, version)
    if row is None:
        raise ApiError(404, f"Could not find course [{course}]")
    return row


def _shown(
    cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, args: Mapping[str, str]
) -> dict[str, Any]:
    return course_json(
        cloud,
        db,
        row,
        count_registrations=flag(args, "includeRegistrationCount"),
        metadata=flag(args, "includeCourseMetadata"),
    )


def _delete(cloud: Cloud, db: sqlite3.Connection, course: str) -> None:
    """The course with its versions, registrations, launches and settings."""
    for row in db.execute(
        "SELECT id FROM registrations WHERE app = ? AND course = ?", (g.app_id, course)
    ).fetchall():
        forget_owner(db, Owner(g.app_id, registration=row["id"]))
    forget_owner(db, Owner(g.app_id, course))
    db.execute("DELETE FROM courses WHERE app = ? AND id = ?", (g.app_id, course))
    cloud.ledger.applied(db, "course_deleted", None, course)


def _owner(course: str, version: int | None = None) -> Owner:
    with the_cloud().store.read() as db:
        found(db, course, version)
    return Owner(g.app_id, course, version)


add_column_routes(courses, "course", found)
add_statement_routes(courses, ["/<course>"], found)
add_setting_routes(courses, ["/<course>", "/<course>/versions/<int:version>"], _owner)
