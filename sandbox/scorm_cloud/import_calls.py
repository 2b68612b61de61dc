"""The import calls: a package comes along or is fetched, and a job says how it went."""

from typing import Any

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.imports import job_json, start_import
from sandbox.scorm_cloud.query import body, flag, identifier, words

import_calls = Blueprint("import_calls", __name__, url_prefix="/courses/importJobs")


@import_calls.post("/upload")
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


@import_calls.post("")
def fetch() -> ResponseReturnValue:
    return jsonify(result=_fetch(body()))


@import_calls.post("/noUpload")
def no_upload() -> ResponseReturnValue:
    sent = body()
    for reference in ("mediaFileReferenceRequest", "connectorReferenceRequest"):
        if sent.get(reference):
            raise ApiError(400, f"Bad request: the sandbox does not know {reference}.")
    fetch_request = sent.get("fetchRequest")
    if not isinstance(fetch_request, dict):
        raise ApiError(400, "Bad request: fetchRequest is required.")
    return jsonify(result=_fetch(fetch_request))


@import_calls.get("/<job>")
def import_status(job: str) -> ResponseReturnValue:
    return jsonify(job_json(the_cloud(), g.app_id, job))


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
