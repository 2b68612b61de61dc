"""Signing in inside the CRM's frame: the parent's word, checked, exchanged for our own session.

The user context has no checksum and no time, so it is not enough by itself: the location must have
the app installed and the CRM's API must know the user there. Whatever is wrong, the answer is the
same, so that it tells nothing to a guesser.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import select

from app import connections
from app.accounts import sessions
from app.clients.crm import OutsideError, User
from app.clients.crm_context import ContextError, UserContext, decrypt_context
from app.deployment import setting
from app.errors import Hold, SignedOut
from app.extensions import db
from app.models import Account, AdminSession, SessionKind, now

CONFIRMATION_LASTS = timedelta(minutes=15)
ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:\d{1,5})?")
UNKNOWN = "The CRM could not confirm who you are for this location."


def sign_in(payload: str, origin: str) -> tuple[AdminSession, str]:
    """A session for the user whom the CRM's page vouches for, and its token. SignedOut if not.

    `origin` is the parent's, as the browser reports it: only our own page may then be framed there.
    """
    try:
        context = decrypt_context(payload, setting("CRM_SHARED_SECRET"))
    except ContextError:
        raise SignedOut(UNKNOWN) from None
    account = db.session.scalar(select(Account).where(Account.location_id == context.location_id))
    if account is None or account.uninstalled_at is not None or not ORIGIN.fullmatch(origin):
        raise SignedOut(UNKNOWN)
    return sessions.open_session(
        account,
        SessionKind.FRAME,
        context.user_id,
        context.name or context.email,
        context.role,
        origin,
        confirmed_at=confirm(context, account),
    )


def confirm(context: UserContext, account: Account) -> datetime | None:
    """When the CRM's API confirmed the user; None if it cannot be asked just now.

    A user whom the API does not know here, or no longer, is refused.
    """
    lately = _confirmed_lately(context.user_id, account)
    if lately is not None:
        return lately
    try:
        user = connections.crm(account).user(context.user_id)
    except Hold:
        return None  # the account has to be reconnected: its people must get in to do so
    except OutsideError as error:
        if error.is_gone:
            raise SignedOut(UNKNOWN) from None
        return None
    if not _belongs(user, context, account):
        raise SignedOut(UNKNOWN)
    return now()


def _belongs(user: User, context: UserContext, account: Account) -> bool:
    if user.deleted or user.id != context.user_id:
        return False
    if account.location_id in user.location_ids:
        return True
    restricted = bool(user.location_ids)
    return user.kind == "agency" and not restricted and context.company_id == account.company_id


def _confirmed_lately(user_id: str, account: Account) -> datetime | None:
    return db.session.scalar(
        select(AdminSession.confirmed_at)
        .where(
            AdminSession.account_id == account.id,
            AdminSession.user_id == user_id,
            AdminSession.confirmed_at > now() - CONFIRMATION_LASTS,
        )
        .limit(1)
    )


def origins_for(location_id: str) -> list[str]:
    """Who may frame the empty shell: the CRM's own addresses and this location's white-label ones.

    For a location we do not know any site may: the shell holds nothing.
    """
    known: list[str] = list(setting("CRM_FRAME_ORIGINS"))
    account = db.session.scalar(select(Account).where(Account.location_id == location_id))
    return known + (account.frame_origins if account is not None else ["https:"])
