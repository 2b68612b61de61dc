"""Which accounts are open to somebody who stands in no location, as in the agency's view.

The CRM's page then vouches for a user and an agency only. Everything else is asked of its API: who
this user is, and which locations that person may enter. Whoever cannot be confirmed enters nothing.
"""

from __future__ import annotations

from sqlalchemy import func, select

from app import connections
from app.accounts import sessions
from app.clients.crm import OutsideError, User
from app.clients.crm_context import ID, UserContext
from app.errors import Hold, Unavailable
from app.extensions import db
from app.models import Account, AdminSession

LOCATIONS_ASKED = 30  # a location's token knows its own people and those of the agency
LATER = (
    "The CRM cannot say just now which locations are open to you. Try again in a minute, or open "
    "SCORM Hub inside the location itself."
)


def open_to(context: UserContext, chosen: str = "") -> list[Account]:
    """The installed accounts that this user may enter, by name; with `chosen`, at most that one.

    A location of another agency, one without the app and one that is closed to the user are left
    out alike. Unavailable while the CRM cannot be asked.
    """
    accounts = _installed(context.company_id, chosen)
    if chosen and accounts and sessions.confirmed_lately(accounts[0], context.user_id):
        return accounts
    user = _known(context.user_id, accounts) if accounts else None
    if user is None or user.id != context.user_id:
        return []
    return [one for one in accounts if user.may_enter(one.location_id, of_their_agency=True)]


def _installed(company_id: str, chosen: str) -> list[Account]:
    """The agency's accounts; with `chosen`, that one alone."""
    question = select(Account).where(
        Account.company_id == company_id, Account.uninstalled_at.is_(None)
    )
    if chosen:
        question = question.where(Account.location_id == (chosen if ID.fullmatch(chosen) else ""))
    return list(
        db.session.scalars(question.order_by(func.lower(Account.name), Account.location_id))
    )


def _known(user_id: str, accounts: list[Account]) -> User | None:
    """The user as the CRM's API knows them now; None if it does not, or no longer."""
    try:
        agency = connections.company_crm(accounts[0])
        if agency is not None:
            return agency.user(user_id)
    except Hold:
        pass
    except OutsideError as error:
        if error.is_gone:
            return None
        _give_up_if_it_may_pass(error)
    return _known_to_a_location(user_id, accounts)


def _known_to_a_location(user_id: str, accounts: list[Account]) -> User | None:
    """What the first location says that knows the user."""
    silent = False
    for account in _likeliest_first(user_id, accounts)[:LOCATIONS_ASKED]:
        try:
            return connections.crm(account).user(user_id)
        except Hold:
            silent = True
        except OutsideError as error:
            _give_up_if_it_may_pass(error)
            silent = silent or not error.is_gone
    if silent:
        raise Unavailable(LATER)
    return None


def _likeliest_first(user_id: str, accounts: list[Account]) -> list[Account]:
    """The user's own before the others: where they have been before."""
    known = select(AdminSession.account_id).where(AdminSession.user_id == user_id).distinct()
    visited = set(db.session.scalars(known))
    return sorted(accounts, key=lambda one: one.id not in visited)


def _give_up_if_it_may_pass(error: OutsideError) -> None:
    if error.can_retry:
        raise Unavailable(LATER) from error
