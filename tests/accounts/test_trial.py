"""The trial: what counts, where it ends, and what lifts its limit."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import install, trial
from app.errors import LimitReached
from app.extensions import db
from app.models import Account, acting_for
from tests.accounts.test_install import agreed, come_back, started
from tests.factories import make_account, make_course, make_enrollment
from tests.fixtures.sandbox import Sandbox


def test_the_tenth_passes_and_the_eleventh_does_not(app: Flask) -> None:
    account = make_account()
    course = make_course(account)
    with acting_for(account.id):
        for _ in range(10):
            trial.require_room(account)
            make_enrollment(course)
        with pytest.raises(LimitReached, match="10 free registrations"):
            trial.require_room(account)
        trial.go_live(account)
        trial.require_room(account)


def test_taking_off_who_never_opened_it_gives_back(app: Flask) -> None:
    account = make_account()
    course = make_course(account)
    fresh, opened = make_enrollment(course), make_enrollment(course, attempts_made=1)
    with acting_for(account.id):
        assert trial.used(account) == 2
        fresh.withdraw()
        opened.withdraw()
        db.session.flush()
        assert trial.used(account) == 1


def test_only_a_paid_plan_lifts_the_limit(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["sandbox-live"]}
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    account = db.session.scalars(select(Account)).one()
    event = {"locationId": "demo-location", "newPlanId": "sandbox-live"}
    trial.heard_plan_change(event)  # the CRM itself says that it is still the trial
    assert not account.live
    sandbox.crm.post("plan", location="demo-location", plan="sandbox-live")
    trial.heard_plan_change(event)
    assert account.live
    sandbox.crm.post("plan", location="demo-location", plan="sandbox-trial")
    trial.heard_plan_change({"locationId": "demo-location", "newPlanId": "sandbox-live"})
    assert not account.live


def test_nobody_is_meant_by_an_empty_event(app: Flask) -> None:
    make_account()
    assert trial.heard_plan_change({}) == "nobody concerned"
    assert install.heard_uninstall({}) == "uninstalled from 0 location(s)"
