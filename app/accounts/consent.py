"""The CRM's consent: sending somebody to ask for it, and what comes back.

A consent that we asked for brings our `state` back and may sign its person in. One given in the
marketplace brings none: it counts, but nobody is attached to it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select

from app.accounts import sessions
from app.clients.crm import Crm, OutsideError, Token, authorize_url
from app.deployment import crm_app, setting
from app.errors import BadInput
from app.extensions import db
from app.models import OAuthState
from app.models.session import digest

SCOPES = [
    "contacts.readonly",
    "contacts.write",
    "locations.readonly",
    "locations/tags.readonly",
    "locations/tags.write",
    "locations/customFields.readonly",
    "locations/customFields.write",
    "objects/schema.readonly",
    "objects/schema.write",
    "objects/record.readonly",
    "objects/record.write",
    "associations.readonly",
    "associations.write",
    "associations/relation.readonly",
    "associations/relation.write",
    "businesses.readonly",
    "users.readonly",
    "workflows.readonly",
    "conversations.write",
    "conversations/message.write",
    "oauth.readonly",
    "oauth.write",
    "marketplace-installer-details.readonly",
]
OURS = "This connection attempt was not started in this browser, or it is over."


@dataclass(frozen=True)
class Place:
    """A location in which the app is installed now, as the CRM describes it."""

    location_id: str
    name: str = ""
    timezone: str = ""
    frame_domain: str = ""
    plan_id: str = ""
    complete: bool = False  # all was asked, and what is empty is not known to the CRM


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to in the CRM: a token, its places, and who it was, if that is known."""

    token: Token
    places: tuple[Place, ...]
    user_name: str = ""


def start(location_id: str | None = None) -> tuple[str, str]:
    """The authorize page's address and the secret that this browser keeps until it comes back.

    With a `location_id` (reconnecting) only that location will be accepted.
    """
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    db.session.add(
        OAuthState(
            state_digest=digest(state), browser_digest=digest(browser), location_id=location_id
        )
    )
    address = authorize_url(
        setting("CRM_AUTHORIZE_URL"), setting("CRM_CLIENT_ID"), redirect_uri(), SCOPES, state
    )
    return address, browser


def redirect_uri() -> str:
    return str(setting("PUBLIC_URL")) + "/oauth/callback"


def take_state(state: str, browser: str) -> OAuthState:
    """Our own state, back in the browser that left with it, for the first time, in ten minutes."""
    found = db.session.scalar(select(OAuthState).where(OAuthState.state_digest == digest(state)))
    if found is None or not found.usable or not browser:
        raise BadInput(f"{OURS} Please start again.")
    if not hmac.compare_digest(found.browser_digest, digest(browser)):
        raise BadInput(f"{OURS} Please start again.")
    if not sessions.spend(found):
        raise BadInput(f"{OURS} Please start again.")
    return found


def redeem(code: str) -> Consent:
    """Asks the CRM what a code stands for. BadInput if it stands for nothing (any more)."""
    try:
        token = crm_app().exchange_code(code, redirect_uri())
    except OutsideError as error:
        if error.can_retry:
            raise
        raise BadInput(
            "The CRM did not accept this connection attempt. Please start again."
        ) from error
    if token.is_company:
        return Consent(token, tuple(_places_of_company(token)))
    return _consent_of_location(token)


def _places_of_company(token: Token) -> Iterable[Place]:
    for found in crm_app().installed_locations(token.access_token, token.company_id):
        if found.is_installed and found.id:
            yield Place(found.id, found.name)


def _consent_of_location(token: Token) -> Consent:
    crm = Crm(setting("CRM_API_URL"), token.access_token, token.location_id)
    place = look_up(crm)
    try:
        name = crm.user(token.user_id).name if token.user_id else ""
    except OutsideError:
        name = ""
    return Consent(token, (replace(place, plan_id=token.plan_id or place.plan_id),), name)


def look_up(crm: Crm) -> Place:
    """The location's name, zone and white-label domain. What the CRM does not tell stays empty."""
    place = Place(crm.location_id)
    try:
        location = crm.location()
        place = replace(place, name=location.name, timezone=location.timezone)
        installer = crm.installer_details(crm_app().app_id)
        place = replace(place, frame_domain=installer.white_label_domain, plan_id=installer.plan_id)
    except OutsideError as error:  # the installation stands without; a later look fills the gaps
        return replace(place, complete=bool(place.name) and not error.can_retry)
    return replace(place, complete=True)
