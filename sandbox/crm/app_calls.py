"""What the CRM posts to an app's own addresses beside webhooks: trigger subscriptions and actions.

A user who saves, edits or removes the app's trigger in a workflow causes the first; a workflow
that reaches the app's action causes the second. Both carry the static headers set for the app.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import Doc
from sandbox.crm.identities import COMPANY
from sandbox.crm.ids import new_hex_id, new_id
from sandbox.deliveries import Kind

KIND = Kind(
    "app_call", "webhooks", delivered=lambda status: 200 <= status < 300, gap=lambda n: None
)
EVENTS = ("CREATED", "UPDATED", "DELETED")


def subscribe(crm: Crm, db: sqlite3.Connection, location: str, asked: Mapping[str, Any]) -> Doc:
    """Tell the app that its trigger ``key`` is used in a workflow; what was sent about it."""
    trigger = {
        "id": str(asked.get("id") or new_id()),
        "key": str(asked["key"]),
        "filters": asked.get("filters", []),
        "eventType": asked.get("eventType", "CREATED"),
        "targetUrl": f"{crm.crm_url}/workflows-marketplace/triggers/execute/{new_id()}/{new_id()}",
    }
    extras = {"locationId": location, "workflowId": new_hex_id(), "companyId": COMPANY}
    message = {"triggerData": trigger, "meta": _meta(trigger["key"]), "extras": extras}
    _post(crm, db, location, asked, message)
    return trigger


def act(crm: Crm, db: sqlite3.Connection, location: str, asked: Mapping[str, Any]) -> Doc:
    """Run the app's action ``key`` for a contact, as a workflow would; what was sent."""
    extras = {
        "locationId": location,
        "contactId": asked.get("contact"),
        "workflowId": new_hex_id(),
    }
    message = {"data": asked.get("data", {}), "extras": extras, "meta": _meta(str(asked["key"]))}
    _post(crm, db, location, asked, message)
    return message


def _meta(key: str) -> Doc:
    return {"key": key, "version": "1.0"}


def _post(
    crm: Crm, db: sqlite3.Connection, location: str, asked: Mapping[str, Any], message: Doc
) -> None:
    headers = {"Content-Type": "application/json", **asked.get("headers", {})}
    body = json.dumps(message, ensure_ascii=False).encode()
    crm.deliveries.enqueue(db, KIND.name, str(asked["url"]), headers, body, order_key=location)
