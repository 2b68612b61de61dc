"""Installing: from the CRM's consent to accounts, one per location, and back.

An installation that we started brings our `state` back and may sign its person in. One that was
started in the marketplace brings none: what it grants is stored, and nobody is attached to it.
Asking the CRM comes first and writing after, so that no lock is held over a call.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app import audit, connections
from app.accounts import sessions, tokens
from app.background import later
from app.clients.crm import Crm, OutsideError, Token, authorize_url
from app.deployment import crm_app, setting
from app.errors import BadInput
from app.extensions import db
from app.models import Account, Grant, OAuthState, acting_for, now
from app.models.session import digest
from app.sync import push

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
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
OURS = "This connection attempt was not started in this browser, or it is over."


@dataclass(frozen=True)
class Place:
    """A location in which the app is installed now, as the CRM describes it."""

    location_id: str
    name: str = ""
    timezone: str = ""
    frame_domain: str = ""
    plan_id: str = ""


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to in the CRM: a token, its places, and who it was, if that is known."""

    token: Token
    places: tuple[Place, ...]
    user_name: str = ""


# Starting, and coming back


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
    except OutsideError:
        pass  # the installation stands without; the next look fills the gaps
    return place


# Writing it down


def install(consent: Consent, by: str = "") -> list[Account]:
    """One account per place, new or revived with everything it had; returns them.

    An agency-wide consent gives each location access by the agency's token.
    """
    token = consent.token
    if token.is_company:
        if not token.company_id:
            raise BadInput("The CRM did not say for which account this is. Please start again.")
        tokens.keep(token, "company", token.company_id)
    accounts = []
    for place in consent.places:
        if token.is_company:
            tokens.expect(place.location_id, token.company_id)
        else:
            tokens.keep(token, "location", place.location_id)
        accounts.append(_settle_in(place, token.company_id, by or "the CRM"))
    return accounts


def _settle_in(place: Place, company_id: str, by: str) -> Account:
    account = db.session.scalar(select(Account).where(Account.location_id == place.location_id))
    returning = account is not None
    if account is None:
        account = Account(location_id=place.location_id)
        db.session.add(account)
    account.company_id = company_id or account.company_id
    describe(account, place)
    account.revive()
    db.session.flush()
    with acting_for(account.id):
        audit.note(account, by, "reconnected" if returning else "installed", account.name)
        if returning:
            push.mark_account(account)  # what waited is written now
        db.session.flush()
    if not place.timezone:
        later(refresh_details, account)
    return account


def describe(account: Account, place: Place) -> None:
    """Takes over what is known of the place; what is not known never erases what was."""
    account.name = place.name[:255] or account.name or ""
    account.timezone = place.timezone[:64] or account.timezone or "UTC"
    account.plan_id = place.plan_id or account.plan_id
    allow_frame(account, place.frame_domain)


def allow_frame(account: Account, domain: str) -> None:
    """The agency's own address of the CRM may frame the hub for this account."""
    host = domain.strip().casefold().removeprefix("https://").rstrip("/")
    origin = f"https://{host}"
    if DOMAIN.fullmatch(host) and origin not in (account.frame_origins or []):
        account.frame_origins = [*(account.frame_origins or []), origin]


def refresh_details(account: Account) -> None:
    """Fills in name, zone and white-label domain, which an agency-wide consent does not bring."""
    describe(account, look_up(connections.crm(account)))


# What the CRM tells later


def heard_install(body: dict[str, Any]) -> str:
    """An INSTALL event. It brings no token: only an agency's earlier consent can use it."""
    location_id, company_id = str(body.get("locationId") or ""), str(body.get("companyId") or "")
    label = body.get("whitelabelDetails")
    domain = str(label.get("domain") or "") if isinstance(label, dict) else ""
    if not location_id:
        for each in _of_company(company_id):
            allow_frame(each, domain)
        return "noted for the agency's locations"
    account = db.session.scalar(select(Account).where(Account.location_id == location_id))
    if account is None or account.uninstalled_at is not None:
        if not _agency_agreed(company_id):
            return "waiting for the CRM's consent page"
        tokens.expect(location_id, company_id)
        account = _settle_in(Place(location_id), company_id, "the CRM")
    allow_frame(account, domain)
    return "installed"


def heard_uninstall(body: dict[str, Any]) -> str:
    """An UNINSTALL event: of one location, or of an agency and all its locations."""
    location_id, company_id = str(body.get("locationId") or ""), str(body.get("companyId") or "")
    told_at = _moment(body.get("timestamp"))
    only_here = select(Account).where(Account.location_id == location_id)
    found = list(db.session.scalars(only_here)) if location_id else _of_company(company_id)
    gone = [account for account in found if account.installed_at <= told_at]
    if not location_id and len(gone) == len(found):  # nothing was installed again since
        _forget("company", company_id)
    for account in gone:
        uninstall(account)
    return f"uninstalled from {len(gone)} location(s)"


def uninstall(account: Account, by: str = "the CRM") -> None:
    """Puts the account to sleep: nobody is signed in, nothing is written; its data stays."""
    if account.uninstalled_at is not None:
        return
    account.uninstall()
    sessions.end_all(account)
    _forget("location", account.location_id)
    with acting_for(account.id):
        audit.note(account, by, "uninstalled", account.name)
        db.session.flush()


def _of_company(company_id: str) -> list[Account]:
    if not company_id:
        return []
    return list(db.session.scalars(select(Account).where(Account.company_id == company_id)))


def _agency_agreed(company_id: str) -> bool:
    question = select(Grant).where(
        Grant.kind == "company", Grant.subject == company_id, Grant.refused_at.is_(None)
    )
    grant = db.session.scalar(question) if company_id else None
    return grant is not None and grant.refresh_token is not None


def _forget(kind: str, subject: str) -> None:
    for grant in db.session.scalars(
        select(Grant).where(Grant.kind == kind, Grant.subject == subject)
    ):
        grant.forget()


def _moment(text: Any) -> datetime:
    """When the event happened; now, if it does not say."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return now()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
