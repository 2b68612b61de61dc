"""The single files of a course version: list, read, add, replace, delete.

A changed package is written as a new zip beside the old one, so that a reader of the old one is
not disturbed and a snapshot stays whole.
"""

import posixpath
import zipfile
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import outgoing
from sandbox.scorm_cloud.applications import require_delete
from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.courses import found
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.query import body

assets = Blueprint("assets", __name__, url_prefix="/courses")

FETCH_LIMIT = 1 << 28
FETCH_TIMEOUT_S = 60.0


def both(rule: str) -> Callable[[Callable[..., ResponseReturnValue]], Callable[..., object]]:
    """A route for the newest version and one for a named version; told by the methods of it."""
    method, path = rule.split(" ")

    def add(view: Callable[..., ResponseReturnValue]) -> Callable[..., object]:
        for base in ("/<course>", "/<course>/versions/<int:version>"):
            assets.add_url_rule(base + path, view.__name__, view, methods=[method])
        return view

    return add


@both("GET /asset/list")
def list_assets(course: str, version: int | None = None) -> ResponseReturnValue:
    with zipfile.ZipFile(_zip(course, version)) as archive:
        files = [
            {
                "path": info.filename,
                "size": info.file_size,
                "modified": "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*info.date_time),
            }
            for info in archive.infolist()
            if not info.is_dir()
        ]
    return jsonify(files=files)


@both("GET /asset")
def read_asset(course: str, version: int | None = None) -> ResponseReturnValue:
    path = _path(request.args.get("relativePath"), "relativePath")
    with zipfile.ZipFile(_zip(course, version)) as archive:
        if path not in archive.namelist():
            raise ApiError(404, f"Could not find asset [{path}]")
        return Response(archive.read(path), mimetype="application/octet-stream")


@both("DELETE /asset")
def delete_asset(course: str, version: int | None = None) -> ResponseReturnValue:
    path = _path(request.args.get("relativePath"), "relativePath")
    with the_cloud().store.read() as db:
        require_delete(db)
    with zipfile.ZipFile(_zip(course, version)) as archive:
        if path not in archive.namelist():
            raise ApiError(404, f"Could not find asset [{path}]")
    _rewrite(course, version, path, None)
    return "", 204


@both("POST /asset")
def fetch_asset(course: str, version: int | None = None) -> ResponseReturnValue:
    sent = body()
    destination = _path(sent.get("destination"), "destination")
    try:
        content = outgoing.get(str(sent.get("fetchUrl")), FETCH_TIMEOUT_S, FETCH_LIMIT)
    except (OSError, ValueError) as error:
        raise ApiError(400, f"Bad request: the file could not be downloaded: {error}") from error
    return _add(course, version, destination, content)


@both("POST /asset/upload")
def upload_asset(course: str, version: int | None = None) -> ResponseReturnValue:
    file = request.files.get("file")
    if file is None:
        raise ApiError(400, "Bad request: the part file is required.")
    destination = _path(request.form.get("destination"), "destination")
    return _add(course, version, destination, file.read())


def _add(course: str, version: int | None, path: str, content: bytes) -> ResponseReturnValue:
    policy = (request.args.get("updateAssetPolicy") or "lax").lower()
    if policy not in ("reject", "strict", "lax"):
        raise ApiError(400, f"Bad request: [{policy}] is not a value of updateAssetPolicy.")
    with zipfile.ZipFile(_zip(course, version)) as archive:
        present = path in archive.namelist()
    if present and policy == "reject":
        raise ApiError(400, f"Asset [{path}] already exists")
    if not present and policy == "strict":
        raise ApiError(404, f"Could not find asset [{path}]")
    _rewrite(course, version, path, content)
    return jsonify(filename=posixpath.basename(path), destination=path)


def _zip(course: str, version: int | None) -> Path:
    with the_cloud().store.read() as db:
        row = found(db, course, version)
    return the_cloud().file(g.app_id, course, row["version"])


def _path(path: object, name: str) -> str:
    if not isinstance(path, str) or not path:
        raise ApiError(400, f"Bad request: {name} is required.")
    clean = posixpath.normpath(path.replace("\\", "/")).lstrip("/")
    if clean.startswith("..") or clean == ".":
        raise ApiError(400, f"Bad request: [{path}] is not a path inside the course.")
    return clean


def _rewrite(course: str, version: int | None, path: str, content: bytes | None) -> None:
    """Replace one member (None removes it) and let the version point to the new zip."""
    cloud = the_cloud()
    target = cloud.new_file()
    with (
        zipfile.ZipFile(_zip(course, version)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            if info.filename != path:
                new.writestr(info, old.read(info))
        if content is not None:
            new.writestr(path, content)
    with cloud.store.write() as db:
        row = found(db, course, version)
        db.execute(
            "UPDATE course_versions SET file = ?, updated = ?"
            " WHERE app = ? AND course = ? AND version = ?",
            (target.name, cloud.now(), g.app_id, course, row["version"]),
        )
        cloud.ledger.applied(db, "asset_changed", None, f"{course}/{path}")
