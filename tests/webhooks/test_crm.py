"""Events of the CRM: signed or refused, stored once, handled for the location they are about."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import Account, WebhookEvent
from tests.factories import make_account

ADDRESS = "/api/webhooks/crm"
Send = Callable[..., TestResponse]


@pytest.fixture
def key(app: Flask) -> Ed25519PrivateKey:
    """The CRM's key, as far as the hub is concerned."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    app.config["CRM_WEBHOOK_PUBLIC_KEYS"] = [base64.b64encode(public).decode()]
    return key


@pytest.fixture
def send(client: FlaskClient, key: Ed25519PrivateKey) -> Send:
    def post(**facts: Any) -> TestResponse:
        body = json.dumps(facts).encode()
        signature = base64.b64encode(key.sign(body)).decode()
        return client.post(ADDRESS, data=body, headers={"X-GHL-Signature": signature})

    return post


def events() -> list[WebhookEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(WebhookEvent).order_by(WebhookEvent.created_at)))


def test_a_signed_event_is_stored_once_for_its_account(app: Flask, send: Send) -> None:
    account = make_account()
    event = {"type": "ContactUpdate", "locationId": "demo-location", "webhookId": "w-1", "id": "c"}
    for _ in range(3):
        assert send(**event).status_code == 200
    assert [(row.account_id, row.kind) for row in events()] == [(account.id, "ContactUpdate")]


def test_events_without_an_id_of_their_own_are_told_apart_by_their_content(
    app: Flask, send: Send
) -> None:
    make_account()
    for contact in ("c-1", "c-2", "c-2"):
        send(type="ContactDelete", locationId="demo-location", webhookId=None, id=contact)
    assert len(events()) == 2


@pytest.mark.parametrize("signature", ["", "guessed", "é", base64.b64encode(b"x" * 64).decode()])
def test_what_is_not_signed_is_refused(
    client: FlaskClient, key: Ed25519PrivateKey, signature: str
) -> None:
    headers = {"X-GHL-Signature": signature.encode("latin-1").decode("latin-1")}
    answer = client.post(ADDRESS, json={"type": "UNINSTALL"}, headers=headers)
    assert answer.status_code == 401
    assert not events()


def test_a_changed_body_is_refused(client: FlaskClient, key: Ed25519PrivateKey) -> None:
    signature = base64.b64encode(key.sign(b'{"type": "INSTALL"}')).decode()
    headers = {"X-GHL-Signature": signature}
    answer = client.post(ADDRESS, data=b'{"type": "UNINSTALL"}', headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize("facts", [{}, {"locationId": "demo-location"}])
def test_what_is_no_event_is_refused(send: Send, facts: dict[str, str]) -> None:
    assert send(**facts).status_code == 400
    assert not events()


def test_a_location_that_nobody_knows_and_an_unknown_kind_do_no_harm(
    send: Send, work: Callable[..., None]
) -> None:
    assert send(type="ContactUpdate", locationId="nobody", id="c").status_code == 200
    assert send(type="SomethingNew", locationId=None).status_code == 200
    work()
    assert not any(row.owes_work for row in events())
    assert db.session.query(Account).count() == 0


def test_the_address_never_redirects(client: FlaskClient) -> None:
    for path in (ADDRESS, ADDRESS + "/"):
        assert client.post(path, json={}).status_code == 401
    assert client.get(ADDRESS).status_code == 405
