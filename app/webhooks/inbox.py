"""The inbox: what the outside sends is stored once, acknowledged, and handled later by a worker."""

from __future__ import annotations

import hashlib

from app.background import Bell, nudge, owed, ring
from app.extensions import db
from app.models import WebhookEvent, new_id, now
from app.webhooks import handlers, storing

BATCH = 500


def receive(source: str, kind: str, body: str, account_id: str | None, key: str = "") -> None:
    """Stores one event durably, unless it came before; raises SQLAlchemyError if it cannot.

    The key is the sender's own id of the event, or the body's digest. A kind that nothing here
    waits for is kept for the record and owes no work.
    """
    moment = now()
    wanted = (source, kind) in handlers.HANDLERS
    storing.storage.store(
        {
            "id": new_id(),
            "created_at": moment,
            "account_id": account_id,
            "source": source,
            "kind": kind,
            "key": key or digest(account_id, body),
            "body": body,
            "due_at": moment if wanted else None,
            "owed_since": moment if wanted else None,
            "handled_at": None if wanted else moment,
            "outcome": None if wanted else handlers.NOT_OF_INTEREST,
            "attempts": 0,
        }
    )
    if wanted:
        nudge(ring_for_events)


def ring_for_events() -> None:
    """Rings for every event that waits. A burst of postbacks leaves one bell, not one for each."""
    for event_id in db.session.scalars(WebhookEvent.due(BATCH)).all():
        ring(Bell("app.webhooks.inbox.handle", "WebhookEvent", event_id), unique=True)


def digest(account_id: str | None, body: str) -> str:
    return hashlib.sha256(f"{account_id}\n{body}".encode()).hexdigest()


@owed
def handle(event: WebhookEvent) -> None:
    """Does what the event asks for, once."""
    if event.handled_at is None:
        event.handled(handlers.HANDLERS[event.source, event.kind](event))
