"""The token store: one caller at a time renews a grant, and a new pair is kept before it is used.

A refresh token dies with its first use, so two careless callers could lock a customer out. All
reading and writing of grants for use happens here, on connections of its own, committed at once and
independent of whatever the request or the job is in the middle of.

An answer that was lost on the way is asked for again with the same token: within 30 seconds the CRM
gives the same pair. After that the agency's token is tried first.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.clients.crm import OutsideError, Token, grant_is_dead
from app.deployment import crm_app
from app.errors import Hold
from app.extensions import db
from app.models import Account, Grant, now

LONGEST_WAIT = 15  # seconds that a caller waits for another one's renewal
GRACE = timedelta(seconds=25)  # the CRM repeats a lost answer for 30; five are for the way
ASLEEP, RECONNECT = timedelta(hours=1), timedelta(minutes=15)


def access_token(account: Account) -> str:
    """A token that is good now. Hold while the account is asleep or has to be reconnected."""
    if not account.active:
        raise Hold("The app is not installed there at the moment.", ASLEEP)
    return _good_token("location", account.location_id, refused=None)


def renewed(account: Account, refused_authorization: str) -> str | None:
    """A better token than the one the CRM just refused; None if there is none to be had."""
    refused = refused_authorization.removeprefix("Bearer ")
    try:
        return _good_token("location", account.location_id, refused)
    except Hold:
        return None


def company_token(account: Account) -> str | None:
    """The agency's token, for the few calls that need one; None if the agency gave us none."""
    return _agency_token(account.company_id)


def keep(token: Token, kind: str, subject: str) -> Grant:
    """Stores what an installation gave, in the caller's transaction: nobody can know it yet."""
    grant = _find(db.session(), kind, subject)
    if grant is None:
        grant = Grant(kind=kind, subject=subject)
        db.session.add(grant)
    grant.company_id = token.company_id or grant.company_id
    _renew(grant, token)
    return grant


def expect(subject: str, company_id: str) -> Grant:
    """A location of an agency-wide installation: its first token will come by the agency's."""
    grant = _find(db.session(), "location", subject)
    if grant is None:
        grant = Grant(kind="location", subject=subject)
        db.session.add(grant)
    grant.company_id = company_id
    grant.refused_at = grant.refusal = None
    return grant


def needs_reconnect(account: Account) -> bool:
    """Whether the CRM has refused this account's access for good."""
    grant = _find(db.session(), "location", account.location_id)
    return grant is not None and grant.refused_at is not None


def _good_token(kind: str, subject: str, refused: str | None) -> str:
    with Session(db.engine, expire_on_commit=False) as rows:
        grant = _find(rows, kind, subject)
    if _usable(grant, refused):
        return str(grant.access_token)  # type: ignore[union-attr]
    if grant is None or grant.refused_at is not None:
        raise Hold("The CRM connection has to be renewed: choose Reconnect.", RECONNECT)
    with _only_caller(kind, subject) as rows:
        grant = _find(rows, kind, subject)
        if grant is not None and _usable(grant, refused):
            return str(grant.access_token)  # somebody else was faster
        if grant is None or grant.refused_at is not None:
            raise Hold("The CRM connection has to be renewed: choose Reconnect.", RECONNECT)
        return _obtain(rows, grant, refused)


def _usable(grant: Grant | None, refused: str | None) -> bool:
    return grant is not None and grant.fresh and grant.access_token != refused


def _obtain(rows: Session, grant: Grant, refused: str | None) -> str:
    """A new token by refreshing or through the agency; says on the grant when neither helps."""
    ways = [_by_refreshing, _by_agency]
    if grant.refresh_started_at is not None and now() - grant.refresh_started_at > GRACE:
        ways.reverse()  # an answer was lost too long ago for the CRM to repeat it
    try:
        for way in ways:
            if way(rows, grant):
                return str(grant.access_token)
    except Hold:
        if grant.access_token != refused and grant.expires_at and grant.expires_at > now():
            return str(grant.access_token)  # it lasts a few minutes more; trouble may pass
        raise
    grant.refuse("The CRM no longer accepts our access.")
    rows.commit()
    raise Hold("The CRM connection has to be renewed: choose Reconnect.", RECONNECT)


def _by_refreshing(rows: Session, grant: Grant) -> bool:
    """False if the CRM refuses for good. Hold for trouble that can pass."""
    if grant.refresh_token is None:
        return False
    user_type = "Company" if grant.kind == "company" else "Location"
    if grant.refresh_started_at is None or now() - grant.refresh_started_at > GRACE:
        grant.refresh_started_at = now()
        rows.commit()
    while True:
        try:
            token = crm_app().refresh(grant.refresh_token, user_type=user_type)
            break
        except OutsideError as error:
            if error.outcome_unknown and now() - grant.refresh_started_at < GRACE / 2:
                continue  # the answer was lost: the same question gets the same answer
            if not error.outcome_unknown:
                grant.refresh_started_at = None
                rows.commit()
            if grant_is_dead(error):
                return False
            raise _hold(error) from error
    _renew(grant, token)
    rows.commit()
    return True


def _by_agency(rows: Session, grant: Grant) -> bool:
    """False if there is no agency that could help."""
    if grant.kind != "location" or grant.company_id is None:
        return False
    agency = _agency_token(grant.company_id)
    if agency is None:
        return False
    try:
        token = crm_app().location_token(agency, grant.company_id, grant.subject)
    except OutsideError as error:
        if error.can_retry:
            raise _hold(error) from error
        return False
    _renew(grant, token)
    rows.commit()
    return True


def _agency_token(company_id: str | None) -> str | None:
    if not company_id:
        return None
    try:
        return _good_token("company", company_id, refused=None)
    except Hold:
        return None


def _hold(error: OutsideError) -> Hold:
    wait = timedelta(seconds=error.retry_after) if error.retry_after else timedelta(minutes=1)
    return Hold(f"The CRM did not renew our access: {error.reason}", wait)


def _renew(grant: Grant, token: Token) -> None:
    seconds = int((token.expires_at - now()).total_seconds())
    grant.renew(
        token.access_token, token.refresh_token or None, seconds, " ".join(sorted(token.scopes))
    )


def _find(rows: Session, kind: str, subject: str) -> Grant | None:
    return rows.scalar(select(Grant).where(Grant.kind == kind, Grant.subject == subject))


@contextmanager
def _only_caller(kind: str, subject: str) -> Iterator[Session]:
    """One process and thread at a time for a grant; the lock falls free when its holder dies."""
    with db.engine.connect() as connection:
        locked = _sqlite_lock(kind) if _on_sqlite() else _postgres_lock(connection, kind, subject)
        with locked, Session(connection, expire_on_commit=False) as rows:
            yield rows


def _on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


@contextmanager
def _postgres_lock(connection: Connection, kind: str, subject: str) -> Iterator[None]:
    digest = hashlib.sha256(f"{kind}:{subject}".encode()).digest()
    key = {"key": int.from_bytes(digest[:8], signed=True)}
    try:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT - 1}s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        raise _busy() from error
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
        connection.commit()


@contextmanager
def _sqlite_lock(kind: str) -> Iterator[None]:
    """`BEGIN IMMEDIATE` on a file of its own beside the database, which itself stays writable."""
    file = f"{db.engine.url.database}-{kind}-tokens"
    with closing(sqlite3.connect(file, timeout=LONGEST_WAIT, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise _busy() from error
        yield


def _busy() -> Hold:
    return Hold("The CRM connection is being renewed.", timedelta(seconds=5))
