"""Where a package arrives when storage is a local folder; the signed address is the permission."""

from __future__ import annotations

import sys

from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy import select

from app import connections
from app.clients.storage_local import (
    LocalStorage,
    UploadIncompleteError,
    UploadRefusedError,
    UploadTooLargeError,
)
from app.errors import BadInput, Refused
from app.extensions import db
from app.models import Course, CourseStatus, across_accounts

blueprint = Blueprint("courses_public", __name__)


@blueprint.put("/uploads/<token>")
def accept(token: str) -> Response:
    """The bare bytes of one package, streamed to the folder: as many as were signed, and once."""
    storage = connections.storage()
    if not isinstance(storage, LocalStorage):
        abort(404)
    request.max_content_length = sys.maxsize  # the signed address carries its own limit
    try:
        if not waits_for(storage.key_of(token)):
            raise UploadRefusedError("nothing waits for it any more")
        storage.accept(token, request.stream)
    except UploadRefusedError as error:
        raise Refused(
            "This upload address has expired or was used. Please choose the file again."
        ) from error
    except UploadIncompleteError as error:
        raise BadInput("The upload broke off. Please upload the package again.") from error
    except UploadTooLargeError as error:
        megabytes = current_app.config["MAX_PACKAGE_MB"]
        raise BadInput(
            f"The file is larger than announced; the limit is {megabytes} MB."
        ) from error
    return jsonify(status="stored")


def waits_for(key: str) -> bool:
    """Whether a course, of any account, still waits for its package to be put there."""
    waiting = select(Course.id).where(
        Course.storage_key == key, Course.status == CourseStatus.UPLOADING
    )
    with across_accounts():
        return db.session.scalar(waiting) is not None
