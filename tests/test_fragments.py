"""A part of a page never stands alone in the browser's window.

htmx asks for parts and puts them where they belong. Whoever comes to the same address without it,
by Enter, with scripts blocked or from a bookmark, finds a whole page or the way to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models import Account
from tests.factories import install_account, make_account, make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.test_tenancy import METHODS, address, belongings, guarded

HTMX = {"HX-Request": "true"}


@pytest.fixture
def account(client: FlaskClient) -> Account:
    account = make_account()
    sign_in(client, account)
    return account


def whole(answer: TestResponse) -> bool:
    """Whether a browser that shows just this shows a page (or no HTML at all)."""
    if answer.mimetype != "text/html" or 300 <= answer.status_code < 400:
        return True
    return answer.text.lstrip().lower().startswith("<!doctype html>")


def every_answer(
    client: FlaskClient, app: Flask, account: Account, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, TestResponse]]:
    """Each address of the signed-in pages by each of its methods, with rows of its own."""
    for number, rule in enumerate(guarded(app)):
        mine = belongings(account, f"Course {number}")
        for method in sorted(set(METHODS) & (rule.methods or set()) - {"HEAD"}):
            yield (
                f"{method} {rule}",
                client.open(address(rule, mine), method=method, headers=headers),
            )
        if client.get("/courses").status_code != 200:
            sign_in(client, account)  # that was signing out


def test_no_address_shows_a_bare_fragment(
    client: FlaskClient, app: Flask, account: Account, sandbox: Sandbox
) -> None:
    answers = dict(every_answer(client, app, account))
    assert len(answers) > 40
    assert [name for name, answer in answers.items() if not whole(answer)] == []


def test_a_boosted_visit_gets_a_whole_page_too(
    client: FlaskClient, app: Flask, account: Account, sandbox: Sandbox
) -> None:
    boosted = HTMX | {"HX-Boosted": "true"}
    answers = dict(every_answer(client, app, account, boosted))
    assert [name for name, answer in answers.items() if not whole(answer)] == []


def test_htmx_is_never_sent_to_another_site(
    client: FlaskClient, app: Flask, account: Account, sandbox: Sandbox
) -> None:
    """It would ask there in the background, where the content policy refuses it."""
    for name, answer in every_answer(client, app, account, HTMX):
        assert not (answer.location or "").startswith("http") or answer.location.startswith(
            app.config["PUBLIC_URL"]
        ), name


def test_the_way_to_the_crm_is_taken_by_the_browser_itself(client: FlaskClient, app: Flask) -> None:
    plain = client.get("/install")
    assert plain.status_code == 302
    answer = client.get("/install", headers=HTMX | {"HX-Boosted": "true"})
    assert answer.status_code == 204
    assert answer.json is None
    [site, *_] = plain.location.split("?")
    assert f'"leave": {{"address": "{site}' in answer.headers["HX-Trigger"]
    assert "Set-Cookie" in answer.headers, "the way back needs it"


def test_contacts_are_found_without_scripts(client: FlaskClient, sandbox: Sandbox) -> None:
    """The search is an ordinary form: its answer is the course's page with what was found."""
    installed = install_account(sandbox)
    sign_in(client, installed)
    course = make_course(installed)
    sent_on = client.get(f"/courses/{course.id}/contacts?q=zoe")
    assert sent_on.status_code == 303
    page = client.get(sent_on.location)
    assert whole(page)
    assert 'value="zoe"' in page.text
    assert 'id="contact-results"' in page.text
    assert "Enroll" in page.text.split('id="contact-results"')[1].split("Enrolled learners")[0]


# What polls cost


def test_an_unchanged_part_is_answered_with_nothing(
    client: FlaskClient, app: Flask, account: Account
) -> None:
    course = make_course(account)
    make_enrollment(course)
    path = f"/courses/{course.id}?part=learners"
    shown = client.get(path, headers=HTMX)
    version = shown.text.split('data-version="')[1].split('"')[0]
    again = client.get(path, headers=HTMX | {"Shown-Version": version})
    assert (again.status_code, again.data) == (204, b"")
    make_enrollment(course)
    changed = client.get(path, headers=HTMX | {"Shown-Version": version})
    assert changed.status_code == 200
    assert changed.text.count("<tr id=") == 2


def test_the_page_and_its_part_know_the_same_version(
    client: FlaskClient, app: Flask, account: Account
) -> None:
    """So that already the first look after a visit costs nothing."""
    course = make_course(account)
    make_enrollment(course)
    page = client.get(f"/courses/{course.id}")
    version = page.text.split('id="learners"')[1].split('data-version="')[1].split('"')[0]
    path = f"/courses/{course.id}?part=learners&page=1"
    again = client.get(path, headers=HTMX | {"Shown-Version": version})
    assert again.status_code == 204
