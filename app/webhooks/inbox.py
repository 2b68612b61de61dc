"""The inbox: what the outside sends is stored once, acknowledged, and handled later by a worker."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from app.background import Bell, nudge, owed, ring
from app.extensions import db
from app.models import WebhookEvent, new_id, now
from app.webhooks import handlers

BATCH = 500


def receive(source: str, kind: str, body: str, account_id: str | None, key: str = "") -> bool:
    """Stores one event; False if it came before. The key is the sender's own, or the body's digest."""
    moment = now()
    row = {
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
    stored = db.session.connection().execute(insert_once(db.engine.dialect.name), row)
    if stored.rowcount == 0:
        return False
    nudge(ring_for_events)
    return True


@cache
def insert_once(dialect_name: str) -> Any:
    """One INSERT that a second delivery turns into nothing; both databases know it."""
    dialect = postgresql if dialect_name == "postgresql" else sqlite
    table = WebhookEvent.__table__
    return dialect.insert(table).on_conflict_do_nothing(index_elements=["source", "key"])


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
