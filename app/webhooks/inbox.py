"""The inbox: what the outside sends is stored once, acknowledged, and handled later by a worker."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from app.background import later_by_id, owed
from app.extensions import db
from app.models import WebhookEvent, new_id, now
from app.webhooks import handlers


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
    if db.session.execute(insert_once(row)).rowcount == 0:  # type: ignore[attr-defined]
        return False
    later_by_id(handle, WebhookEvent, row["id"])
    return True


def insert_once(row: dict[str, Any]) -> Any:
    """One INSERT that a second delivery turns into nothing; both databases know it."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    unique = [WebhookEvent.source, WebhookEvent.key]
    return dialect.insert(WebhookEvent).values(**row).on_conflict_do_nothing(index_elements=unique)


def digest(account_id: str | None, body: str) -> str:
    return hashlib.sha256(f"{account_id}\n{body}".encode()).hexdigest()


@owed
def handle(event: WebhookEvent) -> None:
    """Does what the event asks for, once; an unknown kind is noted and left alone."""
    if event.handled_at is None:
        handler = handlers.HANDLERS.get((event.source, event.kind), handlers.ignore)
        event.handled(handler(event))
