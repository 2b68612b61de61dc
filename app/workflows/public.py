"""The addresses that the CRM's workflow builder and its workflows call.

All of them are set in the marketplace's form of our app, together with one static header: the
secret that proves the caller. Nothing is known without it, and nothing is open while none is set.
The location is believed because the CRM itself names it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy import select

from app import audit
from app.clients.reading import mapping, text
from app.errors import CANCELLED, BadInput, Cancelled, NotFound, SignedOut
from app.extensions import db
from app.models import Account, acting_for
from app.workflows import choices, enrolling_contact, subscribing

blueprint = Blueprint("workflows_public", __name__, url_prefix="/api/workflows")
HEADER = "X-Workflow-Secret"
LARGEST = 64 * 1024


@blueprint.before_request
def require_secret() -> None:
    request.max_content_length = LARGEST
    expected = current_app.config["CRM_WORKFLOW_SECRET"].encode()
    given = request.headers.get(HEADER, "").encode()
    if not hmac.compare_digest(given, expected) or not expected:
        raise SignedOut(f"The header {HEADER} is missing or wrong.")


@blueprint.post("/triggers")
def subscription() -> Response:
    """Somebody has saved, changed or removed our trigger in a workflow."""
    body = sent()
    with account_of(body, though_cancelled=True) as account:
        return jsonify(status=subscribing.hear(account, body))


@blueprint.get("/courses")
def courses() -> Response:
    """The options of a field "Course"."""
    with account_of({"extras": request.args}) as account:
        return jsonify(options=choices.courses(account))


@blueprint.post("/courses")
def filters() -> Response:
    """The filters of our triggers, with the courses of the location as they are now."""
    with account_of(sent()) as account:
        return jsonify(filters=choices.filters(account))


@blueprint.post("/actions/enroll/fields")
def fields() -> Response:
    """The form of the action "Enroll in course"."""
    with account_of(sent()) as account:
        return jsonify(inputs=choices.inputs(account))


@blueprint.post("/actions/enroll")
def enroll() -> Response:
    """A workflow has reached the action with one of its contacts."""
    body = sent()
    with account_of(body) as account:
        answer = enrolling_contact.act(account, body)
        if answer["new"]:
            subject, about = answer["courseTitle"], answer["enrollmentId"]
            audit.note(account, enrolling_contact.BY, "enrolled", subject, about)
        return jsonify(answer)


def sent() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadInput("A JSON object is expected.")
    return body


@contextmanager
def account_of(body: dict[str, Any], though_cancelled: bool = False) -> Iterator[Account]:
    """The account of the location that the CRM names; within the block its rows are seen.

    Raises NotFound where the hub is not installed, Cancelled for an account that was cancelled.
    """
    location_id = text(mapping(body.get("extras")).get("locationId"))
    account = db.session.scalar(select(Account).where(Account.location_id == location_id))
    if account is None or account.uninstalled_at is not None:
        raise NotFound("SCORM Hub is not installed in this location.")
    if account.cancelled_at is not None and not though_cancelled:
        raise Cancelled(CANCELLED)
    with acting_for(account.id):
        yield account
        db.session.flush()
