"""What each kind of event leads to: a table, and the few functions it names.

A handler returns in plain words what came of it. It believes nothing but the id in the body: who it
is about and what has happened is read from our own rows and from the sender.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.accounts import install, trial
from app.enrollments import progress
from app.extensions import db
from app.learners import contact_changes
from app.models import Account, Enrollment, WebhookEvent
from app.models.webhook_event import NOT_OF_INTEREST, NOTHING_NEW

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Handler = Callable[[WebhookEvent], str]


def body_of(event: WebhookEvent) -> dict[str, Any]:
    found = json.loads(event.body)
    return found if isinstance(found, dict) else {}


def registration_changed(event: WebhookEvent) -> str:
    """The event's account can only touch its own registrations: the query sees no others."""
    registration_id = str(body_of(event).get("id", ""))
    enrollment = db.session.scalar(
        select(Enrollment).where(Enrollment.registration_id == registration_id)
    )
    news = enrollment is not None and progress.refresh(enrollment)
    note_postback(event)
    if enrollment is None:
        return "About a registration that is not ours"
    return "Progress recorded" if news else NOTHING_NEW


def note_postback(event: WebhookEvent) -> None:
    """After everything was asked, so that the account is not locked while SCORM Cloud thinks."""
    account = db.session.get(Account, event.account_id)
    if account is not None:
        account.last_postback_at = max(event.created_at, account.last_postback_at or LONG_AGO)


def crm(verb: Callable[[dict[str, Any]], str]) -> Handler:
    return lambda event: verb(body_of(event))


__all__ = ["HANDLERS", "NOT_OF_INTEREST"]

HANDLERS: dict[tuple[str, str], Handler] = {
    ("scorm_cloud", "registration"): registration_changed,
    ("crm", "INSTALL"): crm(install.heard_install),
    ("crm", "UNINSTALL"): crm(install.heard_uninstall),
    ("crm", "PLAN_CHANGE"): crm(trial.heard_plan_change),
    ("crm", "ContactUpdate"): crm(contact_changes.heard_update),
    ("crm", "ContactDelete"): crm(contact_changes.heard_delete),
}
