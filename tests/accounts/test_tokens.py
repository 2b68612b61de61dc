"""The token store under pressure: many callers, lost answers, dead grants, the agency's help."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import connections
from app.accounts import tokens
from app.clients.crm import CrmApp, OutsideError, Token
from app.deployment import crm_app, setting
from app.errors import Hold
from app.extensions import db
from app.models import Account, Grant, now
from tests.accounts.test_install import agreed
from tests.factories import make_account, make_grant
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
    import json
    import os

    locations = ["demo-location", "second-location"]
    for location in locations:
        granted(sandbox, app, location)
    before = refreshes(sandbox)
    env = {**os.environ, **hub_settings}
    processes = [
        subprocess.Popen([sys.executable, "-c", CALLERS], cwd=ROOT, env=env, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    found = [pair for process in processes for pair in json.loads(process.communicate()[0])]
    assert len(found) == 16 * len(locations)
    assert len({tuple(pair) for pair in found}) == len(locations), found
    assert refreshes(sandbox) - before == len(locations)


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
