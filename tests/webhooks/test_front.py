"""In front of the pages: which addresses are taken, and what every answer there carries."""

from __future__ import annotations

from unittest import mock

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.webhooks.views import ADDRESSES
from tests.factories import make_account
from tests.webhooks.test_scorm_cloud import basic

POSTBACKS = "/api/webhooks/scorm-cloud"
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_two_addresses_are_taken_and_no_other(client: FlaskClient) -> None:
    assert set(ADDRESSES) == {POSTBACKS, "/api/webhooks/crm"}
    for path in ("/api/webhooks", f"{POSTBACKS}//", f"{POSTBACKS}/more", "/api/webhooks/other"):
        answer = client.post(path, json={"id": "reg-1"})
        assert (answer.status_code, answer.get_json()) == (404, {"error": "The request failed."})


def test_only_post_is_taken(client: FlaskClient) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = client.open(POSTBACKS, method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("given", [{}, {"id": "reg-1"}, []], ids=str)
def test_every_answer_has_the_safe_headers_of_a_page(client: FlaskClient, given: object) -> None:
    account = make_account()
    for headers in ({}, basic(account)):
        answer = client.post(POSTBACKS, json=given, headers=headers)
        assert SAFE.items() <= dict(answer.headers).items()
        assert "Strict-Transport-Security" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_https_is_insisted_on_by_a_header_and_never_by_a_redirect(
    app: Flask, client: FlaskClient
) -> None:
    app.config["SECURE"] = True
    answer = client.post(POSTBACKS, json={"id": "reg-1"}, headers=basic(make_account()))
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(("path", "status"), [(POSTBACKS, 503), ("/api/webhooks/crm", 429)])
def test_unexpected_trouble_is_sent_again_and_says_nothing(
    app: Flask, client: FlaskClient, path: str, status: int
) -> None:
    app.config["CRM_WEBHOOK_PUBLIC_KEYS"] = ["no key"]  # our mistake, not the sender's
    with mock.patch("app.webhooks.senders.may_post", side_effect=KeyError("secret")):
        answer = client.post(path, json={"id": "reg-1"})
    assert (answer.status_code, answer.get_json()) == (status, {"status": "Please send it again"})
    assert answer.headers["Retry-After"] == "10"
