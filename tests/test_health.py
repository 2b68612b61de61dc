"""What a scraper is told, and who is not told."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from app.models import now
from tests.factories import make_account, make_course, sign_in

TOKEN = "a-scraper-knows-this"


def ask(client: FlaskClient, authorization: str | None) -> tuple[int, str]:
    headers = {"Authorization": authorization} if authorization else {}
    answer = client.get("/metrics", headers=headers)
    return answer.status_code, answer.text


def test_figures_are_told_to_whoever_knows_the_token(client: FlaskClient, app: Flask) -> None:
    app.config["METRICS_TOKEN"] = TOKEN
    make_course(make_account(), parked_at=now())
    status, figures = ask(client, f"Bearer {TOKEN}")
    assert status == 200
    assert "hub_imports_parked 1\n" in figures
    assert "hub_inbox_owed 0\n" in figures


def test_figures_of_all_accounts_are_told_to_nobody_else(client: FlaskClient, app: Flask) -> None:
    app.config["METRICS_TOKEN"] = TOKEN
    sign_in(client, make_account())
    for given in (None, "Bearer", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}"):
        status, text = ask(client, given)
        assert status == 404, given
        assert "hub_" not in text


def test_without_a_token_the_page_is_closed(client: FlaskClient, app: Flask) -> None:
    app.config["METRICS_TOKEN"] = ""
    for given in (None, "Bearer", "Bearer ", f"Bearer {TOKEN}"):
        assert ask(client, given)[0] == 404, given
