"""The token store: renewed once by many callers, kept before use, and refused for good."""

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
from app.accounts import tokens
from app.clients.crm import CrmApp, OutsideError
from app.deployment import setting
from app.errors import Hold
from app.extensions import db
from app.models import Account, CrmEffect, EffectKind, Grant, across_accounts, acting_for, now
from app.sync import push
from tests.accounts.grants import granted, refreshes
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
