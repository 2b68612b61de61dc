"""Events of the CRM: signed or refused, stored once, handled for the location they are about."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import connections
from app.extensions import db
from app.learners import contacts
from app.models import Account, WebhookEvent, acting_for, now
from tests.factories import install_account, make_account
from tests.fixtures.sandbox import Sandbox

ADDRESS = "/api/webhooks/crm"
Send = Callable[..., TestResponse]


@pytest.fixture
def key(app: Flask) -> Ed25519PrivateKey:
    """The CRM's key, as far as the hub is concerned."""
    key = Ed25519PrivateKey.generate()
    app.config["CRM_WEBHOOK_PUBLIC_KEYS"] = [public_half(key)]
    return key


def public_half(key: Ed25519PrivateKey) -> str:
    """As the settings take it."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(public).decode()


@pytest.fixture
def send_raw(client: FlaskClient, key: Ed25519PrivateKey) -> Callable[[bytes], TestResponse]:
    def post(body: bytes) -> TestResponse:
        signature = base64.b64encode(key.sign(body)).decode()
        return client.post(ADDRESS, data=body, headers={"X-GHL-Signature": signature})

    return post


@pytest.fixture
def send(send_raw: Callable[[bytes], TestResponse]) -> Send:
    return lambda **facts: send_raw(json.dumps(facts).encode())


@pytest.fixture
def hear(
    sandbox: Sandbox, send_raw: Callable[[bytes], TestResponse], work: Callable[..., None]
) -> Callable[[], dict[str, str]]:
    """Hands over every message that the sandbox CRM has sent so far, in its very bytes; what came
    of each kind."""

    def hand_over() -> dict[str, str]:
        for delivery in sandbox.crm.get("deliveries")["deliveries"]:
            assert send_raw(delivery["body"].encode()).status_code == 200
        work()
        assert not any(row.owes_work for row in events())
        return {row.kind: row.outcome or "" for row in events()}

    return hand_over


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


def test_what_cannot_be_stored_is_asked_for_again(app: Flask, send: Send) -> None:
    locked = OperationalError("insert", {}, Exception("database is locked"))
    with mock.patch("app.webhooks.storing.insert", side_effect=locked):
        answer = send(type="UNINSTALL", locationId="demo-location", webhookId="w-1")
    assert answer.status_code == 429  # the one status after which every CRM tries again
    assert "Retry-After" in answer.headers
    assert "locked" not in answer.text
    assert send(type="UNINSTALL", locationId="demo-location", webhookId="w-1").status_code == 200
    assert [row.kind for row in events()] == ["UNINSTALL"]


def test_a_location_that_cannot_be_looked_up_is_asked_for_again_too(app: Flask, send: Send) -> None:
    gone = OperationalError("select", {}, Exception("server closed the connection"))
    with mock.patch("app.webhooks.views.account_of", side_effect=gone):
        answer = send(type="UNINSTALL", locationId="demo-location", webhookId="w-1")
    assert answer.status_code == 429


def test_while_the_crm_changes_its_key_both_are_good(
    client: FlaskClient, app: Flask, key: Ed25519PrivateKey
) -> None:
    next_key = Ed25519PrivateKey.generate()
    app.config["CRM_WEBHOOK_PUBLIC_KEYS"] = [
        *app.config["CRM_WEBHOOK_PUBLIC_KEYS"],
        public_half(next_key),
    ]
    body = b'{"type": "SomethingNew"}'
    for signer in (key, next_key):
        signature = base64.b64encode(signer.sign(body)).decode()
        answer = client.post(ADDRESS, data=body, headers={"X-GHL-Signature": signature})
        assert answer.status_code == 200


def test_the_bytes_count_and_not_what_they_mean(
    client: FlaskClient, key: Ed25519PrivateKey
) -> None:
    """The same JSON, written otherwise, was not signed."""
    signature = base64.b64encode(key.sign(b'{"type": "INSTALL", "id": "1"}')).decode()
    for body in (b'{"type":"INSTALL","id":"1"}', b'{"id": "1", "type": "INSTALL"}', b""):
        answer = client.post(ADDRESS, data=body, headers={"X-GHL-Signature": signature})
        assert answer.status_code == 401
    assert not events()


def test_the_older_signature_and_forgeries_are_refused(
    client: FlaskClient, key: Ed25519PrivateKey
) -> None:
    body = b'{"type": "UNINSTALL", "locationId": "demo-location"}'
    right = key.sign(body)
    stranger = base64.b64encode(Ed25519PrivateKey.generate().sign(body)).decode()
    flipped = [
        base64.b64encode(right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :]).decode()
        for at in range(64)
    ]
    for headers in (
        {"X-WH-Signature": base64.b64encode(right).decode()},
        {"X-GHL-Signature": "N/A", "X-WH-Signature": base64.b64encode(right).decode()},
        *({"X-GHL-Signature": each} for each in (stranger, right.hex(), *flipped)),
    ):
        answer = client.post(ADDRESS, data=body, headers=headers)
        assert (answer.status_code, answer.get_json()) == (401, {"status": "Unknown signature"})
    assert not events()


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"UNINSTALL"', b"{", b"\xff\xfe", b'{"Type": "UNINSTALL"}',
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_signed_and_no_event_is_refused(
    send_raw: Callable[[bytes], TestResponse], body: bytes
) -> None:
    assert send_raw(body).status_code == 400
    assert not events()


def test_a_large_body_is_refused(send_raw: Callable[[bytes], TestResponse]) -> None:
    assert send_raw(b"x" * 300_000).status_code == 413


# What the CRM really says


def test_coming_going_and_coming_back(
    app: Flask, sandbox: Sandbox, hear: Callable[[], dict[str, str]]
) -> None:
    account = install_account(sandbox)
    assert hear()["INSTALL"] == "installed"
    assert account.frame_origins == []  # of the sandbox's own address no https page is made
    sandbox.crm.post("uninstall", location="demo-location")
    assert hear()["UNINSTALL"] == "uninstalled from 1 location(s)"
    assert not account.active
    again = install_account(sandbox)
    hear()  # all of it once more, as after a failure of the CRM's own
    db.session.expire_all()
    assert again.id == account.id
    assert again.active
    assert sorted(row.kind for row in events()) == ["INSTALL", "INSTALL", "UNINSTALL"]


def test_a_plan_that_was_chosen_lifts_the_limit(
    app: Flask, sandbox: Sandbox, hear: Callable[[], dict[str, str]]
) -> None:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["sandbox-live"]}
    account = install_account(sandbox)
    sandbox.crm.post("plan", location="demo-location", plan="sandbox-live")
    assert hear()["PLAN_CHANGE"] == "1 account(s) now have their new plan"
    assert account.live


def test_a_plan_is_asked_for_until_the_crm_answers(
    app: Flask, sandbox: Sandbox, send: Send, work: Callable[..., None]
) -> None:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["sandbox-live"]}
    account = install_account(sandbox)
    sandbox.crm.faults(rate_500=1)
    send(type="PLAN_CHANGE", locationId="demo-location", newPlanId="sandbox-live", webhookId="w-1")
    work()
    assert not account.live  # the message's word is not enough
    sandbox.crm.faults()
    work(ahead=timedelta(minutes=2))
    assert not account.live  # nobody chose it
    assert not any(row.owes_work for row in events())


def test_a_contacts_new_name_and_its_end_are_heard_and_echoes_ignored(
    app: Flask, sandbox: Sandbox, hear: Callable[[], dict[str, str]]
) -> None:
    account = install_account(sandbox)
    crm = connections.crm(account)
    contact = crm.search_contacts("zoe")[0]
    with acting_for(account.id):
        learner = contacts.keep(account, crm.contact(contact.id))
        db.session.commit()
    crm.add_tags(contact.id, ["scorm_enrolled"])  # our own writes come back as messages
    crm.update_contact(contact.id, last_name="Lovelace")
    said = hear()
    assert said["ContactTagUpdate"] == "Not of interest"
    assert said["ContactUpdate"] == "Learner brought up to date"
    db.session.expire_all()
    assert learner.last_name == "Lovelace"
    before = sandbox.crm.get("ledger", since=0)["next"]
    assert hear() == said  # stored once: nothing is done, and nobody asked, twice
    assert sandbox.crm.get("ledger", since=before)["entries"] == []
    crm._http.call("DELETE", f"/contacts/{contact.id}")
    assert "was deleted" in hear()["ContactDelete"]


def test_the_address_never_redirects(client: FlaskClient) -> None:
    for path in (ADDRESS, ADDRESS + "/"):
        assert client.post(path, json={}).status_code == 401
    assert client.get(ADDRESS).status_code == 405


# What can be nobody's


@pytest.mark.parametrize(
    "facts",
    [
        {"type": "INSTALL", "locationId": {"a": 1}, "companyId": "demo-company"},
        {"type": "INSTALL", "locationId": ["demo-location"]},
        {"type": "UNINSTALL", "locationId": "..", "companyId": "demo-company"},
        {"type": "UNINSTALL", "locationId": "demo-location\0"},
        {"type": "UNINSTALL", "companyId": {"a": 1}},
        {"type": "ContactUpdate", "locationId": "demo-location", "id": "a\0b"},
        {"type": "ContactDelete", "locationId": "demo-location", "id": "../../users"},
        {"type": "ContactUpdate", "locationId": "x" * 3000, "id": "a"},
        {"type": "PLAN_CHANGE", "locationId": "demo-location", "newPlanId": "\ud800"},
        {"type": "a\0b"},
        {"type": {"a": 1}},
        {"type": "INSTALL", "webhookId": "a\0b"},
        {"type": "INSTALL", "webhookId": ["\ud800"]},
    ],
    ids=lambda facts: ascii(facts)[:60],
)
def test_an_event_about_what_can_be_nothing_is_refused(
    send: Send, app: Flask, sandbox: Sandbox, work: Callable[..., None], facts: dict[str, Any]
) -> None:
    account = install_account(sandbox)
    before = len(sandbox.crm.get("ledger")["entries"])
    answer = send(**facts)
    assert answer.status_code == 400
    assert "Not an event" in answer.text
    work()
    assert not events()
    assert len(sandbox.crm.get("ledger")["entries"]) == before
    db.session.refresh(account)
    assert [one.location_id for one in db.session.scalars(select(Account))] == ["demo-location"]
    assert account.uninstalled_at is None


def test_half_an_emoji_in_a_name_keeps_no_event_out(send: Send, app: Flask) -> None:
    make_account()
    contact = {"type": "ContactUpdate", "locationId": "demo-location", "id": "contact-1"}
    assert send(**contact, firstName="Ada \ud83d", webhookId="w-1").status_code == 200
    assert [event.kind for event in events()] == ["ContactUpdate"]


@pytest.mark.parametrize(
    ("ahead", "status"), [(timedelta(minutes=4), 200), (timedelta(days=1), 401)]
)
def test_an_event_from_the_future_is_refused(
    send: Send,
    app: Flask,
    sandbox: Sandbox,
    work: Callable[..., None],
    ahead: timedelta,
    status: int,
) -> None:
    """Else it would uninstall what is installed until then."""
    account = install_account(sandbox)
    answer = send(
        type="UNINSTALL",
        locationId="demo-location",
        timestamp=(now() + ahead).isoformat(),
        webhookId="w-1",
    )
    assert answer.status_code == status
    work()
    db.session.refresh(account)
    assert (account.uninstalled_at is None) == (status == 401)
