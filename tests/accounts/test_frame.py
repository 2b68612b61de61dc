"""The session in the CRM's frame, from the server's side: who gets in, and with what."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app.accounts import install, tokens
from app.accounts.cookies import TAB
from app.accounts.sessions import CONFIRMATION_LASTS, forget_old, open_session
from app.deployment import crm_app, setting
from app.extensions import db
from app.limits import limiter
from app.models import Account, AdminSession, OAuthState, SessionKind, Ticket, now
from tests.accounts.test_install import agreed
from tests.factories import make_account, make_course, sign_in
from tests.fixtures.sandbox import Sandbox

CRM = "http://crm.localhost:8001"
IN_FRAME = {"Sec-Fetch-Dest": "iframe"}
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


@pytest.mark.parametrize("kind", SessionKind)
@pytest.mark.parametrize(
    ("created", "seen", "status"),
    [
        (timedelta(hours=7), timedelta(minutes=29), 200),
        (timedelta(hours=7), timedelta(minutes=31), 401),
        (timedelta(hours=9), timedelta(minutes=1), 401),
    ],
)
def test_a_session_ends_by_itself(
    client: FlaskClient, kind: SessionKind, created: timedelta, seen: timedelta, status: int
) -> None:
    """Unused for half an hour, or eight hours old however much it is used."""
    session, token = open_session(make_account(), kind, "user-1")
    session.created_at, session.seen_at = now() - created, now() - seen
    headers = {}
    if kind == SessionKind.FRAME:
        headers = {"Authorization": f"Bearer {token}"}
    else:
        client.set_cookie(TAB, token, domain="hub.localhost")
    assert client.get("/settings/branding", headers=headers).status_code == status


def test_what_ended_long_ago_is_forgotten(client: FlaskClient) -> None:
    account = make_account()
    old = sign_in(client, account)
    ticket(client, "/settings/branding")
    client.get("/install")
    young = sign_in(client, account)
    old.created_at = now() - timedelta(days=8)
    db.session.execute(update(OAuthState).values(created_at=now() - timedelta(days=8)))
    forget_old()
    db.session.commit()
    assert db.session.scalars(select(AdminSession.id)).all() == [young.id]
    assert db.session.scalar(select(func.count(Ticket.id))) == 0
    assert db.session.scalar(select(func.count(OAuthState.id))) == 0
    assert client.get("/settings/branding").status_code == 200


def test_being_there_keeps_a_session_alive(client: FlaskClient) -> None:
    session = sign_in(client, make_account())
    session.seen_at = before = now() - timedelta(minutes=20)
    client.get("/settings/branding")
    assert session.seen_at > before


# The shell


def test_the_shell_is_empty_and_framed_by_the_crm_only(client: FlaskClient, app: Flask) -> None:
    make_account(frame_origins=["https://crm.agency.example"], name="Secret name")
    page = client.get("/embed?location_id=demo-location")
    policy = page.headers["Content-Security-Policy"]
    ancestors = policy.partition("frame-ancestors ")[2]
    assert ancestors.split() == [*app.config["CRM_FRAME_ORIGINS"], "https://crm.agency.example"]
    assert "Secret name" not in page.text
    assert "unsafe" not in policy
    unknown = client.get("/embed?location_id=nobody").headers["Content-Security-Policy"]
    assert unknown.endswith(" https:")


@pytest.mark.parametrize("address", ["/courses", "/reports", "/settings/branding", "/courses/abc"])
def test_a_page_inside_a_frame_signs_in_by_itself(
    client: FlaskClient, app: Flask, address: str
) -> None:
    sign_in(client, make_account())  # whatever cookie is there
    page = client.get(address, headers=IN_FRAME)
    assert page.status_code == 200
    assert f'data-destination="{address}"' in page.text
    assert client.get(address).status_code != 401


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/embed?x",
    ],
)
def test_the_shell_leads_nowhere_else(client: FlaskClient, to: str) -> None:
    page = client.get("/embed", query_string={"to": to})
    assert 'data-destination="/courses"' in page.text


def test_pages_in_a_tab_may_not_be_framed(client: FlaskClient) -> None:
    for address in ("/", "/oauth/callback?error=access_denied", "/courses"):
        policy = client.get(address).headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'none'"), address


def test_signed_out_in_a_tab_a_page_says_so(client: FlaskClient) -> None:
    answer = client.get("/courses", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "Connect Your CRM Account" in answer.text


# Tickets


def ticket(client: FlaskClient, path: str) -> str:
    return str(client.post("/tickets", json={"path": path}).get_json()["ticket"])


def test_a_ticket_opens_one_address_once(client: FlaskClient, app: Flask) -> None:
    sign_in(client, make_account())
    code = ticket(client, "/settings/branding")
    stranger = app.test_client()
    assert stranger.get(f"/settings/scorm-cloud?ticket={code}").status_code == 401
    assert stranger.get(f"/settings/branding?ticket={code}").status_code == 200
    assert stranger.get(f"/settings/branding?ticket={code}").status_code == 401
    assert stranger.get("/settings/branding").status_code == 401


def test_a_ticket_lives_a_minute_and_never_writes(client: FlaskClient, app: Flask) -> None:
    account = make_account()
    sign_in(client, account)
    code = ticket(client, "/settings/branding")
    stranger = app.test_client()
    assert stranger.post(f"/settings/branding?ticket={code}").status_code == 401
    db.session.execute(db.text("update tickets set created_at = '2020-01-01 00:00:00'"))
    assert stranger.get(f"/settings/branding?ticket={code}").status_code == 401


@pytest.mark.parametrize("path", [None, "", "https://evil.example/", 5, "/" + "x" * 600])
def test_a_ticket_is_for_our_own_addresses(client: FlaskClient, path: Any) -> None:
    sign_in(client, make_account())
    assert client.post("/tickets", json={"path": path}).status_code == 422


def test_out_of_the_frame_by_a_ticket(client: FlaskClient, app: Flask) -> None:
    sign_in(client, make_account())
    stranger = app.test_client()
    answer = stranger.get(f"/tab?ticket={ticket(client, '/tab')}&to=//evil.example")
    assert (answer.status_code, answer.location) == (302, "/courses")
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert stranger.get("/settings/branding").status_code == 200
    crossing = {"Sec-Fetch-Site": "cross-site"}
    code = ticket(client, "/tab")
    assert stranger.get(f"/tab?ticket={code}", headers=crossing).status_code == 403


def test_a_form_without_its_token_is_refused_and_changes_nothing(client: FlaskClient) -> None:
    account = make_account()
    sign_in(client, account)
    client.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert client.post("/settings/crm-integration/notes").status_code == 403
    assert account.write_notes is True
    page = client.get("/settings/crm-integration").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    assert client.post("/settings/crm-integration/notes", data={"csrf_token": found[1]})
    db.session.expire_all()
    assert account.write_notes is False


def test_uninstalling_ends_every_session(client: FlaskClient) -> None:
    account = make_account()
    sign_in(client, account)
    make_course(account)
    assert client.get("/settings/branding").status_code == 200
    install.uninstall(account)
    assert client.get("/settings/branding").status_code == 401


# Plain http


@pytest.mark.parametrize(
    ("path", "status"),
    [("/courses?q=a", 308), ("/", 308), ("/healthz", 200), ("/api/webhooks/scorm-cloud", 405)],
)
def test_plain_http_is_sent_on_except_where_that_would_lose_something(
    client: FlaskClient, app: Flask, path: str, status: int
) -> None:
    app.config |= {"SECURE": True, "PUBLIC_URL": "https://hub.example"}
    answer = client.get(path, base_url="http://hub.example")
    assert answer.status_code == status
    if status == 308:
        assert answer.location == f"https://hub.example{path}"
    assert client.get("/docs", base_url="https://hub.example").status_code == 200
