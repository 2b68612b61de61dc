"""Webhooks: what the CRM tells the app about, signed, to one address for all locations.

A location is only told about while the app is installed there. A message is kept with the change
it tells about, so neither exists without the other. Echoes of the app's own writes are sent too,
as in life.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.crm import grants
from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import Doc
from sandbox.crm.grants import Grant
from sandbox.crm.identities import APP_ID, COMPANY, COMPANY_NAME, VERSION_ID
from sandbox.crm.signing import forged
from sandbox.deliveries import Kind

USER_AGENT = "SandboxCRM-Webhooks/1.0"
_RETRIES = 12
_CONTACT_FIELDS = [
    "address1",
    "assignedTo",
    "city",
    "companyName",
    "country",
    "customFields",
    "dateAdded",
    "dateOfBirth",
    "dnd",
    "email",
    "firstName",
    "id",
    "lastName",
    "name",
    "phone",
    "postalCode",
    "source",
    "state",
    "tags",
    "website",
]


def _gap(attempts: int) -> float | None:
    """Twelve retries with doubling gaps: 10 s, 20 s, … at most an hour."""
    return min(10.0 * 2 ** (attempts - 1), 3600.0) if attempts <= _RETRIES else None


KIND = Kind("webhook", "webhooks", delivered=lambda status: 200 <= status < 300, gap=_gap)


def send(
    crm: Crm,
    db: sqlite3.Connection,
    event: str,
    location: str,
    fields: Mapping[str, Any],
    forge: bool = False,
) -> str | None:
    """Owe the app one event or a forgery of one; its webhook id, None while webhooks are off."""
    if crm.faults.get()["webhooks"]["off"]:
        return None
    webhook_id = secrets.token_hex(16)
    message = {
        **fields,
        **({"locationId": location} if location else {}),
        "type": event,  # some definitions have a type of their own; the event's is what counts
        "appId": APP_ID,
        "versionId": VERSION_ID,
        "timestamp": crm.now(),
        "webhookId": webhook_id,
    }
    body = json.dumps(message, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-GHL-Signature": forged(body) if forge else crm.signing_key.sign(body),
        "X-WH-Signature": "N/A",  # the older signature has ended
        "deliveryId": secrets.token_hex(12),
    }
    target = f"{crm.hub_url}/api/webhooks/crm"
    crm.deliveries.enqueue(db, KIND.name, target, headers, body, order_key=location or COMPANY)
    return webhook_id


def tell(
    crm: Crm, db: sqlite3.Connection, event: str, location: str, fields: Mapping[str, Any]
) -> None:
    """Send an event of a location if the app is installed there."""
    if grants.installation(db, location):
        send(crm, db, event, location, fields)


def installed(crm: Crm, db: sqlite3.Connection, grant: Grant, location: str) -> None:
    """INSTALL of one location, or of the agency (no location)."""
    row = grants.installation(db, location)
    fields: Doc = {
        "installType": "Location" if location else "Company",
        "companyId": COMPANY,
        "userId": grant.user,
        "planId": row["plan_id"] if row else None,
        "trial": {"onTrial": False},
        "companyName": COMPANY_NAME,
        **white_label(crm),
    }
    send(crm, db, "INSTALL", location, fields)


def joined(crm: Crm, db: sqlite3.Connection, location: str) -> None:
    """INSTALL of a location that was opened after its agency's: it names no agency and no user."""
    send(crm, db, "INSTALL", location, {"installType": "Location", **white_label(crm)})


def uninstalled(crm: Crm, db: sqlite3.Connection, location: str) -> None:
    send(crm, db, "UNINSTALL", location, {} if location else {"companyId": COMPANY})


def plan_changed(
    crm: Crm, db: sqlite3.Connection, location: str, user: str, old: str, new: str
) -> None:
    fields = {"companyId": COMPANY, "userId": user, "currentPlanId": old, "newPlanId": new}
    send(crm, db, "PLAN_CHANGE", location, fields)


def white_label(crm: Crm) -> Doc:
    """The agency's own address for the CRM."""
    return {
        "isWhitelabelCompany": True,
        "whitelabelDetails": {
            "domain": urlsplit(crm.agency_url).netloc,
            "logoUrl": f"{crm.agency_url}/desktop/logo.svg",
        },
    }


def contact_fields(contact: Doc) -> Doc:
    """A contact as the contact events carry it."""
    return {name: contact[name] for name in _CONTACT_FIELDS if contact.get(name) is not None}


def note_fields(note: Doc) -> Doc:
    return {name: note[name] for name in ("id", "body", "contactId", "dateAdded")}


def record_fields(record: Doc) -> Doc:
    properties = [
        {"key": key, "valueString": value if isinstance(value, str) else json.dumps(value)}
        for key, value in record["properties"].items()
    ]
    return {
        "id": record["id"],
        "objectKey": record["objectKey"],
        "owners": record["owners"],
        "followers": record["followers"],
        "properties": properties,
    }
