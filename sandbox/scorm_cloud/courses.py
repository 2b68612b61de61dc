"""The course calls: import, list, show, rename, delete, versions, preview, configuration."""

import json
import sqlite3
from typing import Any

from flask import Blueprint, g, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.applications import require_delete
from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.configuration import add_setting_routes
from sandbox.scorm_cloud.course_json import COLUMNS, TABLES, course_json, course_row
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.imports import job_json, start_import
from sandbox.scorm_cloud.launches import link_answer
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.paging import Listing, read_page
from sandbox.scorm_cloud.query import body, check_dates, flag, identifier, moment, words
from sandbox.scorm_cloud.settings import Owner, forget_owner
from sandbox.scorm_cloud.tags import add_tag_routes

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


@courses.post("/importJobs/upload")
def upload() -> ResponseReturnValue:
    wanted = _import_request()
    wanted["content_type"] = request.headers.get("uploadedContentType", "application/zip")
    file = request.files.get("file")
    if file is None:
        raise ApiError(400, "Bad request: the part file is required.")
    path = the_cloud().new_file()
    file.save(path)
    try:
        job = start_import(the_cloud(), g.app_id, {**wanted, "file": path.name})
    except ApiError:
        path.unlink()
        raise
    return jsonify(result=job)


@courses.post("/importJobs")
def fetch() -> ResponseReturnValue:
    return jsonify(result=_fetch(body()))


@courses.post("/importJobs/noUpload")
def no_upload() -> ResponseReturnValue:
    sent = body()
    for reference in ("mediaFileReferenceRequest", "connectorReferenceRequest"):
        if sent.get(reference):
            raise ApiError(400, f"Bad request: the sandbox does not know {reference}.")
    fetch_request = sent.get("fetchRequest")
    if not isinstance(fetch_request, dict):
        raise ApiError(400, "Bad request: fetchRequest is required.")
    return jsonify(result=_fetch(fetch_request))


@courses.get("/importJobs/<job>")
def import_status(job: str) -> ResponseReturnValue:
    return jsonify(job_json(the_cloud(), g.app_id, job))


@courses.get("")
def list_courses() -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.read() as db:
        page = read_page(cloud, db, LISTING, g.app_id, (g.app_id,))
        answer, headers = page.answer(
            "courses", [_shown(cloud, db, row, page.args) for row in page.rows]
        )
    return jsonify(answer), headers


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
        db.execute(
            "DELETE FROM course_versions WHERE app = ? AND course = ? AND version = ?",
            (g.app_id, course, version),
        )
        forget_owner(db, Owner(g.app_id, course, version))
        newest = db.execute(
            "SELECT max(version) FROM course_versions WHERE app = ? AND course = ?",
            (g.app_id, course),
        ).fetchone()[0]
        if newest is None:
            _delete(cloud, db, course)
        else:
            db.execute(
                "UPDATE courses SET newest = ? WHERE app = ? AND id = ?",
                (newest, g.app_id, course),
            )
            cloud.ledger.applied(db, "course_version_deleted", None, f"{course}/{version}")
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


@courses.get("/<course>/xAPIStatements")
def statements(course: str) -> ResponseReturnValue:
    """None ever: SCORM content makes no xAPI statements, and only SCORM content can be imported."""
    with the_cloud().store.read() as db:
        found(db, course)
    check_dates(request.args)
    return jsonify(statements=[])


def found(db: sqlite3.Connection, course: str, version: int | None = None) -> sqlite3.Row:
    """The caller's course; ApiError 404 if there is none."""
    row = course_row(db, g.app_id, course, version)
    if row is None:
        raise ApiError(404, f"Could not find course [{course}]")
    return row


def _shown(cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, args: Any) -> dict[str, Any]:
    return course_json(
        cloud,
        db,
        row,
        count_registrations=flag(args, "includeRegistrationCount"),
        metadata=flag(args, "includeCourseMetadata"),
    )


def _import_request() -> dict[str, Any]:
    return {
        "course": identifier(request.args.get("courseId"), "courseId"),
        "may_create_version": flag(request.args, "mayCreateNewVersion"),
        "postback_url": request.args.get("postbackUrl"),
        "tags": words(request.args, "tags"),
    }


def _fetch(sent: dict[str, Any]) -> str:
    url = sent.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ApiError(400, "Bad request: url is required and must be an http address.")
    kind = sent.get("contentType") or "application/zip"
    wanted = {**_import_request(), "url": url, "content_type": kind}
    return start_import(the_cloud(), g.app_id, wanted)


def _delete(cloud: Cloud, db: sqlite3.Connection, course: str) -> None:
    """The course with its versions, registrations, launches and settings."""
    for row in db.execute(
        "SELECT id FROM registrations WHERE app = ? AND course = ?", (g.app_id, course)
    ).fetchall():
        forget_owner(db, Owner(g.app_id, registration=row["id"]))
    forget_owner(db, Owner(g.app_id, course))
    db.execute("DELETE FROM courses WHERE app = ? AND id = ?", (g.app_id, course))
    cloud.ledger.applied(db, "course_deleted", None, course)


def _read_tags(db: sqlite3.Connection, app: str, course: str) -> list[str]:
    return list(json.loads(found(db, course)["tags"]))


def _write_tags(db: sqlite3.Connection, app: str, course: str, tags: list[str]) -> None:
    db.execute(
        "UPDATE courses SET tags = ? WHERE app = ? AND id = ?", (json.dumps(tags), app, course)
    )


def _owner(course: str, version: int | None = None) -> Owner:
    with the_cloud().store.read() as db:
        found(db, course, version)
    return Owner(g.app_id, course, version)


add_tag_routes(courses, "course", _read_tags, _write_tags)
add_setting_routes(courses, ["/<course>", "/<course>/versions/<int:version>"], _owner)
