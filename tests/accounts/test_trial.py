"""The trial: what counts, where it ends, and what lifts its limit."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts import install, trial
from app.errors import Conflict, LimitReached
from app.extensions import db
from app.models import Account, acting_for, now
from tests.accounts.test_install import agreed, come_back, started
from tests.factories import make_account, make_course, make_enrollment, utc
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


def test_a_closed_account_takes_nobody_new_and_says_so(app: Flask) -> None:
    account = make_account()
    with acting_for(account.id):
        trial.require_room(account)
        account.cancel()
        with pytest.raises(Conflict) as refused:
            trial.require_room(account)
    assert refused.value.sentence == "This account is closed, so nobody new can be enrolled."


def test_the_limit_says_where_it_is_lifted_and_who_is_not_concerned(app: Flask) -> None:
    app.config["TRIAL_REGISTRATIONS"] = 0
    account = make_account()
    with acting_for(account.id), pytest.raises(LimitReached) as refused:
        trial.require_room(account)
    assert refused.value.sentence == (
        "Trial limit reached: all 0 free registrations are used. Go to Settings → Account Mode and "
        "choose Go Live to enroll more people. Everybody who is enrolled can go on."
    )


def test_what_changed_meanwhile_is_seen_before_somebody_new_is_let_in(app: Flask) -> None:
    """Another process has cancelled the account since this one has read it."""
    account = make_account()
    db.session.commit()
    assert account.active
    with db.engine.begin() as elsewhere:
        elsewhere.execute(update(Account).values(cancelled_at=now()))
    with acting_for(account.id), pytest.raises(Conflict):
        trial.require_room(account)


def test_whoever_enrolls_holds_this_account_and_no_other(app: Flask) -> None:
    account, other = make_account(), make_account("second-location")
    trial.hold(account)
    db.session.expire_all()
    assert account.counted_at is not None
    assert other.counted_at is None


def test_an_account_without_anybody_has_used_nothing(app: Flask) -> None:
    account, other = make_account(), make_account("second-location")
    make_enrollment(make_course(other))
    with acting_for(account.id):
        assert trial.used(account) == 0
        assert trial.remaining(account) == trial.limit(account) == 10
        make_enrollment(make_course(account))
        assert trial.remaining(account) == 9
        app.config["TRIAL_REGISTRATIONS"] = 0
        assert trial.remaining(account) == 0
        trial.go_live(account)
        assert trial.remaining(account) is None


def test_going_live_is_told_once_and_keeps_the_plan(app: Flask) -> None:
    account = make_account()
    assert trial.go_live(account, "gold") is True
    assert (account.live, account.plan_id) == (True, "gold")
    assert trial.go_live(account, "gold") is False


def test_registrations_are_counted_by_the_month_of_the_accounts_zone(app: Flask) -> None:
    account = make_account(timezone="Europe/Berlin")
    course = make_course(account)
    new_year, this_year = utc(2025, 12, 31, 23, 30), utc(2026, 1, 20)
    for moment in (new_year, this_year, utc(2025, 11, 2), utc(2024, 12, 1)):
        make_enrollment(course, created_at=moment)
    make_enrollment(course, created_at=this_year).withdraw()
    with acting_for(account.id), time_machine.travel(utc(2026, 2, 1), tick=False):
        assert trial.used_by_month(account) == [(date(2026, 1, 1), 2), (date(2025, 11, 1), 1)]


def test_only_plans_that_are_sold_by_the_marketplace_change_anything(app: Flask) -> None:
    account = make_account()
    app.config |= {"BILLING": "none", "CRM_LIVE_PLANS": ["gold"]}
    trial.apply_plan(account, "gold")
    assert not account.live
    app.config["BILLING"] = "marketplace"
    trial.apply_plan(account, "")
    assert not account.live
    trial.apply_plan(account, "gold")
    assert (account.live, account.plan_id) == (True, "gold")
    trial.apply_plan(account, "silver")
    assert (account.live, account.plan_id) == (False, "silver")
    trial.apply_plan(account, "gold")
    trial.apply_plan(account, "")  # nobody could say: as it was
    assert account.live


def test_a_plan_concerns_the_location_or_all_of_its_company(app: Flask) -> None:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["gold"]}
    one, two = make_account(), make_account("second-location")
    gone = make_account("third-location", uninstalled_at=now())
    stranger = make_account("fourth-location", company_id="another-company")
    db.session.commit()
    location = {"locationId": one.location_id, "companyId": "demo-company", "newPlanId": "gold"}
    assert trial.heard_plan_change(location) == "1 account(s) now have their new plan"
    assert [each.live for each in (one, two, gone, stranger)] == [True, False, False, False]
    company = {"companyId": "demo-company", "newPlanId": "gold"}
    assert trial.heard_plan_change(company) == "2 account(s) now have their new plan"
    assert [each.live for each in (one, two, gone, stranger)] == [True, True, False, False]


def test_where_nobody_names_a_plan_everything_stays_as_it_was(app: Flask) -> None:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["gold"]}
    account = make_account()
    account.go_live("gold")
    db.session.commit()
    trial.heard_plan_change({"locationId": account.location_id})  # and the CRM cannot be asked
    assert (account.live, account.plan_id) == (True, "gold")
