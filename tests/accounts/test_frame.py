"""Into the CRM's frame, from the server's side: who gets in, and with what."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.accounts import tokens
from app.accounts.sessions import CONFIRMATION_LASTS
from app.deployment import crm_app, setting
from app.extensions import db
from app.limits import limiter
from app.models import Account, AdminSession, now
from tests.accounts.test_install import agreed
from tests.factories import make_account
from tests.fixtures.sandbox import Sandbox

CRM = "http://crm.localhost:8001"
Payload = Callable[[str], str]


@pytest.fixture
def account(app: Flask, sandbox: Sandbox) -> Account:
    """Installed in the sandbox as a person would do it."""
    code = agreed(sandbox, app, location="demo-location")
    token = crm_app().exchange_code(code, f"{setting('PUBLIC_URL')}/oauth/callback")
    account = make_account()
    tokens.keep(token, "location", "demo-location")
    db.session.commit()
    return account


@pytest.fixture
def payload(sandbox: Sandbox) -> Payload:
    """What the CRM's page gives to the frame in a location."""

    def ask(location: str = "demo-location") -> str:
        url = f"{sandbox.crm.url}/v2/location/{location}/user-context"
        return str(requests.get(url, timeout=10).json()["payload"])

    return ask


def enter(client: FlaskClient, payload: str, **more: Any) -> TestResponse:
    data = {"payload": payload, "origin": CRM, **more}
    return client.post("/embed/session", json=data, headers={"X-Hub": "1"})


def bearer(answer: TestResponse) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


def sessions() -> int:
    return db.session.scalar(select(func.count(AdminSession.id))) or 0


def test_the_crms_word_opens_a_session(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    answer = enter(client, payload("demo-location"))
    assert answer.status_code == 200
    cookie = answer.headers["Set-Cookie"]
    for word in ("hub_frame=", "HttpOnly", "Secure", "SameSite=None", "Partitioned", "Path=/"):
        assert word in cookie
    stranger = client.application.test_client()  # no cookie at all
    page = stranger.get("/courses", headers=bearer(answer))
    assert page.status_code == 200
    assert f"frame-ancestors {CRM}" in page.headers["Content-Security-Policy"]
    session = db.session.scalars(select(AdminSession)).one()
    assert session.confirmed_at is not None
    assert answer.get_json()["token"] not in (session.token_digest, session.csrf_token)


def test_the_header_is_enough_to_write_and_the_cookie_is_not(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    answer = enter(client, payload("demo-location"))  # the client keeps the cookie
    switch = "/settings/crm-integration/notes"
    assert client.post(switch).status_code == 401
    assert client.post(switch, headers=bearer(answer)).status_code == 200
    assert account.write_notes is False
    form = {"session_token": answer.get_json()["token"], "notes": "on"}
    stranger = client.application.test_client()
    assert stranger.post(switch, data=form).status_code == 200
    db.session.expire_all()
    assert account.write_notes is True


def mutations(text: str) -> list[str]:
    raw = base64.b64decode(text)
    flips = [
        base64.b64encode(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]).decode()
        for at in range(0, len(raw), 7)
    ]
    return [
        *flips, "", " ", text[:-4], text + "AAAA", text * 40, text[1:], text.lower(), "null", "{}",
        base64.b64encode(b"Salted__").decode(), base64.b64encode(raw[:16]).decode(),
        base64.b64encode(b"Salted__" + secrets.token_bytes(8 + 256)).decode(), f" {text}",
    ]  # fmt: skip


def test_whatever_is_wrong_the_answer_is_the_same(
    client: FlaskClient, account: Account, payload: Payload, app: Flask
) -> None:
    limiter.enabled = False
    try:
        good = payload("demo-location")
        answers = {(a.status_code, a.text) for a in (enter(client, bad) for bad in mutations(good))}
        answers.add(told(enter(client, payload("second-location"))))  # not installed there
        answers.add(told(enter(client, good, origin="javascript:alert(1)")))
        answers.add(told(enter(client, good, origin="")))
        answers.add(told(enter(client, 12345)))  # type: ignore[arg-type]
        answers.add(told(client.post("/embed/session", data="x", headers={"X-Hub": "1"})))
        account.uninstall()
        db.session.commit()
        answers.add(told(enter(client, good)))
    finally:
        limiter.enabled = True
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    assert sessions() == 0


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.text


def test_other_sites_cannot_send_it(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    data = {"payload": payload("demo-location"), "origin": CRM}
    assert client.post("/embed/session", json=data).status_code == 401


def test_guessing_is_slowed_down(client: FlaskClient, account: Account, payload: Payload) -> None:
    answers = [enter(client, "nonsense").status_code for _ in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_while_the_crm_cannot_be_asked_people_get_in(
    client: FlaskClient, account: Account, payload: Payload, sandbox: Sandbox
) -> None:
    sealed = payload("demo-location")
    sandbox.crm.faults(rate_500=1)
    assert enter(client, sealed).status_code == 200
    assert db.session.scalars(select(AdminSession)).one().confirmed_at is None


def someone(sandbox: Sandbox, name: str) -> str:
    people = sandbox.crm.get("")["users"]
    return str(next(one["id"] for one in people if one["name"] == name))


@pytest.mark.parametrize("change", [{"removed": True}, {"locationIds": ["second-location"]}])
def test_who_may_not_enter_any_more_is_refused(
    client: FlaskClient, account: Account, sandbox: Sandbox, change: dict[str, Any]
) -> None:
    """The signed context has no date: a captured one must not outlive its user."""
    user = someone(sandbox, "Dana Whitfield")
    sealed = sandbox.crm.post("user-context", user=user, location="demo-location")["payload"]
    assert enter(client, sealed).status_code == 200
    sandbox.crm.post("user-access", user=user, **change)
    later = now() + CONFIRMATION_LASTS
    with time_machine.travel(later, tick=True):
        assert told(enter(client, sealed)) == told(enter(client, "nonsense"))


def test_an_agencys_user_is_held_to_the_locations_open_to_them(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    """The page may say "demo-location"; only the CRM's API says who may be there."""
    for name, status in (("Robin Harbour", 200), ("Noor Haddad", 401)):
        user = someone(sandbox, name)
        sealed = sandbox.crm.post("user-context", user=user, location="demo-location")["payload"]
        assert enter(client, sealed).status_code == status
