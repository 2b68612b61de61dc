"""Browsers are sent on to https; whoever would lose something by it is answered."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient


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
