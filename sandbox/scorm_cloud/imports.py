"""Import jobs: a package arrives, is looked into in the background, becomes a course version.

A job says RUNNING until the work is done and it was asked as often as the setting
``import_polls`` wants. Its id is good for a week after the end. Jobs that a restart interrupted
are taken up again.
"""

import json
import logging
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox import outgoing
from sandbox.clock import iso
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.course_json import course_json, course_row
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.tags import merged

log = logging.getLogger(__name__)

FETCH_LIMIT = 1 << 30
FETCH_TIMEOUT_S = 60.0
KEPT = timedelta(days=7)

_workers = ThreadPoolExecutor(2, thread_name_prefix="import")


class ImportFailedError(Exception):
    """Why an import failed, in a sentence for people."""


def start_import(cloud: Cloud, app: str, request: dict[str, Any]) -> str:
    """Begin an import and give the job id. ``request`` has course, may_create_version, tags,
    postback_url, content_type and one of file (a name in the packages folder) or url.
    ApiError 409 if the course exists and no new version is wanted."""
    job = str(uuid.uuid4())
    with cloud.store.write() as db:
        if not request["may_create_version"] and course_row(db, app, request["course"]):
            raise ApiError(409, f"Course [{request['course']}] already exists")
        db.execute(
            "INSERT INTO import_jobs (id, app, course, request, polls_left) VALUES (?, ?, ?, ?, ?)",
            (job, app, request["course"], json.dumps(request), cloud.knobs["import_polls"]),
        )
        cloud.ledger.applied(db, "import_started", None, request["course"])
    _workers.submit(_run, cloud, job)
    return job


def resume_imports(cloud: Cloud) -> None:
    """Take up what a restart interrupted."""
    with cloud.store.read() as db:
        rows = db.execute("SELECT id FROM import_jobs WHERE finished IS NULL").fetchall()
    for row in rows:
        _workers.submit(_run, cloud, row["id"])


def job_json(cloud: Cloud, app: str, job: str) -> dict[str, Any]:
    """The ImportJob, counting this as one poll; ApiError 404 if there is none."""
    oldest = iso(cloud.clock.now() - KEPT)
    with cloud.store.write() as db:
        row = db.execute(
            "SELECT * FROM import_jobs WHERE id = ? AND app = ?"
            " AND (finished IS NULL OR finished > ?)",
            (job, app, oldest),
        ).fetchone()
        if row is None:
            raise ApiError(404, f"Could not find import job [{job}]")
        if row["polls_left"] > 0:
            db.execute("UPDATE import_jobs SET polls_left = polls_left - 1 WHERE id = ?", (job,))
            return {"jobId": job, "status": "RUNNING"}
        return _outcome(cloud, db, row)


def _outcome(cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    shown = {"jobId": row["id"], "status": row["status"]}
    if row["message"]:
        shown["message"] = row["message"]
    if row["status"] == "COMPLETE":
        course = course_row(db, row["app"], row["course"], row["version"])
        shown["importResult"] = {
            "webPathToCourse": f"/courses/{row['app']}/{row['course']}/{row['version']}",
            "parserWarnings": json.loads(row["warnings"]),
            "courseLanguages": [],
        }
        if course is not None:
            package = cloud.package(row["app"], row["course"], row["version"])
            shown["importResult"]["courseLanguages"] = package.languages
            shown["importResult"]["course"] = course_json(cloud, db, course)
    return shown


def _run(cloud: Cloud, job: str) -> None:
    with cloud.store.read() as db:
        row = db.execute("SELECT * FROM import_jobs WHERE id = ?", (job,)).fetchone()
    if row is None or row["finished"]:
        return
    request = json.loads(row["request"])
    try:
        path = _package_file(cloud, request)
        _publish(cloud, row, request, path)
    except ImportFailedError as error:
        _fail(cloud, row, request, str(error))
    except Exception:
        log.exception("Import %s broke", job)
        _fail(cloud, row, request, "The package could not be processed.")


def _package_file(cloud: Cloud, request: dict[str, Any]) -> Path:
    if request["content_type"] != "application/zip":
        raise ImportFailedError(
            f"The sandbox takes zip packages only, not {request['content_type']}."
        )
    if "file" in request:
        return cloud.folder / str(request["file"])
    path = cloud.new_file()
    try:
        path.write_bytes(outgoing.get(request["url"], FETCH_TIMEOUT_S, FETCH_LIMIT))
    except (OSError, ValueError) as error:
        raise ImportFailedError(f"The package could not be downloaded: {error}") from error
    return path


def _publish(cloud: Cloud, row: sqlite3.Row, request: dict[str, Any], path: Path) -> None:
    from sandbox.scorm_cloud.packages import PackageError, inspect

    try:
        package = inspect(path)
    except PackageError as error:
        raise ImportFailedError(str(error)) from error
    app, course, now = row["app"], row["course"], cloud.now()
    with cloud.store.write() as db:
        if not db.execute("SELECT 1 FROM import_jobs WHERE id = ?", (row["id"],)).fetchone():
            return  # a reset came between
        known = db.execute(
            "SELECT newest FROM courses WHERE app = ? AND id = ?", (app, course)
        ).fetchone()
        if known and not request["may_create_version"]:
            raise ImportFailedError(f"Course [{course}] already exists")
        version = known["newest"] + 1 if known else 0
        db.execute(
            "INSERT INTO courses (app, id, newest) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET newest = excluded.newest",
            (app, course, version),
        )
        _add_tags(db, app, course, request["tags"])
        db.execute(
            "INSERT INTO course_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                app,
                course,
                version,
                package.title,
                package.standard,
                now,
                now,
                json.dumps(package.as_dict()),
                path.name,
            ),
        )
        db.execute(
            "UPDATE import_jobs SET status = 'COMPLETE', message = 'Import Successful',"
            " finished = ?, version = ?, warnings = ? WHERE id = ?",
            (now, version, json.dumps(package.warnings), row["id"]),
        )
        _tell(cloud, db, row, request, "COMPLETE")


def _fail(cloud: Cloud, row: sqlite3.Row, request: dict[str, Any], message: str) -> None:
    with cloud.store.write() as db:
        db.execute(
            "UPDATE import_jobs SET status = 'ERROR', message = ?, finished = ? WHERE id = ?",
            (message, cloud.now(), row["id"]),
        )
        _tell(cloud, db, row, request, "ERROR")
    if "file" in request:
        (cloud.folder / request["file"]).unlink(missing_ok=True)


def _add_tags(db: sqlite3.Connection, app: str, course: str, tags: list[str]) -> None:
    old = db.execute("SELECT tags FROM courses WHERE app = ? AND id = ?", (app, course)).fetchone()
    db.execute(
        "UPDATE courses SET tags = ? WHERE app = ? AND id = ?",
        (merged(old["tags"], tags), app, course),
    )


def _tell(
    cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, request: dict[str, Any], status: str
) -> None:
    """The import's own postback; what SCORM Cloud puts into it is not documented."""
    if request.get("postback_url"):
        message = json.dumps({"jobId": row["id"], "courseId": row["course"], "status": status})
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        cloud.deliveries.enqueue(
            db, "import", request["postback_url"], headers, message.encode(), row["id"]
        )
