"""Tokens that come from the agency: where it helps, and whose refusal is whose."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import connections
from app.accounts import tokens
from app.errors import Hold
from app.extensions import db
from app.models import Account, now
from tests.accounts.grants import agency_installed, exchanged, grant_of, granted
from tests.fixtures.sandbox import Sandbox


def test_the_agency_helps_where_a_grant_is_dead(app: Flask, sandbox: Sandbox) -> None:
    agency = exchanged(sandbox, app, company="demo-company")
    account, grant = granted(sandbox, app)
    tokens.keep(agency, "company", "demo-company")
    grant.refresh_token = "used up long ago"
    db.session.commit()
    fresh = tokens.access_token(account)
    db.session.expire_all()
    assert grant.access_token == fresh
    assert not tokens.needs_reconnect(account)
    assert connections.crm(account).location().name


def test_an_agencys_token_that_ended_early_is_renewed_on_the_way(
    app: Flask, sandbox: Sandbox
) -> None:
    account = agency_installed(sandbox, app)
    old = tokens.company_token(account)
    sandbox.crm.faults(expire_tokens=True)
    assert connections.crm(account).location().name
    assert tokens.company_token(account) != old
    assert not tokens.needs_reconnect(account)


def test_revoked_tokens_of_a_location_are_replaced_by_the_agency(
    app: Flask, sandbox: Sandbox
) -> None:
    account = agency_installed(sandbox, app)
    old = tokens.access_token(account)
    crm = connections.crm(account)
    assert sandbox.crm.post("revoke", location="demo-location")["revoked"] == 1
    assert crm.location().name  # refused once, and gone on with a new token
    assert tokens.access_token(account) != old
    assert grant_of("location", "demo-location").refused_at is None


def test_a_revoked_agency_leaves_the_tokens_that_its_locations_have(
    app: Flask, sandbox: Sandbox
) -> None:
    account = agency_installed(sandbox, app)
    assert connections.crm(account).location().name
    grant_of("company", "demo-company").expires_at = now()
    db.session.commit()
    sandbox.crm.post("revoke", company="demo-company")
    assert tokens.company_token(account) is None
    assert grant_of("company", "demo-company").refused_at is not None
    assert connections.crm(account).location().name
    grant_of("location", "demo-location").expires_at = now()
    db.session.commit()
    assert connections.crm(account).location().name  # refreshed by itself


def test_trouble_at_the_agency_is_no_refusal_of_its_locations(app: Flask, sandbox: Sandbox) -> None:
    account = agency_installed(sandbox, app)
    grant_of("company", "demo-company").expires_at = now() - timedelta(minutes=1)
    db.session.commit()
    sandbox.crm.faults(rate_500=1)
    with pytest.raises(Hold, match="did not renew"):
        tokens.access_token(account)
    assert not tokens.needs_reconnect(account)
    sandbox.crm.faults()
    assert tokens.access_token(account)


def test_a_suspended_location_waits_and_need_not_reconnect(app: Flask, sandbox: Sandbox) -> None:
    account = agency_installed(sandbox, app)
    sandbox.crm.post("suspend", location="demo-location")
    with pytest.raises(Hold, match="not active"):
        tokens.access_token(account)
    assert not tokens.needs_reconnect(account)
    sandbox.crm.post("suspend", location="demo-location", suspended=False)
    assert tokens.access_token(account)


def test_a_location_taken_out_of_an_agencys_installation_asks_for_a_reconnect(
    app: Flask, sandbox: Sandbox
) -> None:
    account = agency_installed(sandbox, app)
    crm = connections.crm(account)
    sandbox.crm.post("uninstall", location="demo-location")  # and its webhook gets lost
    with pytest.raises(Hold, match="Reconnect"):
        crm.location()
    assert tokens.needs_reconnect(account)
    second = db.session.scalars(
        select(Account).where(Account.location_id == "second-location")
    ).one()
    assert connections.crm(second).location().name
    assert grant_of("company", "demo-company").refused_at is None
