"""Sessions of admins and the one-time tickets they hand to tabs and downloads."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.extensions import db
from app.models import (
    Account,
    AdminSession,
    OAuthState,
    SeenContext,
    SessionKind,
    Ticket,
    new_id,
    now,
)
from app.models.session import digest

CONFIRMATION_LASTS = timedelta(minutes=15)
KEPT_FOR = timedelta(days=7)
CONTEXT_LASTS = timedelta(minutes=15)
CONTEXTS_KEPT_FOR = timedelta(days=400)  # the shared secret is to be changed every year


def open_session(
    account: Account,
    kind: SessionKind,
    user_id: str,
    user_name: str = "",
    role: str = "",
    embed_origin: str | None = None,
    confirmed_at: datetime | None = None,
    company_id: str | None = None,
) -> tuple[AdminSession, str]:
    """A new session and its token; only the token's digest is kept."""
    token = secrets.token_urlsafe(32)
    session = AdminSession(
        account=account,
        token_digest=digest(token),
        kind=kind,
        user_id=user_id,
        user_name=user_name[:255],
        role=role,
        embed_origin=embed_origin,
        company_id=company_id,
        confirmed_at=confirmed_at,
    )
    db.session.add(session)
    return session, token


def by_token(token: str, kind: SessionKind | None = None) -> AdminSession | None:
    if not token:
        return None
    session = db.session.scalar(
        select(AdminSession).where(AdminSession.token_digest == digest(token))
    )
    return session if session is not None and kind in (None, session.kind) else None


def confirmed_lately(account: Account, user_id: str) -> datetime | None:
    """When the CRM's API last said that this user may enter, if that is not long ago."""
    return db.session.scalar(
        select(func.max(AdminSession.confirmed_at)).where(
            AdminSession.account_id == account.id,
            AdminSession.user_id == user_id,
            AdminSession.confirmed_at > now() - CONFIRMATION_LASTS,
        )
    )


def first_seen(context: str) -> datetime:
    """When this very user context was brought first: now, if never before.

    Remembered whatever becomes of the request, hence in a transaction of its own.
    """
    table, mark = SeenContext.__table__, digest(context)
    with db.engine.begin() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = {"id": new_id(), "created_at": now(), "digest": mark}
        connection.execute(dialect.insert(table).values(row).on_conflict_do_nothing())
        seen = connection.scalar(select(table.c.created_at).where(table.c.digest == mark))
    assert isinstance(seen, datetime)
    return seen


def make_ticket(session: AdminSession, path: str) -> str:
    """A code that opens `path` once, within a minute, as this session."""
    code = secrets.token_urlsafe(24)
    db.session.add(Ticket(session=session, code_digest=digest(code), path=path))
    return code


def by_ticket(code: str, path: str) -> AdminSession | None:
    ticket = db.session.scalar(select(Ticket).where(Ticket.code_digest == digest(code)))
    if ticket is None or not ticket.usable or ticket.path != path:
        return None
    return ticket.session if spend(ticket) else None


def spend(once: Ticket | OAuthState) -> bool:
    """Uses up what may be used once: True for exactly one caller.

    It is spent whatever becomes of the request, hence in a transaction of its own; and no lock is
    held while the request goes on.
    """
    kind = type(once)
    with db.engine.begin() as connection:
        spent = connection.execute(
            update(kind).where(kind.id == once.id, kind.used_at.is_(None)).values(used_at=now())
        )
    return spent.rowcount == 1


def change_at_once(*which: ColumnElement[bool], **values: datetime) -> int:
    """Changes sessions whatever becomes of the request, and says how many it concerned.

    The request may have written nothing yet. What it has read is read anew.
    """
    db.session.rollback()
    with db.engine.begin() as connection:
        return connection.execute(update(AdminSession).where(*which).values(**values)).rowcount


def end_all(account: Account) -> None:
    """Signs everybody of this account out, as on uninstall."""
    db.session.execute(
        update(AdminSession)
        .where(AdminSession.account_id == account.id, AdminSession.ended_at.is_(None))
        .values(ended_at=now())
    )


def forget_old() -> None:
    """Deletes the sessions, their tickets and the consents under way that ended long ago."""
    for kind, kept_for in (
        (AdminSession, KEPT_FOR),
        (OAuthState, KEPT_FOR),
        (SeenContext, CONTEXTS_KEPT_FOR),
    ):
        db.session.execute(delete(kind).where(kind.created_at < now() - kept_for))
