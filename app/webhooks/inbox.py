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

    The key is the sender's own id of the event, or the body's digest.
    """
    moment = now()
    storing.storage.store(
        {
            "id": new_id(),
            "created_at": moment,
            "account_id": account_id,
            "source": source,
            "kind": kind,
            "key": key or digest(account_id, body),
            "body": body,
            "due_at": moment,
            "owed_since": moment,
            "attempts": 0,
        }
    )
    nudge(ring_for_events)


def ring_for_events() -> None:
    """Rings for every event that waits. A burst of postbacks leaves one bell, not one for each."""
    for event_id in db.session.scalars(WebhookEvent.due(BATCH)).all():
        ring(Bell("app.webhooks.inbox.handle", "WebhookEvent", event_id), unique=True)


def digest(account_id: str | None, body: str) -> str:
    return hashlib.sha256(f"{account_id}\n{body}".encode()).hexdigest()


@owed
def handle(event: WebhookEvent) -> None:
    """Does what the event asks for, once; an unknown kind is noted and left alone."""
    if event.handled_at is None:
        handler = handlers.HANDLERS.get((event.source, event.kind), handlers.ignore)
        event.handled(handler(event))
