"""Accounts with a right to speak for them, got from the sandbox CRM as by its consent page."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from app.accounts import consent, install, tokens
from app.clients.crm import Token
from app.deployment import crm_app, setting
from app.extensions import db
from app.models import Account, Grant, now
from tests.accounts.test_install import agreed
from tests.factories import make_account
from tests.fixtures.sandbox import Sandbox


def exchanged(sandbox: Sandbox, app: Flask, **choice: str) -> Token:
    return crm_app().exchange_code(
        agreed(sandbox, app, **choice), f"{setting('PUBLIC_URL')}/oauth/callback"
    )


def granted(sandbox: Sandbox, app: Flask, location: str = "demo-location") -> tuple[Account, Grant]:
    """An installed account whose access token runs out in this minute."""
    token = exchanged(sandbox, app, location=location)
    account = make_account(location)
    grant = tokens.keep(token, "location", location)
    grant.expires_at = now() + timedelta(minutes=1)
    db.session.commit()
    return account, grant


def agency_installed(sandbox: Sandbox, app: Flask) -> Account:
    """The app in all locations of the agency; no location has a token of its own yet."""
    install.install(consent.redeem(agreed(sandbox, app, company="demo-company")))
    db.session.commit()
    return db.session.scalars(select(Account).where(Account.location_id == "demo-location")).one()


def grant_of(kind: str, subject: str) -> Grant:
    db.session.expire_all()
    return db.session.scalars(
        select(Grant).where(Grant.kind == kind, Grant.subject == subject)
    ).one()


def refreshes(sandbox: Sandbox) -> int:
    entries = sandbox.crm.get("ledger", since=0)["entries"]
    return sum(entry["path"] == "/oauth/token" and entry["status"] == 200 for entry in entries)
