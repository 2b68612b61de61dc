"""Account Mode: the trial is counted, and what lifts its limit."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from app.models import Account, now
from tests.factories import install_account, make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.settings.forms import audited


def test_the_trial_is_counted_and_lifted(client: FlaskClient, account: Account, app: Flask) -> None:
    app.config["BILLING"] = "none"
    course = make_course(account)
    for _ in range(3):
        make_enrollment(course)
    page = client.get("/settings/account-mode").text
    assert "Free trial" in page
    assert "3 of 10" in page
    assert "Go Live" in page
    assert "is lifted" in client.post("/settings/account-mode/go-live").text
    assert account.live
    client.post("/settings/account-mode/go-live")
    assert [action for _, action in audited()].count("went live") == 1
    assert "Go Live" not in client.get("/settings/account-mode").text


def test_a_confirmation_alone_lifts_nothing_when_plans_are_paid_for(
    client: FlaskClient, account: Account, app: Flask
) -> None:
    app.config["BILLING"] = "marketplace"
    assert client.post("/settings/account-mode/go-live").status_code == 403
    assert not account.live


def test_who_has_chosen_a_plan_may_ask_at_once(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    app.config["BILLING"] = "marketplace"
    account = install_account(sandbox)
    sign_in(client, account)
    asked = client.post("/settings/account-mode/check-plan")
    assert "does not know of a plan yet" in asked.text
    assert not account.live
    sandbox.crm.faults(rate_500=1)
    asked = client.post("/settings/account-mode/check-plan")
    assert asked.status_code == 200
    assert "The CRM did not answer. Nothing was changed" in asked.text


def test_registrations_are_shown_by_month(client: FlaskClient, account: Account) -> None:
    course = make_course(account)
    for days in (0, 40, 40, 100, 400):
        make_enrollment(course, created_at=now() - timedelta(days=days))
    make_enrollment(course, withdrawn_at=now())  # never opened: given back, and in no figure
    page = client.get("/settings/account-mode").text
    table = page[page.index("Registrations by month") :]
    assert re.findall(r'class="numeric">(\d+)<', table) == ["1", "2", "1"]  # of one year
    assert "5 of 10" in page


def test_the_trial_limit_is_named_where_it_can_be_lifted(
    client: FlaskClient, account: Account
) -> None:
    course = make_course(account)
    for _ in range(10):
        make_enrollment(course)
    page = client.get("/settings/account-mode").text
    assert "Trial limit reached: all 10 free registrations are used" in page
    assert "10 of 10" in page
    assert "Go Live" in page
