"""The five settings pages: each has its address, and none is open to strangers."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Account

PAGES = ["scorm-cloud", "branding", "account-mode", "custom-objects", "crm-integration"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_its_own_address(client: FlaskClient, account: Account, page: str) -> None:
    answer = client.get(f"/settings/{page}")
    assert answer.status_code == 200
    assert f'href="/settings/{page}" aria-current="page"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_sees_none_of_them(client: FlaskClient, app: Flask, page: str) -> None:
    assert client.get(f"/settings/{page}").status_code == 401


def test_the_bare_address_leads_to_the_first_page(client: FlaskClient, account: Account) -> None:
    assert client.get("/settings").headers["Location"] == "/settings/scorm-cloud"
