"""Nonsense at every address: nothing is broken by it, and it is never an error of the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from app.extensions import db
from app.limits import limiter
from app.models import AdminSession, new_id
from tests.factories import make_account, sign_in
from tests.fixtures.sandbox import Sandbox

FIELDS = (
    "app_id", "ask", "certificates", "contact", "csrf_token", "email", "error", "filename",
    "first_name", "form_token", "from", "last_name", "learner", "location_id", "logo_url", "notes",
    "organization_name", "page", "part", "primary_color", "q", "secret_key", "session_token",
    "show", "size", "sort", "state", "status", "tags", "ticket", "title", "to", "until", "version",
)  # fmt: skip
VALUES = (
    "", "x" * 10_000, "a\0b", "\r\nSet-Cookie: a=b", "<script>alert(1)</script>", "' OR 1=1 --",
    "%", "../../etc/passwd", "💩" * 200, "\u202eevil", "-1", "NaN", "1e309", "9" * 30, "9" * 6000,
    "٣", "2026-13-45", "0001-01-01", "9999-12-31", "javascript:alert(1)",
    "http://169.254.169.254/latest/meta-data/", "https://[::1]:8000/",
)  # fmt: skip
BODIES = (
    b"", b"null", b"true", b"7", b'"text"', b"[]", b"{}", b"{", b"\xff\xfe", b"\0", b"[" * 50_000,
    b'{"a":' * 20_000, b'{"payload": {"a": [1]}, "origin": null, "path": 5, "data": "x"}',
)  # fmt: skip
SIGN_OUT = "accounts.sign_out"
WEBHOOKS = ["/api/webhooks/crm", "/api/webhooks/scorm-cloud"]  # in front of all that has rules


@pytest.fixture(autouse=True)
def unhurried(app: Flask) -> Iterator[None]:
    limiter.enabled = False
    yield
    limiter.enabled = True


@pytest.fixture
def owner(client: FlaskClient, sandbox: Sandbox) -> FlaskClient:
    sign_in(client, make_account())
    return client


def addresses(app: Flask, method: str) -> list[str]:
    """Every address that takes this method, with ids that nobody has."""
    parts = {"kind": "csv", "name": "tags", "table": "crm-effect", "filename": "tokens.css"}

    def built(rule: Rule) -> str:
        found = rule.build({part: parts.get(part) or new_id() for part in rule.arguments})
        assert found
        return found[1]

    rules = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    return sorted([*WEBHOOKS, *(built(rule) for rule in rules if rule.endpoint != SIGN_OUT)])


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_nonsense_in_every_query(owner: FlaskClient, app: Flask, value: str) -> None:
    query = dict.fromkeys(set(FIELDS) - {"ticket"}, value)
    for address in addresses(app, "GET"):
        answer = owner.get(address, query_string=query)
        assert answer.status_code < 500 or address == "/readyz", address
        assert "<script>alert(1)" not in answer.text, address


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_nonsense_in_every_form(owner: FlaskClient, app: Flask, value: str) -> None:
    form = dict.fromkeys(set(FIELDS) - {"csrf_token", "session_token"}, value)
    for address in addresses(app, "POST"):
        answer = owner.post(address, data=form)
        assert answer.status_code < 500, address
        assert "<script>alert(1)" not in answer.text, address
    assert owner.get("/settings/branding").status_code == 200


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body[:20]))
def test_nonsense_as_json(client: FlaskClient, app: Flask, body: bytes) -> None:
    for method in ("POST", "PUT"):
        for address in addresses(app, method):
            headers = {"Content-Type": "application/json", "X-Hub": "1"}
            answer = client.open(address, method=method, data=body, headers=headers)
            assert answer.status_code < 500, address
    assert db.session.scalar(select(func.count(AdminSession.id))) == 0


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_nonsense_as_proof_of_a_session(client: FlaskClient, value: str) -> None:
    make_account()
    answers = [
        client.get("/courses", query_string={"ticket": value}),
        client.post("/tickets", data={"session_token": value}),
    ]
    if value.isprintable() and value.isascii():
        answers.append(client.get("/courses", headers={"Authorization": f"Bearer {value}"}))
    assert {answer.status_code for answer in answers} == {401}
