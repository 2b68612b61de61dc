"""The end of an account: cancelled when the customer asks for it, purged when its time has run out.

Cancelling stops everything that goes out and costs money. What is there stays readable: people can
still be shown their certificates, and links say that the course is not available.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import delete, func, or_, select

from app import audit, connections
from app.accounts import sessions
from app.deployment import crm_app, setting
from app.extensions import db
from app.models import (
    Account,
    AdminSession,
    AuditEntry,
    Certificate,
    Course,
    CrmEffect,
    DriftCheck,
    EnrollLink,
    Enrollment,
    FormUse,
    Grant,
    Launch,
    Learner,
    SyncRun,
    TriggerFiring,
    TriggerSubscription,
    WebhookEvent,
    acting_for,
    now,
)
from app.sync import push

# rows that other rows point at come last
OWNED = (
    Certificate, Launch, CrmEffect, SyncRun, TriggerFiring, TriggerSubscription, DriftCheck,
    FormUse, Enrollment, EnrollLink, Learner, Course, AuditEntry, WebhookEvent, AdminSession,
)  # fmt: skip
BATCH = 1000


def cancel(account: Account, by: str) -> None:
    """No sync and no new learners from now on; everybody is signed out. The data stays readable."""
    account.cancel()
    sessions.end_all(account)
    with acting_for(account.id):
        audit.note(account, by, "cancelled", account.name)
        db.session.flush()


def reopen(account: Account) -> bool:
    """Takes the cancellation back; everybody's state is written to the CRM anew. False if there was
    none."""
    if account.cancelled_at is None:
        return False
    account.reopen()
    push.mark_account(account)
    return True


def pays(account: Account) -> bool:
    """Whether the account has a plan in the CRM's marketplace that costs money."""
    return account.live and setting("BILLING") == "marketplace"


def end_plan(account: Account) -> None:
    """Takes the app out of the account's CRM, which ends the plan it pays for there.

    Raises OutsideError or Hold when the CRM cannot be told.
    """
    connections.crm(account).uninstall(crm_app().app_id, "Cancelled as the customer asked")


def to_be_purged(after: timedelta) -> list[Account]:
    """Accounts that were cancelled or uninstalled at least this long ago and still have data."""
    long_ago = now() - after
    question = select(Account).where(
        or_(Account.cancelled_at < long_ago, Account.uninstalled_at < long_ago),
        Account.purged_at.is_(None),
    )
    return list(db.session.scalars(question))


def purge(account: Account) -> Iterator[int]:
    """Deletes what the account had, in batches; yields after each, so that the caller can commit.

    The account's own row stays as a stub: its location may come back, with nothing in it.
    """
    with acting_for(account.id):
        for model in OWNED:
            while gone := _delete_some(account, model):
                yield gone
    for grant in db.session.scalars(
        select(Grant).where(Grant.kind == "location", Grant.subject == account.location_id)
    ):
        db.session.delete(grant)
    account.purge()
    yield 1


def _delete_some(account: Account, model: type) -> int:
    some = select(model.id).where(model.account_id == account.id).limit(BATCH)  # type: ignore[attr-defined]
    ids = list(db.session.scalars(some))
    if ids:
        db.session.execute(delete(model).where(model.id.in_(ids)))  # type: ignore[attr-defined]
    return len(ids)


def counts(account: Account) -> dict[str, int]:
    """How much an account has, for the operator's list."""
    found = {}
    with acting_for(account.id):
        for name, model in (
            ("courses", Course),
            ("learners", Learner),
            ("enrollments", Enrollment),
        ):
            question = select(func.count(model.id)).where(model.account_id == account.id)
            found[name] = db.session.scalar(question) or 0
    return found
