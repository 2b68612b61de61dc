"""The two addresses that other systems call: verify, store, answer; the work comes later.

They never redirect: SCORM Cloud counts a redirect as delivered. What cannot be stored is refused in
the way that makes each sender try again: 503 for SCORM Cloud, 429 for the CRM.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import Flask, current_app
from werkzeug import Response

from app.clients.crm_webhook import signed_by
from app.extensions import db
from app.models import Account
from app.webhooks import facts, inbox, senders
from app.webhooks.front import Address, Call, Front, answer

FORM = "application/x-www-form-urlencoded"


def scorm_cloud(call: Call) -> Response:
    """A postback: form or JSON body, form or Basic credentials. The body is only a hint."""
    form = call.form if call.mimetype == FORM else {}
    user, password = basic_credentials(call) or (
        form.get("userName") or form.get("username", ""),
        form.get("password", ""),
    )
    if not senders.may_post(user, password):
        return answer(401, "Unknown credentials")
    body = form["data"] if "data" in form else call.get_data(as_text=True)
    if not facts.is_name(json_object(body).get("id")):
        return answer(400, "Not a registration")
    inbox.receive("scorm_cloud", "registration", body, user)
    return answer(200, "ok")


def crm(call: Call) -> Response:
    """An event of the CRM, signed over its raw bytes; about any location, or about none we know."""
    raw = call.get_data()
    signature = call.headers.get("X-GHL-Signature", "")
    if not signed_by(current_app.config["CRM_WEBHOOK_PUBLIC_KEYS"], raw, signature):
        return answer(401, "Unknown signature")
    text = raw.decode("utf-8", "replace")
    body = json_object(text)
    if not facts.is_event(body):
        return answer(400, "Not an event")
    if facts.is_ahead(body):
        return answer(401, "Dated ahead of time")
    account = account_of(body.get("locationId") or "")
    key = str(body.get("webhookId") or "")[:80]
    inbox.receive("crm", body["type"][:64], text, account.id if account else None, key)
    return answer(200, "ok")


def account_of(location_id: str) -> Account | None:
    if not location_id:
        return None
    return db.session.query(Account).filter_by(location_id=location_id).one_or_none()


def basic_credentials(call: Call) -> tuple[str, str] | None:
    scheme, _, encoded = call.headers.get("Authorization", "").partition(" ")
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


ADDRESSES = {
    "/api/webhooks/scorm-cloud": Address(scorm_cloud, again=503),
    "/api/webhooks/crm": Address(crm, again=429),
}


def init_app(app: Flask) -> None:
    app.wsgi_app = Front(app, ADDRESSES)  # type: ignore[method-assign]
