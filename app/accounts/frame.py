"""Signing in inside the CRM's frame: the parent's word, checked, exchanged for our own session.

The user context has no checksum and no time, so it is not enough by itself: the location must have
the app installed and the CRM's API must know the user there. Whatever is wrong, the answer is the
same, so that it tells nothing to a guesser. A context without a location leaves the choice of one
to its user: see picking.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.accounts import confirming, picking, sessions
from app.clients.crm_context import ContextError, UserContext, decrypt_context
from app.deployment import setting
from app.errors import SignedOut
from app.extensions import db
from app.models import Account, AdminSession, SessionKind, now

ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:\d{1,5})?")
UNKNOWN = "The CRM could not confirm who you are for this location."


class Unreadable(SignedOut):
    """What was brought is no user context of the CRM: a guess."""


class Undecided(Exception):
    """The CRM vouches for a user but for no location; `accounts` are open to them, or none is."""

    def __init__(self, accounts: list[Account]) -> None:
        super().__init__(f"{len(accounts)} accounts to choose from")
        self.accounts = accounts


@dataclass(frozen=True)
class Entry:
    """A session in the frame. `picked`: its location is not the one that the CRM's page shows."""

    session: AdminSession
    token: str
    picked: bool


def sign_in(payload: str, origin: str, chosen: str = "") -> Entry:
    """A session for the user whom the CRM's page vouches for. SignedOut if it does not.

    `origin` is the parent's, as the browser reports it: only our own page may then be framed there.
    `chosen` is the location that somebody picked who stands in none; without it they may be
    Undecided. Where the CRM's page names the location, nothing else counts.
    """
    try:
        context = decrypt_context(payload, setting("CRM_SHARED_SECRET"))
    except ContextError:
        raise Unreadable(UNKNOWN) from None
    if not ORIGIN.fullmatch(origin) or is_worn_out(payload):
        raise SignedOut(UNKNOWN)
    if context.location_id:
        account = _installed(context.location_id)
        if not may_frame(origin, account):
            raise SignedOut(UNKNOWN)
        confirmed_at = confirm(context, account)
    else:
        account = _picked(context, origin, chosen)
        confirmed_at = sessions.confirmed_lately(account, context.user_id) or now()
    session, token = sessions.open_session(
        account,
        SessionKind.FRAME,
        context.user_id,
        context.name or context.email,
        context.role,
        origin,
        confirmed_at=confirmed_at,
        company_id=context.company_id or None,
    )
    return Entry(session, token, picked=not context.location_id)


def is_worn_out(payload: str) -> bool:
    """A context counts for 15 minutes after it was first brought, as long as a page may take to be
    loaded again with it: the CRM seals a new one whenever it is asked. One that was captured is
    worth nothing afterwards."""
    return now() - sessions.first_seen(payload) >= sessions.CONTEXT_LASTS


def _installed(location_id: str) -> Account:
    account = db.session.scalar(select(Account).where(Account.location_id == location_id))
    if account is None or account.uninstalled_at is not None:
        raise SignedOut(UNKNOWN)
    return account


def _picked(context: UserContext, origin: str, chosen: str) -> Account:
    """The chosen account, or the only one there is to choose."""
    accounts = [one for one in picking.open_to(context, chosen) if may_frame(origin, one)]
    if chosen and not accounts:
        raise SignedOut(UNKNOWN)
    if len(accounts) != 1:
        raise Undecided(accounts)
    return accounts[0]


def confirm(context: UserContext, account: Account) -> datetime | None:
    """When the CRM's API confirmed the user; None if it cannot be asked just now.

    A user whom the API does not know here, or no longer, is refused.
    """
    lately = sessions.confirmed_lately(account, context.user_id)
    if lately is not None:
        return lately
    answer = confirming.allowed(account, context.user_id, context.company_id)
    if answer is False:
        raise SignedOut(UNKNOWN)
    return now() if answer else None


def origins_for(location_id: str) -> list[str]:
    """Who may frame the empty shell: the CRM's own addresses and this location's white-label ones.

    For a location we do not know any site may: the shell holds nothing.
    """
    account = db.session.scalar(select(Account).where(Account.location_id == location_id))
    return origins_of(account) if account is not None else [*setting("CRM_FRAME_ORIGINS"), "https:"]


def origins_of(account: Account) -> list[str]:
    """The addresses of the CRM that may frame this account's pages."""
    return [*setting("CRM_FRAME_ORIGINS"), *account.frame_origins]


def may_frame(origin: str, account: Account) -> bool:
    """Whether the parent that the browser reported is one of them."""
    return any(pattern(allowed).fullmatch(origin) for allowed in origins_of(account))


def pattern(allowed: str) -> re.Pattern[str]:
    """An origin as a content policy writes it: `*.` stands for one or more names, `:*` for any
    port."""
    text = re.escape(allowed)
    text = text.replace(re.escape("://*."), r"://(?:[a-z0-9-]+\.)+")
    return re.compile(re.sub(r":\\\*$", r"(?::\\d+)?", text))
