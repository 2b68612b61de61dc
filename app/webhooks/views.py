"""The two addresses that other systems call: verify, store, answer; the work comes later.

They never redirect: SCORM Cloud counts a redirect as delivered. What cannot be stored is refused in
the way that makes each sender try again: 503 for SCORM Cloud, 429 for the CRM.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import InternalServerError

from app.clients.crm_webhook import signed_by
from app.extensions import db
from app.models import Account
from app.webhooks import inbox, senders

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/webhooks")
LARGEST = 256 * 1024
FORM = "application/x-www-form-urlencoded"
RETRY_STATUS = {"webhooks.scorm_cloud": 503, "webhooks.crm": 429}


@blueprint.before_request
def limit_size() -> None:
    request.max_content_length = LARGEST


@blueprint.post("/scorm-cloud")
def scorm_cloud() -> Response:
    """A postback: form or JSON body, form or Basic credentials. The body is only a hint."""
    form = request.form if request.mimetype == FORM else {}
    user, password = basic_credentials() or (
        form.get("userName") or form.get("username", ""),
        form.get("password", ""),
    )
    if not senders.may_post(user, password):
        return answer(401, "Unknown credentials")
    body = form["data"] if "data" in form else request.get_data(as_text=True)
    if "id" not in json_object(body):
        return answer(400, "Not a registration")
    inbox.receive("scorm_cloud", "registration", body, user)
    return answer(200, "ok")


@blueprint.post("/crm")
def crm() -> Response:
    """An event of the CRM, signed over its raw bytes; about any location, or about none we know."""
    raw = request.get_data(cache=True)
    signature = request.headers.get("X-GHL-Signature", "")
    if not signed_by(current_app.config["CRM_WEBHOOK_PUBLIC_KEYS"], raw, signature):
        return answer(401, "Unknown signature")
    body = json_object(raw.decode("utf-8", "replace"))
    if "type" not in body:
        return answer(400, "Not an event")
    account = account_of(str(body.get("locationId") or ""))
    key = str(body.get("webhookId") or "")[:80]
    text = raw.decode("utf-8", "replace")
    inbox.receive("crm", str(body["type"])[:64], text, account.id if account else None, key)
    return answer(200, "ok")


def account_of(location_id: str) -> Account | None:
    if not location_id:
        return None
    return db.session.query(Account).filter_by(location_id=location_id).one_or_none()


def basic_credentials() -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return user, password


def json_object(text: str) -> dict[str, Any]:
    try:
        found = current_app.json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def answer(status: int, word: str) -> Response:
    return Response(f'{{"status": "{word}"}}\n', status, mimetype="application/json")


@blueprint.errorhandler(SQLAlchemyError)
@blueprint.errorhandler(InternalServerError)
def cannot_store(error: Exception) -> Response:
    current_app.logger.warning("a webhook could not be stored: %s", type(error).__name__)
    db.session.rollback()
    response = answer(RETRY_STATUS.get(request.endpoint or "", 503), "Please send it again")
    response.headers["Retry-After"] = "10"
    return response
