"""What may come back from the CRM's consent page, or from somebody who makes it up.

Whatever it is: one clear sentence, no account, no session, and never an error of the server.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import consent
from app.extensions import db
from app.models import OAuthState, now
from app.models.session import digest
from tests.accounts.test_install import accounts, agreed, come_back, sessions, started
from tests.factories import make_account, make_grant, sign_in
from tests.fixtures.sandbox import Sandbox

LONG = "x" * 5000
# {state} was made for this browser and {code} was given by the CRM, both fresh: together they work.
SHAPES = [
    # nothing, or half of it
    "", "code=", "state=", "state=&code=", "error=", "token=abc", "access_token=abc#fragment",
    "code[]=a", "state={state}", "state={state}&code=",
    # codes that stand for nothing
    "code=unknown", "code={spent}", "code={elsewhere}", "state={state}&code=unknown",
    "state={state}&code={spent}", "state={state}&code={elsewhere}", "state={state}&code={code}x",
    "code=unknown&locationId=demo-location", "code=unknown&user_type=Company",
    "code=unknown&redirect_uri=https://evil.example",
    # states that are not ours, not this browser's, not now, not again
    "state=unknown&code={code}", "state=unknown&code=unknown", "state={foreign}&code={code}",
    "state={expired}&code={code}", "state={used}&code={code}", "state={state}x&code={code}",
    "state={swapped}&code={code}", "state={state}%20&code={code}", "state={code}&code={state}",
    "state=../../etc/passwd&code={code}", "state={digest}&code={code}",
    # refusals, also beside what would work
    "error=access_denied", "error=access_denied&error_description=<b>no</b>",
    "error=access_denied&state={state}", "error=access_denied&state=unknown",
    "error=access_denied&code={code}", "state={state}&code={code}&error=server_error",
    "error=server_error", "error=<script>alert(1)</script>",
    # said twice
    "code={code}&code={code}", "state={state}&state={state}&code={code}",
    "state={state}&code={code}&code=other", "error=a&error=b",
    # not what a parameter looks like
    f"code={LONG}", f"state={LONG}&code={{code}}", f"error={LONG}", "code=%00",
    "code={code}%00", "state=%00&code={code}", "state={state}&code=%0d%0aSet-Cookie:x=y",
    "code=%ff%fe", "code=<script>alert(1)</script>", "code=' or 1=1 --",
    "code=%F0%9F%92%A9", "state=%F0%9F%92%A9&code={code}", "state={state}&code=%E2%80%AE{code}",
]  # fmt: skip


def test_there_are_forty_shapes() -> None:
    assert len(set(SHAPES)) >= 40


@pytest.fixture
def parts(client: FlaskClient, app: Flask, sandbox: Sandbox) -> dict[str, str]:
    """What the shapes are made of; `client` is the browser that has pressed Connect."""
    foreign = started(app.test_client())["state"]
    used = started(client)["state"]
    come_back(client, error="access_denied", state=used)
    expired, state = (started(client)["state"] for _ in range(2))
    kept = {name: kept_state(name) for name in (used, expired, state)}
    # a browser keeps one secret, its last: all else that could be wrong with these two is right
    kept[used].browser_digest = kept[expired].browser_digest = kept[state].browser_digest
    kept[expired].created_at = now() - timedelta(minutes=10, seconds=1)
    return {
        "state": state,
        "code": agreed(sandbox, app, location="demo-location"),
        "foreign": foreign,
        "expired": expired,
        "used": used,
        "swapped": state.swapcase(),
        "digest": digest(state),
        "spent": spent(sandbox, app),
        "elsewhere": elsewhere(sandbox),
    }


def kept_state(state: str) -> OAuthState:
    question = select(OAuthState).where(OAuthState.state_digest == digest(state))
    return db.session.scalars(question).one()


def spent(sandbox: Sandbox, app: Flask) -> str:
    """A code that somebody has used already."""
    code = agreed(sandbox, app, location="demo-location")
    consent.redeem(code)
    return code


def elsewhere(sandbox: Sandbox) -> str:
    """A code that was given to another address than ours."""
    asked = {"location": "demo-location", "redirect_uri": "https://evil.example/oauth/callback"}
    return str(sandbox.crm.post("authorize", **asked)["code"])


def test_together_they_work(client: FlaskClient, parts: dict[str, str]) -> None:
    answer = come_back(client, state=parts["state"], code=parts["code"])
    assert (answer.status_code, answer.location) == (302, "/courses")
    assert sessions() == 1
    with time_machine.travel(now() + timedelta(minutes=16), tick=True):  # the CRM is asked again
        assert client.get("/courses").status_code == 200


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bad_callback_is_refused_in_a_sentence(
    client: FlaskClient, parts: dict[str, str], shape: str
) -> None:
    query = shape.format(**{name: quote(value) for name, value in parts.items()})
    answer = client.get(f"/oauth/callback?{query}")
    assert answer.status_code == 400
    assert "Your CRM account was not connected" in answer.text
    assert re.search(r"<p>[A-Z][^<]*start again", answer.text), answer.text
    assert "<script>alert" not in answer.text
    assert parts["code"] not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "hub_tab" not in answer.headers.get("Set-Cookie", "")
    assert (accounts(), sessions()) == ([], 0)
    assert client.get("/courses").status_code == 401


def test_a_guesser_cannot_tell_what_is_wrong_with_a_state(
    client: FlaskClient, parts: dict[str, str]
) -> None:
    said = {
        re.sub(r'nonce="[^"]*"', "", come_back(client, state=state, code=parts["code"]).text)
        for state in (parts["foreign"], parts["expired"], parts["used"], "unknown")
    }
    assert len(said) == 1


def test_a_state_lives_ten_minutes(client: FlaskClient, parts: dict[str, str]) -> None:
    kept_state(parts["state"]).created_at = now() - timedelta(minutes=9)
    assert come_back(client, state=parts["state"], code=parts["code"]).status_code == 302


def test_a_browser_that_lost_its_cookie_starts_again(app: Flask, parts: dict[str, str]) -> None:
    answer = come_back(app.test_client(), state=parts["state"], code=parts["code"])
    assert answer.status_code == 400
    assert "was not started in this browser" in answer.text
    assert accounts() == []


@pytest.mark.parametrize("choice", [{"location": "second-location"}, {"company": "demo-company"}])
def test_a_reconnect_takes_no_other_place(
    client: FlaskClient, app: Flask, sandbox: Sandbox, choice: dict[str, str]
) -> None:
    account = make_account()
    make_grant(account, "dead").refuse("no")
    sign_in(client, account)
    asked = started(client, "/install?reconnect")
    answer = come_back(client, code=agreed(sandbox, app, **choice), state=asked["state"])
    assert answer.status_code == 400
    assert "another location" in answer.text
    assert [one.location_id for one in accounts()] == ["demo-location"]
    assert sessions() == 1


@pytest.mark.parametrize("fault", [{"rate_500": 1}, {"rate_html": 1}, {"down": True}, {"reset": 1}])
def test_the_crm_being_away_is_said(
    client: FlaskClient,
    sandbox: Sandbox,
    parts: dict[str, str],
    fault: dict[str, float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox.crm.faults(**fault)
    caplog.clear()
    answer = come_back(client, state=parts["state"], code=parts["code"])
    sandbox.crm.faults()
    assert answer.status_code == 400
    assert "did not answer" in answer.text
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "to POST /oauth/token" in told[0]
    assert (accounts(), sessions()) == ([], 0)


def test_a_consent_is_given_back_to_nobody_twice(
    client: FlaskClient, parts: dict[str, str]
) -> None:
    """Back and Reload in the browser repeat the whole address."""
    assert come_back(client, state=parts["state"], code=parts["code"]).status_code == 302
    again = come_back(client, state=parts["state"], code=parts["code"])
    assert again.status_code == 400
    assert (len(accounts()), sessions()) == (1, 1)
