"""Custom Objects and CRM Integration, as their pages offer them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Account
from tests.fixtures.sandbox import Sandbox


@pytest.mark.parametrize(
    ("name", "attribute"),
    [("tags", "sync_tags"), ("notes", "write_notes"), ("course-tags", "course_tags")],
)
def test_switches_are_saved_at_once_and_apart(
    client: FlaskClient, account: Account, name: str, attribute: str
) -> None:
    others = {"sync_tags", "write_notes", "course_tags"} - {attribute}
    before = {other: getattr(account, other) for other in others}
    for on in (False, True):
        data = {name: "on"} if on else {}
        headers = {"HX-Request": "true"}
        answer = client.post(f"/settings/crm-integration/{name}", data=data, headers=headers)
        assert f'id="switch-{name}"' in answer.text
        assert "Saved" in answer.text
        assert getattr(account, attribute) is on
    assert {other: getattr(account, other) for other in others} == before
    assert client.post("/settings/crm-integration/other").status_code == 404


def test_provisioning_makes_everything_once(
    client: FlaskClient, app: Flask, sandbox: Sandbox, work: Any
) -> None:
    from tests.accounts.test_install import agreed, come_back, started

    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    client.environ_base["HTTP_X_CSRFTOKEN"] = csrf(client)
    assert "Missing" in client.get("/settings/custom-objects").text
    assert "Provision Now" in client.post("/settings/custom-objects").text
    work()
    first = sandbox.crm.effects("schema_created")
    page = client.get("/settings/custom-objects").text
    assert len(first) == len(sandbox.crm.effects("schema_created"))
    assert "Everything is there" in page or "by hand" in page


def csrf(client: FlaskClient) -> str:
    found = re.search(r'"X-CSRFToken": "([^"]+)"', client.get("/settings/branding").text)
    assert found
    return found[1]
