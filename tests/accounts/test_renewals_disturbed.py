"""Renewals whose answer gets lost, or during which something else happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.accounts import install, tokens
from app.clients.crm import CrmApp, Token
from app.deployment import crm_app
from app.errors import Hold
from app.extensions import db
from app.models import Account, now
from tests.accounts.grants import agency_installed, exchanged, grant_of, granted
from tests.fixtures.sandbox import Sandbox


def test_a_lost_answer_is_asked_for_again(app: Flask, sandbox: Sandbox) -> None:
    account, grant = granted(sandbox, app)
    lost = crm_app().refresh(str(grant.refresh_token))  # rotated, and our process died
    grant.refresh_started_at = now() - timedelta(seconds=5)
    db.session.commit()
    assert tokens.access_token(account) == lost.access_token


def test_an_answer_that_keeps_getting_lost_is_asked_for_again_soon(
    app: Flask, sandbox: Sandbox
) -> None:
    account, grant = granted(sandbox, app)
    grant.expires_at = now()
    db.session.commit()
    sandbox.crm.faults(timeout_after=1, hold_s=0)
    before = sandbox.crm.get("ledger", since=0)["next"]
    with pytest.raises(Hold) as hold:
        tokens.access_token(account)
    assert hold.value.wait <= timedelta(seconds=5)  # the clock comes by before the grace ends
    assert len(sandbox.crm.get("ledger", since=before)["entries"]) == 3
    sandbox.crm.faults()
    assert tokens.access_token(account)
    assert not tokens.needs_reconnect(account)


def test_an_answer_lost_long_ago_leads_to_the_agency(app: Flask, sandbox: Sandbox) -> None:
    account = agency_installed(sandbox, app)
    tokens.access_token(account)
    grant = grant_of("location", "demo-location")
    grant.expires_at, grant.refresh_started_at = now(), now() - timedelta(seconds=40)
    db.session.commit()
    before = sandbox.crm.get("ledger", since=0)["next"]
    assert tokens.access_token(account)
    asked = sandbox.crm.get("ledger", since=before)["entries"]
    assert [call["path"] for call in asked] == ["/oauth/locationToken"]


class Meanwhile:
    """A refresh during which something else happens: `now()` stands between question and answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
        refresh = CrmApp.refresh

        def interrupted(self: CrmApp, *args: Any, **kwargs: Any) -> Token:
            try:
                return refresh(self, *args, **kwargs)
            finally:
                monkeypatch.setattr(CrmApp, "refresh", refresh)
                happens()

        monkeypatch.setattr(CrmApp, "refresh", interrupted)


@pytest.mark.parametrize("old", ["still good", "dead"])
def test_who_reconnects_during_a_renewal_has_the_last_word(
    app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    account, grant = granted(sandbox, app)
    if old == "dead":
        sandbox.crm.post("revoke", location="demo-location")
        grant.expires_at = now()
        db.session.commit()
    new = exchanged(sandbox, app, location="demo-location")

    def reconnect() -> None:
        tokens.keep(new, "location", "demo-location")
        db.session.commit()

    Meanwhile(monkeypatch, reconnect)
    assert tokens.access_token(account) == new.access_token
    assert grant_of("location", "demo-location").refresh_token == new.refresh_token
    assert not tokens.needs_reconnect(account)


def test_a_renewal_brings_nothing_back_that_was_forgotten(
    app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, _ = granted(sandbox, app)

    def uninstall() -> None:
        install.uninstall(db.session.get_one(Account, account.id))
        db.session.commit()

    Meanwhile(monkeypatch, uninstall)
    with pytest.raises(Hold):
        tokens.access_token(account)
    forgotten = grant_of("location", "demo-location")
    assert (forgotten.access_token, forgotten.refresh_token) == (None, None)
