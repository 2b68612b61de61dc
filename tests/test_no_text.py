"""Zero bytes, half characters and impossible ids at every address: refused, and nobody outside is
asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.cookies import FRAME, TAB
from app.clients.http import OutsideError, part
from app.enrollments.passes import COOKIE
from app.extensions import db
from app.limits import limiter
from app.models import Account, Enrollment, Learner, across_accounts
from tests.factories import install_account, make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.test_bad_input import SIGN_OUT, WEBHOOKS

NO_IDS = ("..", ".", "a/b", "../../users", "x" * 3000, "a\\b", "a\rb", "a\0b", "\ud800", "")
OPEN = {"e", "install"}  # need no session, so a wrong proof of one does not matter


@pytest.fixture(autouse=True)
def unhurried(app: Flask) -> Iterator[None]:
    limiter.enabled = False
    yield
    limiter.enabled = True


@pytest.fixture
def account(app: Flask, sandbox: Sandbox) -> Account:
    """Both systems answer for it, so that whatever is asked of them is seen."""
    return install_account(sandbox)


@pytest.fixture
def owner(client: FlaskClient, account: Account) -> FlaskClient:
    sign_in(client, account)
    return client


@pytest.fixture
def places(app: Flask, account: Account) -> dict[str, str]:
    """Ids that exist, by the names that addresses give them."""
    course = make_course(account)
    enrollment = make_enrollment(course)
    db.session.commit()
    assert course.link
    return {
        "course_id": course.id,
        "enrollment_id": enrollment.id,
        "learner_id": enrollment.learner_id,
        "token": course.link.token,
    }


def asked_outside(sandbox: Sandbox) -> int:
    systems = (sandbox.crm, sandbox.cloud)
    return sum(len(system.get("ledger", since=0)["entries"]) for system in systems)


def addresses(app: Flask, method: str, places: dict[str, str], bad: str = "") -> Iterator[str]:
    """Every address that takes the method, with ids that exist; given `bad`, only those with an
    id, with it in its place."""
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint in (SIGN_OUT, "static"):
            continue
        if bad and not rule.arguments:
            continue
        parts = {name: bad or places.get(name, "csv") for name in rule.arguments}
        address = rule.rule
        for name, value in parts.items():
            for kind in ("", "path:", "string:"):
                address = address.replace(f"<{kind}{name}>", value)
        yield address


def refused(answer: TestResponse, address: str) -> None:
    assert 400 <= answer.status_code < 500, (address, answer.status_code)
    assert answer.text.strip() or answer.status_code == 405, "says why"


BAD = {"a zero byte": "a%00b", "nothing but one": "%00"}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_in_the_query(
    owner: FlaskClient, app: Flask, places: dict[str, str], sandbox: Sandbox, bad: str
) -> None:
    before = asked_outside(sandbox)
    for method in ("GET", "HEAD", "POST"):
        for address in addresses(app, method, places):
            for query in (f"q={bad}", f"{bad}=x"):
                answer = owner.open(f"{address}?{query}", method=method)
                assert 400 <= answer.status_code < 500, address
    assert asked_outside(sandbox) == before


@pytest.mark.parametrize("bad", ["a%00b", "%00", "a%ED%A0%80b%00"])
def test_in_the_path(
    owner: FlaskClient, app: Flask, places: dict[str, str], sandbox: Sandbox, bad: str
) -> None:
    before = asked_outside(sandbox)
    for method in ("GET", "POST", "PUT"):
        for address in addresses(app, method, places, bad):
            refused(owner.open(address, method=method), address)
    assert asked_outside(sandbox) == before


@pytest.mark.parametrize("bad", ["..", "a%2Fb", "x" * 3000, "%ED%A0%80", "💩"])
def test_ids_that_nobody_has(
    owner: FlaskClient, app: Flask, places: dict[str, str], sandbox: Sandbox, bad: str
) -> None:
    before = asked_outside(sandbox)
    for method in ("GET", "POST"):
        for address in addresses(app, method, places, bad):
            assert owner.open(address, method=method).status_code < 500, address
    assert asked_outside(sandbox) == before


@pytest.mark.parametrize("field", ["contact", "email", "session_token", "whatever"])
def test_in_a_form(
    owner: FlaskClient, app: Flask, places: dict[str, str], sandbox: Sandbox, field: str
) -> None:
    before = asked_outside(sandbox)
    for address in addresses(app, "POST", places):
        answer = owner.post(address, data={field: "a\0b"})
        if field != "session_token" or address.split("/")[1] not in OPEN:
            refused(answer, address)
        refused(owner.post(address, data={f"{field}\0": "a"}), address)
    assert asked_outside(sandbox) == before


def test_in_a_form_with_files(owner: FlaskClient, places: dict[str, str], app: Flask) -> None:
    for address in addresses(app, "POST", places):
        form = {"organization_name": "a\0b", "primary_color": "#112233", "csrf_token": "x"}
        answer = owner.post(address, data=form, content_type="multipart/form-data")
        assert answer.status_code < 500, address
    form = {"organization_name": "a\0b", "primary_color": "#112233"}
    answer = owner.post("/settings/branding", data=form, content_type="multipart/form-data")
    refused(answer, "/settings/branding")


@pytest.mark.parametrize("bad", ["a\0b", "a\ud800b", "\udfff"], ids=ascii)
def test_in_json(
    client: FlaskClient, account: Account, places: dict[str, str], sandbox: Sandbox, bad: str
) -> None:
    session = sign_in(client, account)
    assert session
    before = asked_outside(sandbox)
    secret = {"X-Workflow-Secret": client.application.config["CRM_WORKFLOW_SECRET"]}
    for address, body in (
        ("/tickets", {"path": f"/courses/{bad}"}),
        ("/embed/session", {"payload": bad, "origin": "http://a.b"}),
        ("/embed/session", {"payload": "a", "origin": "http://a.b", "location": bad}),
        ("/courses/uploads", {"filename": bad, "size": 5}),
        ("/api/workflows/actions/enroll", {"extras": {"locationId": bad, "contactId": bad}}),
        ("/api/workflows/triggers", {"extras": {"locationId": "demo-location"}, bad: [{bad: bad}]}),
        ("/api/workflows/courses", {"extras": {"locationId": bad}}),
    ):
        headers = {"X-Hub": "1", "Content-Type": "application/json", **secret}
        answer = client.post(address, data=json.dumps(body), headers=headers)
        refused(answer, address)
    assert asked_outside(sandbox) == before


@pytest.mark.parametrize("name", [TAB, FRAME, COOKIE])
def test_in_a_cookie(app: Flask, account: Account, places: dict[str, str], name: str) -> None:
    """Within quotes a cookie may hold any byte, written as a number."""
    for method in ("GET", "POST"):
        for address in addresses(app, method, places):
            browser = app.test_client(use_cookies=False)
            headers = {"Cookie": f'{name}="a\\000b"', "Sec-Fetch-Site": "same-origin"}
            refused(browser.open(address, method=method, headers=headers), address)


@pytest.mark.parametrize("name", ["Authorization", "X-CSRFToken", "HX-Target"])
def test_in_a_header(app: Flask, places: dict[str, str], name: str) -> None:
    browser = app.test_client()
    for address in addresses(app, "GET", places):
        answer = browser.get(
            address, environ_base={f"HTTP_{name.upper().replace('-', '_')}": "a\0"}
        )
        refused(answer, address)


@pytest.mark.parametrize("contact", NO_IDS, ids=ascii)
def test_a_contact_that_can_be_none_is_not_asked_for(
    owner: FlaskClient, places: dict[str, str], sandbox: Sandbox, contact: str
) -> None:
    before = asked_outside(sandbox)
    address = f"/courses/{places['course_id']}/enrollments"
    body = f"contact={quote(contact, errors='surrogatepass')}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = owner.post(address, data=body, headers={**form, "HX-Request": "true"})
    assert answer.status_code in (400, 404, 422)
    if answer.status_code == 404:
        assert "no longer in your CRM" in answer.headers["HX-Trigger"]
    assert asked_outside(sandbox) == before
    with across_accounts():
        assert db.session.query(Learner).count() == db.session.query(Enrollment).count() == 1


@pytest.mark.parametrize("query", ["x" * 3000, "a\0b", "x" * 76])
def test_a_search_that_can_find_nothing_asks_nobody(
    owner: FlaskClient, places: dict[str, str], sandbox: Sandbox, query: str
) -> None:
    before = asked_outside(sandbox)
    page = f"/courses/{places['course_id']}"
    fragment = owner.get(f"{page}/contacts?q={quote(query)}", headers={"HX-Request": "true"})
    whole = owner.get(f"{page}?contact={quote(query)}")
    assert {fragment.status_code, whole.status_code} <= {200, 400}
    assert asked_outside(sandbox) == before


@pytest.mark.parametrize("identifier", NO_IDS, ids=ascii)
def test_no_client_puts_it_into_a_path(identifier: str) -> None:
    with pytest.raises(OutsideError) as trouble:
        part(identifier)
    assert trouble.value.is_gone
    assert not trouble.value.can_retry


# Webhooks, which come in by a door of their own


def basic(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode(errors="surrogatepass")).decode()
    return {"Authorization": f"Basic {pair}"}


@pytest.mark.parametrize("user", ["a\0b", "\0", "\ud800", "x" * 3000, "..", "💩"], ids=ascii)
def test_a_postback_from_a_name_that_can_be_nobodys(client: FlaskClient, user: str) -> None:
    body = {"id": "registration"}
    answers = [
        client.post(WEBHOOKS[1], json=body, headers=basic(user, "word")),
        client.post(
            WEBHOOKS[1], data={"data": json.dumps(body), "userName": user.encode(errors="replace")}
        ),
        client.post(WEBHOOKS[1], json=body, headers=basic("a" * 32, user)),
    ]
    assert {answer.status_code for answer in answers} == {401}


@pytest.mark.parametrize(
    "registration", ["a\0b", "\ud800", "x" * 3000, "", None, 5, {"a": 1}, ["a"]], ids=ascii
)
def test_a_postback_about_a_registration_that_can_be_none(
    client: FlaskClient, account: Account, registration: Any
) -> None:
    proof = basic(account.id, account.postback_password)
    body = json.dumps({"id": registration})
    answer = client.post(WEBHOOKS[1], data=body, headers={**proof, "Content-Type": "text/json"})
    assert answer.status_code == 400
    assert "Not a registration" in answer.text
