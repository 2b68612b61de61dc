"""Somebody whom the CRM knows but who stands in no location: what they may choose, and what not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app.accounts import consent, install
from app.accounts.frame import UNKNOWN
from app.accounts.sessions import by_token
from app.clients.crm import User
from app.deployment import setting
from app.extensions import db
from app.limits import limiter
from app.models import Account, AdminSession, Grant, now
from sandbox.crm.user_context import seal
from tests.accounts.test_install import agreed
from tests.factories import install_account, make_account
from tests.fixtures.sandbox import Sandbox

OWNER, HELPER = "Robin Harbour", "Noor Haddad"  # of the agency; the helper is restricted
BOTH, DEMO, SECOND = "Ifeoma Eze", "Dana Whitfield", "Sven Lindqvist"
PLACES = [
    {"location": "demo-location", "name": "Demo Location"},
    {"location": "second-location", "name": "Second Location"},
]
Enter = Callable[..., TestResponse]


@pytest.fixture
def both(app: Flask, sandbox: Sandbox) -> list[Account]:
    """Installed in two locations, in each by somebody who works there."""
    return [install_account(sandbox, place["location"]) for place in PLACES]


@pytest.fixture
def by_the_agency(app: Flask, sandbox: Sandbox) -> list[Account]:
    """Installed by the agency in all of its locations."""
    accounts = install.install(consent.redeem(agreed(sandbox, app, company="demo-company")))
    db.session.commit()
    return accounts


@pytest.fixture
def enter(client: FlaskClient, sandbox: Sandbox) -> Enter:
    """Opens the frame as one of the CRM's people, outside of any location unless `at` names one."""

    def open_frame(name: str, location: str = "", at: str = "") -> TestResponse:
        payload = sandbox.crm.post("user-context", user=user_id(sandbox, name), location=at)
        return send(client, payload["payload"], location)

    return open_frame


def send(client: FlaskClient, payload: str, location: Any = "") -> TestResponse:
    data = {"payload": payload, "origin": setting("CRM_FRAME_ORIGINS")[0], "location": location}
    return client.post("/embed/session", json=data, headers={"X-Hub": "1"})


def user_id(sandbox: Sandbox, name: str) -> str:
    return str(next(one["id"] for one in sandbox.crm.get("")["users"] if one["name"] == name))


def sessions() -> int:
    return db.session.scalar(select(func.count(AdminSession.id))) or 0


def entered(answer: TestResponse) -> str:
    """The location that the answer's token opens."""
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    session = by_token(told["token"])
    assert session is not None
    assert session.account.location_id == told["location"]
    assert session.confirmed_at is not None
    return str(told["location"])


@pytest.mark.parametrize("name", [OWNER, BOTH])
def test_who_may_enter_several_locations_chooses(
    both: list[Account], enter: Enter, client: FlaskClient, name: str
) -> None:
    answer = enter(name)
    assert answer.get_json() == {"choose": PLACES}
    assert "Set-Cookie" not in answer.headers
    assert sessions() == 0
    chosen = enter(name, "second-location")
    assert entered(chosen) == "second-location"
    stranger = client.application.test_client()  # no cookie at all
    token = {"Authorization": f"Bearer {chosen.get_json()['token']}"}
    assert "Second Location" in stranger.get("/courses", headers=token).text
    assert stranger.post("/settings/crm-integration/notes", headers=token).status_code == 200
    db.session.expire_all()
    assert [account.write_notes for account in both] == [True, False]


@pytest.mark.parametrize(
    ("name", "place"),
    [(HELPER, "second-location"), (SECOND, "second-location"), (DEMO, "demo-location")],
)
def test_who_may_enter_one_goes_straight_in_and_nowhere_else(
    both: list[Account], enter: Enter, name: str, place: str
) -> None:
    assert entered(enter(name)) == place
    [other] = {"demo-location", "second-location"} - {place}
    assert enter(name, other).status_code == 401
    assert sessions() == 1


def test_what_is_not_open_is_refused_without_saying_why(
    both: list[Account],
    enter: Enter,
    client: FlaskClient,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limiter, "enabled", False)
    make_account("foreign-location", company_id="another-company")
    make_account("orphan-location", company_id=None)
    make_account("sleeping-location", uninstalled_at=now())
    db.session.commit()
    nowhere = ["no-such-location", "foreign-location", "orphan-location", "sleeping-location"]
    answers = [enter(OWNER, location) for location in [*nowhere, "x" * 500, "a\x00b", "' or 1=1"]]
    answers.append(enter(HELPER, "demo-location"))  # closed to her
    stranger = {"userId": user_id(sandbox, OWNER), "companyId": "another-company"}
    answers.append(send(client, seal(stranger), "demo-location"))
    answers.append(send(client, seal({**stranger, "userId": "nobody"}), "demo-location"))
    answers.append(
        send(client, seal({"userId": "nobody", "companyId": "demo-company"}), "demo-location")
    )
    assert {(one.status_code, one.get_json()["error"]) for one in answers} == {(401, UNKNOWN)}
    assert sessions() == 0


def test_nothing_is_listed_for_whom_the_crm_does_not_know(
    both: list[Account], client: FlaskClient, enter: Enter, sandbox: Sandbox
) -> None:
    for stranger in (
        {"userId": "nobody", "companyId": "demo-company"},
        {"userId": user_id(sandbox, OWNER), "companyId": "another-company"},
    ):
        assert send(client, seal(stranger)).get_json() == {"choose": []}
    removed = seal({"userId": user_id(sandbox, BOTH), "companyId": "demo-company"})
    sandbox.crm.post("user-access", user=user_id(sandbox, BOTH), removed=True)
    assert send(client, removed).get_json() == {"choose": []}
    assert sessions() == 0


def test_where_nothing_is_installed_there_is_nothing_to_choose(
    app: Flask, client: FlaskClient, sandbox: Sandbox, enter: Enter
) -> None:
    assert enter(OWNER).get_json() == {"choose": []}
    account = install_account(sandbox)
    assert entered(enter(OWNER)) == "demo-location"
    install.uninstall(account)
    db.session.commit()
    assert enter(OWNER).get_json() == {"choose": []}


def test_only_our_own_script_may_choose(both: list[Account], client: FlaskClient) -> None:
    data = {"payload": seal({"userId": "x", "companyId": "demo-company"}), "origin": "http://a.b"}
    assert client.post("/embed/session", json=data).status_code == 401


@pytest.mark.parametrize(("name", "location"), [(OWNER, ""), (OWNER, "demo-location"), (DEMO, "")])
def test_while_the_crm_cannot_be_asked_nobody_gets_in(
    both: list[Account], client: FlaskClient, sandbox: Sandbox, name: str, location: str
) -> None:
    payload = seal({"userId": user_id(sandbox, name), "companyId": "demo-company"})
    sandbox.crm.faults(rate_500=1)
    answer = send(client, payload, location)
    assert answer.status_code == 503
    assert "Try again in a minute" in answer.get_json()["error"]
    assert sessions() == 0


def test_the_agencys_word_is_enough(
    by_the_agency: list[Account], enter: Enter, sandbox: Sandbox
) -> None:
    dead = update(Grant).where(Grant.kind == "location").values(refused_at=now(), refusal="No.")
    db.session.execute(dead)
    db.session.commit()
    for name in (OWNER, BOTH):
        assert enter(name).get_json() == {"choose": PLACES}
    assert entered(enter(OWNER, "demo-location")) == "demo-location"
    assert entered(enter(SECOND)) == "second-location"
    assert enter(SECOND, "demo-location").status_code == 401


def test_a_location_that_must_be_reconnected_hides_no_other(
    both: list[Account], enter: Enter
) -> None:
    dead = update(Grant).where(Grant.subject == "demo-location")
    db.session.execute(dead.values(refused_at=now(), refusal="No."))
    db.session.commit()
    assert enter(OWNER).get_json() == {"choose": PLACES}
    unsure = enter(OWNER, "demo-location")
    assert unsure.status_code == 503
    assert "inside the location itself" in unsure.get_json()["error"]
    assert entered(enter(OWNER, "second-location")) == "second-location"
    # somebody whom only the silent location could know
    assert enter(DEMO).status_code == 503


def test_who_loses_access_is_not_renewed(
    both: list[Account], enter: Enter, sandbox: Sandbox
) -> None:
    assert entered(enter(BOTH, "demo-location")) == "demo-location"
    user = user_id(sandbox, BOTH)
    sandbox.crm.post("user-access", user=user, locationIds=["second-location"])
    assert entered(enter(BOTH, "demo-location")) == "demo-location"  # confirmed a moment ago
    db.session.execute(update(AdminSession).values(confirmed_at=now() - timedelta(minutes=16)))
    db.session.commit()
    assert enter(BOTH, "demo-location").status_code == 401
    assert entered(enter(BOTH)) == "second-location"


def test_being_confirmed_lasts_a_quarter_of_an_hour_and_is_not_prolonged(
    both: list[Account], enter: Enter
) -> None:
    enter(OWNER, "demo-location")
    then = now() - timedelta(minutes=14)
    db.session.execute(update(AdminSession).values(confirmed_at=then))
    db.session.commit()
    enter(OWNER, "demo-location")
    assert set(db.session.scalars(select(AdminSession.confirmed_at))) == {then}


def test_in_a_location_there_is_nothing_to_choose(both: list[Account], enter: Enter) -> None:
    answer = enter(OWNER, "second-location", at="demo-location")
    assert entered(answer) == "demo-location"
    assert answer.get_json()["picked"] is False
    assert enter(OWNER, "second-location").get_json()["picked"] is True


@pytest.mark.parametrize(
    ("roles", "own", "foreign"),
    [
        ({"type": "agency", "role": "admin", "locationIds": []}, True, False),
        ({"type": "agency", "role": "user", "locationIds": ["a"]}, True, True),
        ({"type": "agency", "role": "user", "locationIds": ["b"]}, False, False),
        ({"type": "agency", "locationIds": ["b"], "restrictSubAccount": False}, True, False),
        ({"type": "agency", "locationIds": [], "restrictSubAccount": True}, False, False),
        ({"type": "account", "role": "admin", "locationIds": []}, False, False),
        ({"type": "account", "role": "user", "locationIds": ["a"]}, True, True),
        ({}, False, False),
    ],
)
def test_who_may_enter_follows_from_the_roles_the_crm_gives(
    roles: dict[str, Any], own: bool, foreign: bool
) -> None:
    user = User.parse({"id": "u", "roles": roles})
    assert user.may_enter("a", of_their_agency=True) is own
    assert user.may_enter("a", of_their_agency=False) is foreign
    removed = User.parse({"id": "u", "roles": roles, "deleted": True})
    assert not removed.may_enter("a", of_their_agency=True)
