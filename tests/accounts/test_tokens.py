"""The token store under pressure: many callers, lost answers, dead grants, the agency's help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import connections
from app.accounts import consent, install, tokens
from app.clients.crm import CrmApp, OutsideError, Token
from app.deployment import crm_app, setting
from app.errors import Hold
from app.extensions import db
from app.models import Account, CrmEffect, EffectKind, Grant, across_accounts, acting_for, now
from app.sync import push
from tests.accounts.test_install import agreed
from tests.factories import (
    complete,
    install_account,
    make_account,
    make_course,
    make_enrollment,
    make_grant,
    make_learner,
)
from tests.fixtures.sandbox import Sandbox
from tools.places import ROOT

CALLERS = """
import json, sys, threading
from app import create_app
from app.accounts import tokens
from app.extensions import db
from app.models import Account
from sqlalchemy import select
app = create_app()
start, found = threading.Barrier(4), []
def call():
    with app.app_context():
        accounts = list(db.session.scalars(select(Account).order_by(Account.location_id)))
        start.wait()
        for account in accounts:
            try:
                found.append([account.location_id, tokens.access_token(account)])
            except BaseException as error:
                found.append([account.location_id, repr(error)])
threads = [threading.Thread(target=call) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(found))
"""


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


def refreshes(sandbox: Sandbox) -> int:
    entries = sandbox.crm.get("ledger", since=0)["entries"]
    return sum(entry["path"] == "/oauth/token" and entry["status"] == 200 for entry in entries)


def test_a_fresh_token_is_used_as_it_is(app: Flask, sandbox: Sandbox) -> None:
    account, grant = granted(sandbox, app)
    grant.expires_at = now() + timedelta(hours=1)
    db.session.commit()
    assert tokens.access_token(account) == grant.access_token
    assert refreshes(sandbox) == 1  # the exchange of the code


def test_a_new_pair_is_kept_before_it_is_used(app: Flask, sandbox: Sandbox) -> None:
    account, grant = granted(sandbox, app)
    old = (grant.access_token, grant.refresh_token)
    fresh = tokens.access_token(account)
    db.session.rollback()  # whatever the caller does with its own transaction
    db.session.expire_all()
    assert grant.access_token == fresh
    assert old[0] != grant.access_token
    assert old[1] != grant.refresh_token


def test_sixteen_callers_in_four_processes_refresh_once_each(
    app: Flask, sandbox: Sandbox, hub_settings: dict[str, str]
) -> None:
    locations = ["demo-location", "second-location", "third", "fourth", "fifth"]
    for location in locations[2:]:
        sandbox.crm.post("open-location", location=location)
    for location in locations:
        granted(sandbox, app, location)
    before = sandbox.crm.get("ledger", since=0)["next"]
    env = {**os.environ, **hub_settings}
    processes = [
        subprocess.Popen([sys.executable, "-c", CALLERS], cwd=ROOT, env=env, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    found = [pair for process in processes for pair in json.loads(process.communicate()[0])]
    assert len(found) == 16 * len(locations)
    assert len({tuple(pair) for pair in found}) == len(locations), found
    asked = sandbox.crm.get("ledger", since=before)["entries"]
    assert [(call["path"], call["status"]) for call in asked] == [("/oauth/token", 200)] * 5
    assert sorted(call["location"] for call in asked) == sorted(locations)
    assert not any(tokens.needs_reconnect(one) for one in db.session.scalars(select(Account)))


def test_a_refused_token_is_renewed_once(app: Flask, sandbox: Sandbox) -> None:
    account, grant = granted(sandbox, app)
    grant.expires_at = now() + timedelta(hours=5)
    db.session.commit()
    refused = str(grant.access_token)
    first = tokens.renewed(account, f"Bearer {refused}")
    assert first
    assert first != refused
    assert tokens.renewed(account, refused) == first  # a second late caller gets the newer one
    assert refreshes(sandbox) == 2


def test_a_lost_answer_is_asked_for_again(app: Flask, sandbox: Sandbox) -> None:
    account, grant = granted(sandbox, app)
    lost = crm_app().refresh(str(grant.refresh_token))  # rotated, and our process died
    grant.refresh_started_at = now() - timedelta(seconds=5)
    db.session.commit()
    assert tokens.access_token(account) == lost.access_token


def test_a_dead_grant_asks_for_a_reconnect_and_keeps_what_it_had(
    app: Flask, sandbox: Sandbox
) -> None:
    account, grant = granted(sandbox, app)
    grant.refresh_token = "used up long ago"
    db.session.commit()
    with pytest.raises(Hold, match="Reconnect"):
        tokens.access_token(account)
    db.session.expire_all()
    assert tokens.needs_reconnect(account)
    assert grant.refresh_token == "used up long ago"
    before = len(sandbox.crm.get("ledger", since=0)["entries"])
    with pytest.raises(Hold):
        connections.crm(account)
    assert len(sandbox.crm.get("ledger", since=0)["entries"]) == before


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


def test_what_is_owed_waits_for_the_reconnect(app: Flask, sandbox: Sandbox, work: Any) -> None:
    account = install_account(sandbox)
    contact = connections.crm(account).search_contacts("zoe")[0]
    learner = make_learner(account, contact_id=contact.id, email=contact.email)
    with acting_for(account.id):
        enrollment = make_enrollment(make_course(account), learner)
        complete(enrollment)
        push.mark(enrollment)
        db.session.commit()
    sandbox.crm.post("revoke", location="demo-location")
    work()
    assert tokens.needs_reconnect(account)
    assert sandbox.crm.effects("tag_added") == []
    with across_accounts():
        owed = list(db.session.scalars(select(CrmEffect).where(CrmEffect.due_at.is_not(None))))
        assert {row.kind for row in owed} >= {EffectKind.TAGS, EffectKind.NOTE}
        assert not any(row.parked_at for row in owed)
    install_account(sandbox)  # Reconnect
    work(ahead=timedelta(minutes=2))
    assert {effect["value"] for effect in sandbox.crm.effects("tag_added")} >= {"scorm_completed"}
    assert len(sandbox.crm.effects("note_created")) == 1


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


def test_trouble_that_passes_is_not_taken_for_a_refusal(app: Flask, sandbox: Sandbox) -> None:
    account, grant = granted(sandbox, app)
    sandbox.crm.faults(rate_429=1)
    assert tokens.access_token(account) == grant.access_token  # good for a minute more
    grant.expires_at = now() - timedelta(minutes=1)
    db.session.commit()
    with pytest.raises(Hold):
        tokens.access_token(account)
    db.session.expire_all()
    assert not tokens.needs_reconnect(account)
    sandbox.crm.faults()
    assert tokens.access_token(account) != "old"


def test_a_wrong_client_secret_is_our_trouble(app: Flask, sandbox: Sandbox) -> None:
    account, _ = granted(sandbox, app)
    app.config["CRM_CLIENT_SECRET"] = "wrong"
    with pytest.raises(OutsideError):
        CrmApp(setting("CRM_API_URL"), setting("CRM_CLIENT_ID"), "wrong").refresh("x")
    tokens.access_token(account)  # the old one, while it lasts
    assert not tokens.needs_reconnect(account)


def test_an_account_that_sleeps_gets_no_token(app: Flask) -> None:
    account = make_account()
    make_grant(account, "token")
    account.uninstall()
    db.session.commit()
    with pytest.raises(Hold):
        tokens.access_token(account)
    assert db.session.scalar(select(Grant.access_token)) == "token"
