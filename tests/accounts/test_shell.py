"""The empty shell that the CRM frames, and who may frame what."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_account, sign_in

IN_FRAME = {"Sec-Fetch-Dest": "iframe"}


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
