"""One-time tickets, for downloads and tabs that carry no session header."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from tests.factories import make_account, sign_in


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


@pytest.mark.parametrize(
    "path", [None, "", "https://evil.example/", 5, "/" + "x" * 600, "//[", "//evil.example/a"]
)
def test_a_ticket_is_for_our_own_addresses(client: FlaskClient, path: Any) -> None:
    sign_in(client, make_account())
    assert client.post("/tickets", json={"path": path}).status_code == 422


def test_looking_ahead_uses_no_ticket_up(client: FlaskClient, app: Flask) -> None:
    """Mail scanners and browsers ask for the head of a link before somebody opens it."""
    sign_in(client, make_account())
    stranger = app.test_client()
    for path in ("/settings/branding", "/tab"):
        code = ticket(client, path)
        for method in ("HEAD", "OPTIONS"):
            head = stranger.open(f"{path}?ticket={code}", method=method)
            assert "Set-Cookie" not in head.headers, "nobody is signed in by it"
        assert stranger.get(f"{path}?ticket={code}").status_code in (200, 302)


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
