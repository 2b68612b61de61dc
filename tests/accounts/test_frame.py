"""Into the CRM's frame, from the server's side: who gets in, and with what."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.accounts import sessions as sessions_verbs
from app.accounts import tokens
from app.accounts.sessions import CONFIRMATION_LASTS
from app.deployment import crm_app, setting
from app.extensions import db
from app.limits import limiter
from app.models import Account, AdminSession, now
from tests.accounts.test_install import agreed
from tests.factories import make_account
from tests.fixtures.sandbox import Sandbox

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


def crm_origin() -> str:
    """Where the sandbox's desktop is, for a browser."""
    return str(setting("CRM_FRAME_ORIGINS")[0])


def enter(client: FlaskClient, payload: str, **more: Any) -> TestResponse:
    data = {"payload": payload, "origin": crm_origin(), **more}
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
    assert f"frame-ancestors {crm_origin()}" in page.headers["Content-Security-Policy"]
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
        answers.add(told(enter(client, good, origin="https://evil.example")))
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
    data = {"payload": payload("demo-location"), "origin": crm_origin()}
    assert client.post("/embed/session", json=data).status_code == 401


def test_guessing_is_slowed_down(client: FlaskClient, account: Account, payload: Payload) -> None:
    answers = [enter(client, "nonsense") for _ in range(12)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert "Please wait" in answers[-1].get_json()["error"]
    assert int(answers[-1].headers["Retry-After"]) <= 60


def test_guesses_of_others_behind_the_same_address_keep_nobody_out(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    for _ in range(20):
        enter(client, "nonsense")
    for _ in range(20):
        assert enter(client, payload("demo-location")).status_code == 200
    for _ in range(20):  # decrypts, but the app is not installed there: no guess
        assert enter(client, payload("second-location")).status_code == 401


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


def test_only_the_accounts_own_addresses_of_the_crm_may_frame_its_pages(
    client: FlaskClient, app: Flask, account: Account, payload: Payload
) -> None:
    app.config["CRM_FRAME_ORIGINS"] = ["https://*.crm.example", "http://crm.localhost:*"]
    account.frame_origins = ["https://crm.agency.example"]
    for origin, status in (
        ("https://app.crm.example", 200),
        ("https://eu.app.crm.example", 200),
        ("http://crm.localhost:8123", 200),
        ("https://crm.agency.example", 200),
        ("https://crm.example", 401),
        ("http://app.crm.example", 401),
        ("https://app.crm.example:8443", 401),
        ("https://evilcrm.example", 401),
        ("https://crm.other-agency.example", 401),
        ("https://app.crm.example.evil.example", 401),
    ):
        answer = enter(client, payload("demo-location"), origin=origin)
        assert answer.status_code == status, origin


def test_a_captured_context_is_worth_nothing_after_a_quarter_of_an_hour(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    """A page that is loaded again brings a new one; the CRM may also give the same one twice."""
    captured = payload("demo-location")
    assert enter(client, captured).status_code == 200
    assert enter(client, captured).status_code == 200
    for later in (timedelta(minutes=16), timedelta(days=300)):
        with time_machine.travel(now() + later, tick=True):
            sessions_verbs.forget_old()
            db.session.commit()
            assert told(enter(client, captured)) == told(enter(client, "nonsense"))
            assert enter(client, payload("demo-location")).status_code == 200


def test_a_context_that_was_refused_ages_too(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    captured = payload("demo-location")
    assert enter(client, captured, origin="https://evil.example").status_code == 401
    with time_machine.travel(now() + timedelta(minutes=16), tick=True):
        assert enter(client, captured).status_code == 401


def test_the_frames_cookie_opens_nothing_for_another_site(
    client: FlaskClient, account: Account, payload: Payload
) -> None:
    enter(client, payload("demo-location"))
    for site, status in (("same-origin", 200), ("none", 200), ("cross-site", 401), ("", 401)):
        headers = {"Sec-Fetch-Site": site} if site else {}
        assert client.get("/settings/branding", headers=headers).status_code == status, site


# Whom the CRM has removed


def signed_in(client: FlaskClient, payload: Payload) -> dict[str, str]:
    return bearer(enter(client, payload("demo-location")))


@pytest.mark.parametrize("change", [{"removed": True}, {"locationIds": ["second-location"]}])
def test_a_removed_user_keeps_no_session_for_longer_than_15_minutes(
    client: FlaskClient, account: Account, sandbox: Sandbox, app: Flask, change: dict[str, Any]
) -> None:
    user = someone(sandbox, "Dana Whitfield")
    sealed = sandbox.crm.post("user-context", user=user, location="demo-location")["payload"]
    header = bearer(enter(client, sealed))
    ticket = client.post("/tickets", json={"path": "/tab"}, headers=header).get_json()["ticket"]
    tab = app.test_client()
    assert tab.get(f"/tab?ticket={ticket}").status_code == 302
    sandbox.crm.post("user-access", user=user, **change)
    assert tab.get("/settings/branding").status_code == 200
    with time_machine.travel(now() + timedelta(minutes=15), tick=True):
        frame = app.test_client().get("/settings/branding", headers=header)
        assert frame.status_code == tab.get("/settings/branding").status_code == 401
        assert (
            db.session.scalars(select(AdminSession).where(AdminSession.ended_at.is_(None))).all()
            == []
        )


def test_who_is_still_there_is_asked_about_once_in_15_minutes(
    client: FlaskClient, account: Account, payload: Payload, sandbox: Sandbox
) -> None:
    header = signed_in(client, payload)
    for minutes in (14, 16, 20, 29, 32):
        with time_machine.travel(now() + timedelta(minutes=minutes), tick=True):
            for _ in range(3):
                assert client.get("/settings/branding", headers=header).status_code == 200
    asked = [
        one for one in sandbox.crm.get("ledger")["entries"] if one["path"].startswith("/users/")
    ]
    assert len(asked) == 3, "at the door, after 16 minutes, after 32"


def test_while_the_crm_cannot_be_asked_who_was_in_stays_in_for_two_hours(
    client: FlaskClient, account: Account, payload: Payload, sandbox: Sandbox
) -> None:
    header = signed_in(client, payload)
    start = now()
    sandbox.crm.faults(rate_500=1)
    for minutes, status in ((16, 200), (44, 200), (72, 200), (100, 200), (119, 200), (121, 401)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            answer = client.get("/settings/branding", headers=header)
            assert answer.status_code == status, minutes
    sandbox.crm.faults()
    with time_machine.travel(start + timedelta(minutes=123), tick=True):
        assert client.get("/settings/branding", headers=header).status_code == 200


def test_an_outage_of_the_crm_is_felt_once_a_minute(
    client: FlaskClient, account: Account, payload: Payload, sandbox: Sandbox
) -> None:
    header = signed_in(client, payload)
    sandbox.crm.faults(rate_500=1)
    before = len(sandbox.crm.get("ledger")["entries"])
    with time_machine.travel(now() + timedelta(minutes=20), tick=True):
        for _ in range(10):
            assert client.get("/settings/branding", headers=header).status_code == 200
    assert len(sandbox.crm.get("ledger")["entries"]) <= before + 1
