"""The checklist of the first day, as it is seen on the Courses page and fills itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import connections
from app.errors import Hold
from app.extensions import db
from app.models import Account, ScormConnection, acting_for
from app.sync import push
from tests.factories import install_account, make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox

STEPS = [
    "Your CRM is connected",
    "SCORM Cloud is connected",
    "Custom objects are provisioned",
    "The first course is uploaded",
    "The first learner is enrolled",
]


@pytest.fixture
def account(app: Flask, sandbox: Sandbox, client: FlaskClient) -> Account:
    """Just installed: nothing else is done."""
    account = install_account(sandbox)
    account.scorm_app_id = account.scorm_secret_key = None
    account.scorm_connection = ScormConnection.NONE
    sign_in(client, account)
    return account


def seen(client: FlaskClient, address: str = "/courses", **headers: str) -> list[bool]:
    """Which steps are done; none when there is no checklist."""
    page = client.get(address, headers=headers).text
    lines = re.findall(r"<li id=\"step-\d\" class=\"(?:done)?\"[^>]*>(.*?)</li>", page, re.S)
    assert [
        re.search(name, line) is not None for name, line in zip(STEPS, lines, strict=False)
    ] == [True] * len(lines)
    return ["(done)" in line for line in lines]


def test_it_fills_itself_step_by_step(account: Account, client: FlaskClient, work: Any) -> None:
    assert seen(client) == [True, False, False, False, False]
    account.scorm_app_id, account.scorm_secret_key = "SANDBOX", "sandbox-secret"
    account.scorm_answered(ScormConnection.CONNECTED)
    assert seen(client) == [True, True, False, False, False]
    with acting_for(account.id):
        push.provision(account)
        db.session.commit()
    work()
    assert seen(client) == [True, True, True, False, False]
    course = make_course(account)
    assert seen(client) == [True, True, True, True, False]
    make_enrollment(course)
    assert seen(client) == []


def test_it_asks_again_while_the_page_stays_open(account: Account, client: FlaskClient) -> None:
    page = client.get("/courses").text
    assert 'hx-get="/first-steps"' in page
    part = {"HX-Request": "true"}
    course = make_course(account)
    assert seen(client, "/first-steps", **part) == [True, False, False, True, False]
    make_enrollment(course)
    assert client.get("/first-steps", headers=part).text == ""
    assert client.get("/first-steps").location == "/courses"


def test_what_is_not_done_says_where_it_is_done(client: FlaskClient, account: Account) -> None:
    page = client.get("/courses").text
    assert '<a href="/settings/scorm-cloud">SCORM Cloud is connected</a>' in page
    assert '<a href="/settings/custom-objects">Custom objects are provisioned</a>' in page
    assert ">The first course is uploaded</a>" not in page  # not before SCORM Cloud is connected


def test_a_lost_connection_is_to_do_again(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    account = install_account(sandbox)
    sign_in(client, account)
    sandbox.crm.post("revoke", location="demo-location")
    with pytest.raises(Hold):
        connections.crm(account).location()
    assert seen(client)[0] is False
    page = client.get("/courses").text
    assert '<a href="/install?reconnect">Your CRM is connected</a>' in page
    assert "Nothing is lost" in page
