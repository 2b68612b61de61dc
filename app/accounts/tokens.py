"""The token store: one caller at a time renews a grant, and a new pair is kept before it is used.

A refresh token dies with its first use, so two careless callers could lock a customer out. All
reading and writing of grants for use happens here, on connections of its own, committed at once and
independent of whatever the request or the job is in the middle of.

An answer that was lost on the way is asked for again with the same token: within 30 seconds the CRM
gives the same pair. After that the agency's token is tried first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from app.accounts.grant_lock import only_caller
from app.clients.crm import OutsideError, Token, grant_is_dead
from app.deployment import crm_app
from app.errors import Hold
from app.extensions import db
from app.models import Account, Grant, now

GRACE = timedelta(seconds=25)  # the CRM repeats a lost answer for 30; five are for the way
TRIES = 3  # for an answer that gets lost
ASK_AGAIN = timedelta(seconds=5)  # still inside the grace, after the clock's next sweep
ASLEEP, LATER = timedelta(hours=1), timedelta(minutes=1)

Way = Callable[[Session, Grant], Token | None]


class Reconnect(Hold):
    """The CRM has refused for good, or never agreed: only its consent page helps."""

    def __init__(self) -> None:
        reason = "The CRM connection has to be renewed: choose Reconnect."
        super().__init__(reason, timedelta(minutes=15))


# What everybody else asks for


def access_token(account: Account) -> str:
    """A token that is good now. Hold while the account is asleep or has to be reconnected."""
    if not account.active:
        raise Hold(asleep(account), ASLEEP)
    return _good_token("location", account.location_id)


def asleep(account: Account) -> str:
    """Why nothing goes out for the account."""
    if account.cancelled_at is not None:
        return "The account was cancelled, so nothing is sent outside."
    return "The app is not installed in the CRM at the moment."


def renewed(account: Account, refused: str) -> str:
    """A better token than the one the CRM just refused. Hold if there is none to be had now."""
    return _good_token("location", account.location_id, refused.removeprefix("Bearer "))


def company_token(account: Account, refused: str | None = None) -> str | None:
    """The token of the account's agency, for the few calls that need one; see `agency_token`."""
    return agency_token(account.company_id, refused)


def agency_token(company_id: str | None, refused: str | None = None) -> str | None:
    """A token of the agency that is good now, and a better one than `refused`.

    None if the agency never agreed, or not any more. Hold for trouble that can pass.
    """
    if not company_id:
        return None
    try:
        return _good_token("company", company_id, refused)
    except Reconnect:
        return None


def needs_reconnect(account: Account) -> bool:
    """Whether the CRM has refused this account's access for good."""
    grant = _find(db.session(), "location", account.location_id)
    return grant is not None and grant.refused_at is not None


# What an installation brings


def keep(token: Token, kind: str, subject: str) -> Grant:
    """Stores what an installation gave, in the caller's transaction: nobody can know it yet."""
    grant = _found_or_new(kind, subject)
    grant.company_id = token.company_id or grant.company_id
    _renew(grant, token)
    return grant


def expect(subject: str, company_id: str) -> Grant:
    """A location of an agency-wide installation: its first token will come by the agency's."""
    grant = _found_or_new("location", subject)
    grant.company_id = company_id
    grant.refused_at = grant.refusal = None
    return grant


def _found_or_new(kind: str, subject: str) -> Grant:
    grant = _find(db.session(), kind, subject)
    if grant is None:
        grant = Grant(kind=kind, subject=subject)
        db.session.add(grant)
    return grant


# Renewing


def _good_token(kind: str, subject: str, refused: str | None = None) -> str:
    """The stored token while it lasts, else a new one. `refused` is one that will not do."""
    with Session(db.engine) as rows:
        token = _usable(_find(rows, kind, subject), refused)
    if token is not None:
        return token
    with only_caller(kind, subject) as rows:
        grant = _find(rows, kind, subject)
        token = _usable(grant, refused)  # somebody else may have been faster
        return token or _obtain(rows, grant, refused)  # type: ignore[arg-type]


def _usable(grant: Grant | None, refused: str | None) -> str | None:
    if grant is None or grant.refused_at is not None:
        raise Reconnect()
    return grant.access_token if grant.fresh and grant.access_token != refused else None


def _obtain(rows: Session, grant: Grant, refused: str | None) -> str:
    """A new token by refreshing or through the agency; says on the grant when neither helps."""
    ways: list[Way] = [_by_refreshing, _by_agency]
    asked_at = grant.refresh_started_at
    if asked_at is not None and now() - asked_at > GRACE:
        ways.reverse()  # an answer was lost too long ago for the CRM to repeat it
    try:
        token = next((found for way in ways if (found := way(rows, grant))), None)
    except Hold:
        if grant.access_token != refused and grant.expires_at and grant.expires_at > now():
            return str(grant.access_token)  # it lasts a few minutes more; trouble may pass
        raise
    if not _still_ours(rows, grant):
        return _usable(grant, refused) or _obtain(rows, grant, refused)
    if token is None:
        grant.refuse("The CRM no longer accepts our access.")
        rows.commit()
        raise Reconnect()
    _renew(grant, token)
    rows.commit()
    return token.access_token


def _still_ours(rows: Session, grant: Grant) -> bool:
    """Whether the grant is what it was when the CRM was asked; locks it then, until the commit.

    If not, somebody installed the app anew meanwhile: theirs is newer, and is read.
    """
    same = Grant.id == grant.id, Grant.generation == grant.generation
    untouched = update(Grant).where(*same).values(generation=Grant.generation)
    done = rows.execute(untouched, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)
    if done.rowcount == 1:
        return True
    rows.rollback()
    rows.refresh(grant)
    return False


def _by_refreshing(rows: Session, grant: Grant) -> Token | None:
    """None if the CRM refuses for good. Hold for trouble that can pass."""
    if grant.refresh_token is None:
        return None
    if grant.refresh_started_at is None or now() - grant.refresh_started_at > GRACE:
        grant.refresh_started_at = now()
    rows.commit()
    try:
        return _refresh(grant)
    except OutsideError as error:
        if not error.outcome_unknown:
            grant.refresh_started_at = None
            rows.commit()
        if grant_is_dead(error):
            return None
        raise _hold(error) from error


def _refresh(grant: Grant) -> Token:
    """Asks again at once while an answer gets lost: the same question gets the same answer."""
    assert grant.refresh_token is not None and grant.refresh_started_at is not None
    user_type = "Company" if grant.kind == "company" else "Location"
    tries = TRIES
    while True:
        tries -= 1
        try:
            return crm_app().refresh(grant.refresh_token, user_type=user_type)
        except OutsideError as error:
            late = now() - grant.refresh_started_at > GRACE / 2
            if late or not tries or not error.outcome_unknown:
                raise


def _by_agency(rows: Session, grant: Grant, refused: str | None = None) -> Token | None:
    """None if there is no agency that could help. Hold for trouble that can pass."""
    if grant.kind != "location" or grant.company_id is None:
        return None
    rows.commit()
    agency = agency_token(grant.company_id, refused)
    if agency is None:
        return None
    try:
        return crm_app().location_token(agency, grant.company_id, grant.subject)
    except OutsideError as error:
        if error.is_unauthorised and refused is None:  # the agency's token ended before its time
            return _by_agency(rows, grant, refused=agency)
        survives = error.status in (400, 401) and not grant_is_dead(error)
        if error.can_retry or survives:
            raise _hold(error) from error
        return None


def _hold(error: OutsideError) -> Hold:
    wait = ASK_AGAIN if error.outcome_unknown else LATER
    if error.retry_after:
        wait = timedelta(seconds=error.retry_after)
    return Hold(f"The CRM did not renew our access: {error.reason}", wait)


def _renew(grant: Grant, token: Token) -> None:
    seconds = int((token.expires_at - now()).total_seconds())
    grant.renew(
        token.access_token, token.refresh_token or None, seconds, " ".join(sorted(token.scopes))
    )


def _find(rows: Session, kind: str, subject: str) -> Grant | None:
    return rows.scalar(select(Grant).where(Grant.kind == kind, Grant.subject == subject))
