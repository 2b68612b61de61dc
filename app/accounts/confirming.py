"""Whether the CRM still lets somebody in: asked at sign-in, and every 15 minutes while they work.

Only the CRM's API knows that a user was removed, or may no longer enter this location. While it
cannot be asked, who was in stays in, for two hours at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_

from app import connections
from app.accounts import sessions
from app.clients.crm import OutsideError
from app.errors import Hold
from app.models import Account, AdminSession, now

UNANSWERED_LASTS = timedelta(hours=2)
ASK_AGAIN = timedelta(minutes=1)


def may_stay(session: AdminSession) -> bool:
    """Whether the session's user may go on; asks the CRM when its last word is 15 minutes old.

    Of many requests at once one asks. What the CRM says is kept at once, in transactions of its
    own, whatever becomes of the request. Nothing may be written in the request's own one yet.
    """
    if now() - _last_word(session) < sessions.CONFIRMATION_LASTS:
        return True
    if not _takes_the_question(session):
        return _is_within_patience(session)
    account, user_id, company_id = session.account, session.user_id, session.company_id
    lately = sessions.confirmed_lately(account, user_id)  # by another session of theirs
    if lately is not None:
        return _note_confirmation(session.id, lately)
    answer = allowed(account, user_id, company_id)
    if answer is None:
        return _is_within_patience(session)
    if not answer:
        _end_all_of(account.id, user_id)
        return False
    return _note_confirmation(session.id, now())


def allowed(account: Account, user_id: str, company_id: str | None) -> bool | None:
    """What the CRM's API says of this user here and now; None if it cannot be asked.

    `company_id` is the agency for which the CRM's page has vouched.
    """
    try:
        user = connections.crm(account).user(user_id)
    except Hold:
        return None  # the account has to be reconnected: its people must get in to do so
    except OutsideError as error:
        return False if error.is_gone else None
    of_their_agency = company_id is not None and company_id == account.company_id
    return user.id == user_id and user.may_enter(
        account.location_id, of_their_agency=of_their_agency
    )


def _last_word(session: AdminSession) -> datetime:
    return session.confirmed_at or session.created_at


def _is_within_patience(session: AdminSession) -> bool:
    return now() - _last_word(session) < UNANSWERED_LASTS


def _takes_the_question(session: AdminSession) -> bool:
    """True for the one request that asks; not again for a minute, or an outage would cost every
    request the time that an answer takes."""
    free = or_(AdminSession.asked_at.is_(None), AdminSession.asked_at < now() - ASK_AGAIN)
    return sessions.change_at_once(AdminSession.id == session.id, free, asked_at=now()) == 1


def _note_confirmation(session_id: str, moment: datetime) -> bool:
    return sessions.change_at_once(AdminSession.id == session_id, confirmed_at=moment) == 1


def _end_all_of(account_id: str, user_id: str) -> None:
    theirs = AdminSession.account_id == account_id, AdminSession.user_id == user_id
    sessions.change_at_once(*theirs, AdminSession.ended_at.is_(None), ended_at=now())
