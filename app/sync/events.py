"""What was received from outside, in words: what happened, and which learner it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from sqlalchemy import select

from app.extensions import db
from app.models import Enrollment, Learner, WebhookEvent

TOLD = {
    "registration": "Progress of a learner",
    "INSTALL": "The app was installed",
    "UNINSTALL": "The app was taken out",
    "PLAN_CHANGE": "The plan was changed",
    "ContactCreate": "A contact was made",
    "ContactUpdate": "A contact was changed",
    "ContactDelete": "A contact was deleted",
    "ContactTagUpdate": "A contact's tags were changed",
    "NoteCreate": "A note was written",
    "RecordCreate": "A record was made",
    "RecordUpdate": "A record was changed",
}


def words(kind: str) -> str:
    """What an event says, in words; the CRM has many kinds that nobody here knows."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", kind)
    return TOLD.get(kind) or apart.capitalize()


def about(events: Sequence[WebhookEvent]) -> dict[str, tuple[str | None, str | None]]:
    """The enrolment and the learner that each event names, as far as they are this account's."""
    named = {event.id: _named(event) for event in events}
    ids = set(named.values()) - {""}
    if not ids:
        return {}
    accounts = {event.account_id for event in events}
    found: dict[str, tuple[str | None, str | None]] = {
        row.registration_id: (row.id, row.learner_id)
        for row in db.session.execute(
            select(Enrollment.registration_id, Enrollment.id, Enrollment.learner_id).where(
                Enrollment.account_id.in_(accounts), Enrollment.registration_id.in_(ids)
            )
        )
    }
    contacts = select(Learner.crm_contact_id, Learner.id).where(
        Learner.account_id.in_(accounts), Learner.crm_contact_id.in_(ids)
    )
    found |= {row.crm_contact_id: (None, row.id) for row in db.session.execute(contacts)}
    return {event_id: found[id_] for event_id, id_ in named.items() if id_ in found}


def _named(event: WebhookEvent) -> str:
    """The id of the registration or contact that the event is about; empty if it names none."""
    try:
        body = json.loads(event.body)
    except ValueError:
        return ""
    said = body.get("contactId") or body.get("id") if isinstance(body, dict) else ""
    return said[:255] if isinstance(said, str) else ""
