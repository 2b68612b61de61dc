"""Installing: from the CRM's consent to accounts, one per location, and back.

Asking the CRM comes first (accounts/consent.py) and writing after, so that no lock is held over a
call.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select, update

from app import audit, connections
from app.accounts import sessions, tokens
from app.accounts.consent import Consent, Place, look_up
from app.background import later
from app.clients.crm_context import ID
from app.clients.crm_webhook import told_at
from app.deployment import crm_app
from app.errors import BadInput
from app.extensions import db
from app.models import Account, Grant, OwesWork, acting_for, now
from app.sync import push

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


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
    account.details_at = None
    describe(account, place)
    account.revive()
    db.session.flush()
    with acting_for(account.id):
        audit.note(account, by, "reconnected" if returning else "installed", account.name)
        if returning:
            _hurry(account)
            push.mark_account(account)  # whatever changed meanwhile
        db.session.flush()
    if account.details_at is None:
        later(refresh_details, account)
    return account


def _hurry(account: Account) -> None:
    """What waited for the connection is due now; the clock's next round rings for it."""
    moment = now()
    for model in OwesWork.__subclasses__():
        waiting = model.account_id == account.id, model.due_at > moment  # type: ignore[attr-defined]
        db.session.execute(
            update(model).where(*waiting).values(due_at=moment),
            execution_options={"synchronize_session": False},
        )


def describe(account: Account, place: Place) -> None:
    """Takes over what is known of the place; what is not known never erases what was."""
    account.name = place.name[:255] or account.name or ""
    account.timezone = place.timezone[:64] or account.timezone or "UTC"
    account.plan_id = place.plan_id or account.plan_id
    allow_frame(account, place.frame_domain)
    if place.complete:
        account.details_at = now()


def allow_frame(account: Account, domain: str) -> None:
    """The agency's own address of the CRM may frame the hub for this account."""
    host = domain.strip().casefold().removeprefix("https://").rstrip("/")
    origin = f"https://{host}"
    if DOMAIN.fullmatch(host) and origin not in (account.frame_origins or []):
        account.frame_origins = [*(account.frame_origins or []), origin]


def refresh_details(account: Account) -> None:
    """Fills in name, zone and white-label domain, which an agency-wide consent does not bring."""
    describe(account, look_up(connections.crm(account)))


def fill_in_details() -> None:
    """Rings for all accounts of which the CRM has yet to tell something: bells can get lost."""
    missing = Account.details_at.is_(None), Account.uninstalled_at.is_(None)
    for account in db.session.scalars(select(Account).where(*missing)):
        if account.active:
            later(refresh_details, account)


# What the CRM tells later


def heard_install(body: dict[str, Any]) -> str:
    """An INSTALL event. It brings no token: only an agency's earlier consent can use it.

    For a location that was opened after its agency's installation the CRM may not name the agency.
    """
    location_id, company_id = _id(body, "locationId"), _id(body, "companyId")
    label = body.get("whitelabelDetails")
    domain = str(label.get("domain") or "") if isinstance(label, dict) else ""
    if not location_id:
        for each in _of_company(company_id):
            allow_frame(each, domain)
        return "noted for the agency's locations"
    account = db.session.scalar(select(Account).where(Account.location_id == location_id))
    if account is None or account.uninstalled_at is not None:
        company_id = company_id or _agency_with(location_id)
        if not _agency_agreed(company_id):
            return "waiting for the CRM's consent page"
        tokens.expect(location_id, company_id)
        account = _settle_in(Place(location_id), company_id, "the CRM")
    allow_frame(account, domain)
    return "installed"


def heard_uninstall(body: dict[str, Any]) -> str:
    """An UNINSTALL event: of one location, or of an agency and all its locations."""
    location_id, company_id = _id(body, "locationId"), _id(body, "companyId")
    moment = min(told_at(body) or now(), now())
    only_here = select(Account).where(Account.location_id == location_id)
    found = list(db.session.scalars(only_here)) if location_id else _of_company(company_id)
    gone = [account for account in found if account.installed_at <= moment]
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
    return company_id in _agencies()


def _agencies() -> list[str]:
    """The companies that have agreed for all their locations."""
    agreed = Grant.refused_at.is_(None), Grant.refresh_token.is_not(None)
    return list(db.session.scalars(select(Grant.subject).where(Grant.kind == "company", *agreed)))


def _agency_with(location_id: str) -> str:
    """The agency that has the app in this location; empty if none of those we know."""
    for company_id in _agencies():
        token = tokens.agency_token(company_id)
        places = crm_app().installed_locations(token, company_id) if token else ()
        if any(place.id == location_id for place in places):
            return company_id
    return ""


def _forget(kind: str, subject: str) -> None:
    for grant in db.session.scalars(
        select(Grant).where(Grant.kind == kind, Grant.subject == subject)
    ):
        grant.forget()


def _id(body: dict[str, Any], key: str) -> str:
    """An id of the CRM; empty if the event names none. BadInput for what can be none."""
    value = body.get(key) or ""
    if value and not (isinstance(value, str) and ID.fullmatch(value)):
        raise BadInput(f"The CRM's event has no id as its {key}.")
    return value
