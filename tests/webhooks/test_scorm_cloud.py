"""Postbacks: who may send them, what is stored, and that nothing in them is believed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.models import Account, Completion, Enrollment, WebhookEvent, across_accounts, now
from app.webhooks import handlers
from tests.factories import make_account, make_course, make_enrollment
from tests.fixtures.sandbox import Sandbox

ADDRESS = "/api/webhooks/scorm-cloud"


@pytest.fixture
def account(app: object) -> Account:
    return make_account()


def basic(account: Account, password: str | None = None) -> dict[str, str]:
    pair = f"{account.id}:{password or account.postback_password}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def events() -> list[WebhookEvent]:
    return list(db.session.scalars(select(WebhookEvent)))


def test_a_postback_is_stored_once_however_often_it_comes(
    client: FlaskClient, account: Account
) -> None:
    for _ in range(3):
        answer = client.post(ADDRESS, json={"id": "reg-1"}, headers=basic(account))
        assert answer.status_code == 200
    assert [event.account_id for event in events()] == [account.id]


def test_a_postback_with_form_credentials_is_taken_too(
    client: FlaskClient, account: Account
) -> None:
    for spelling in ("userName", "username"):
        body = {"data": json.dumps({"id": spelling}), "password": account.postback_password}
        assert client.post(ADDRESS, data={**body, spelling: account.id}).status_code == 200
    assert len(events()) == 2


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '"id"', "{}"])
def test_what_is_no_registration_is_refused(
    client: FlaskClient, account: Account, body: str
) -> None:
    answer = client.post(ADDRESS, data=body, headers=basic(account))
    assert answer.status_code == 400
    assert not events()


def test_a_forged_postback_is_refused_and_leaves_nothing(
    client: FlaskClient, account: Account
) -> None:
    for headers in ({}, basic(account, "guessed"), {"Authorization": "Basic %%%"}):
        answer = client.post(ADDRESS, json={"id": "reg-1"}, headers=headers)
        assert answer.status_code == 401
    assert not events()


def test_the_address_never_redirects(client: FlaskClient, account: Account) -> None:
    for path in (ADDRESS, ADDRESS + "/", "/api//webhooks/scorm-cloud"):
        answer = client.post(path, json={"id": "reg-1"}, headers=basic(account))
        assert answer.status_code in (200, 404), path
    assert client.get(ADDRESS).status_code == 405


def test_a_large_body_is_refused(client: FlaskClient, account: Account) -> None:
    answer = client.post(ADDRESS, data=b"x" * 300_000, headers=basic(account))
    assert answer.status_code == 413


def test_what_cannot_be_stored_is_asked_for_again(client: FlaskClient, account: Account) -> None:
    locked = OperationalError("insert", {}, Exception("database is locked"))
    with mock.patch("app.webhooks.storing.insert", side_effect=locked):
        answer = client.post(ADDRESS, json={"id": "reg-1"}, headers=basic(account))
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "locked" not in answer.text


def test_a_lying_body_completes_nobody(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Callable[..., None]
) -> None:
    enrollment = make_enrollment(make_course(account), registered=False)
    client.post(
        ADDRESS,
        json={"id": enrollment.registration_id, "registrationCompletion": "COMPLETED"},
        headers=basic(account),
    )
    work()
    with across_accounts():
        assert db.session.get_one(Enrollment, enrollment.id).completion == Completion.NOT_STARTED
    [event] = events()
    assert event.outcome == "Nothing new"


def test_another_accounts_registration_cannot_be_touched(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Callable[..., None]
) -> None:
    stranger = make_account("second-location", scorm_app_id="SECOND")
    enrollment = make_enrollment(make_course(account))
    client.post(ADDRESS, json={"id": enrollment.registration_id}, headers=basic(stranger))
    work()
    [event] = events()
    assert event.outcome == "About a registration that is not ours"


def test_the_same_words_from_two_accounts_are_two_events(
    client: FlaskClient, account: Account
) -> None:
    """Each account hears of its own registrations, whatever the other one was told."""
    other = make_account("second-location")
    for sender in (account, other, account):
        client.post(ADDRESS, json={"id": "reg-1"}, headers=basic(sender))
    assert {event.account_id for event in events()} == {account.id, other.id}
    assert len(events()) == 2


def test_the_last_postback_is_the_one_that_came_last(account: Account) -> None:
    """Events are handled in any order: a late worker does not turn the clock back."""
    came = [
        WebhookEvent(
            account_id=account.id,
            source="scorm_cloud",
            key=str(minutes),
            kind="",
            body="",
            created_at=now() - timedelta(minutes=minutes),
        )
        for minutes in (30, 5, 20)
    ]
    for event in came:
        handlers.note_postback(event)
    assert account.last_postback_at == came[1].created_at
