"""Trouble in a view, at the commit and before any view: undone, styled, with the safe headers, and
in the log once. Every address is tried."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, has_request_context
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.certificates import issuing
from app.extensions import db
from app.limits import limiter
from app.models import Account, AuditEntry, Course, acting_for
from tests.away import database_away
from tests.factories import complete, make_account, make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.test_bad_input import SIGN_OUT, addresses

RAW = ("duplicate key", "database is locked", "sqlite3", "psycopg", "Traceback", "accounts.id")


@pytest.fixture(autouse=True)
def unhurried(app: Flask) -> Iterator[None]:
    limiter.enabled = False
    yield
    limiter.enabled = True


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return make_account(organization_name="Northwind")


@pytest.fixture
def owner(client: FlaskClient, account: Account) -> FlaskClient:
    sign_in(client, account)
    return client


def locked() -> SQLAlchemyError:
    return OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked"))


def doubled() -> SQLAlchemyError:
    cause = sqlite3.IntegrityError("duplicate key: accounts.id")
    cause.sqlite_errorname = "SQLITE_CONSTRAINT_UNIQUE"  # type: ignore[attr-defined]
    return IntegrityError("COMMIT", {}, cause)


def unstorable() -> SQLAlchemyError:
    return DataError("COMMIT", {}, sqlite3.DataError("out of range"))


@pytest.fixture
def failing_commits() -> Iterator[Callable[[Callable[[], Exception]], list[str]]]:
    """`failing_commits(error)`: commits of requests fail so from now on; returns what failed."""
    listening: list[Callable[[Session], None]] = []

    def begin(error: Callable[[], Exception]) -> list[str]:
        from flask import request

        failed: list[str] = []

        def fail(_session: Session) -> None:
            if has_request_context():
                failed.append(request.path)
                raise error()

        event.listen(Session, "before_commit", fail)
        listening.append(fail)
        return failed

    yield begin
    for one in listening:
        event.remove(Session, "before_commit", one)


def assert_styled(answer: TestResponse, where: str) -> None:
    """A page of ours with its policy, or JSON, or nothing but a toast: never a bare sentence."""
    for raw in RAW:
        assert raw not in answer.text, where
    assert answer.headers["X-Content-Type-Options"] == "nosniff", where
    assert "Content-Disposition" not in answer.headers, where
    if answer.mimetype == "text/html" and answer.text:
        assert "<!doctype html>" in answer.text, where
        assert 'id="error"' in answer.text, where
        assert "script-src 'nonce-" in answer.headers["Content-Security-Policy"], where
    else:
        assert answer.mimetype in ("application/json", "text/html"), where


FRAGMENT = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("headers", [{}, FRAGMENT, JSON], ids=["page", "fragment", "json"])
@pytest.mark.parametrize(
    ("error", "status"),
    [(locked, 503), (doubled, 409), (unstorable, 400), (lambda: KeyError("secret"), 500)],
    ids=["locked", "doubled", "unstorable", "unexpected"],
)
def test_every_commit_may_fail(
    owner: FlaskClient,
    app: Flask,
    account: Account,
    caplog: pytest.LogCaptureFixture,
    failing_commits: Callable[[Callable[[], Exception]], list[str]],
    error: Callable[[], Exception],
    status: int,
    headers: dict[str, str],
) -> None:
    """Rolled back, answered like any other trouble of its kind, logged once; at every address."""
    failed = failing_commits(error)
    caplog.set_level(logging.WARNING)
    for method in ("GET", "POST"):
        for address in addresses(app, method):
            if address == SIGN_OUT or address.startswith("/api/webhooks/"):
                continue  # webhooks have a transaction of their own, see webhooks/test_front.py
            before, _ = len(failed), caplog.clear()
            answer = owner.open(address, method=method, headers=headers)
            if len(failed) == before:
                continue  # refused before anything was to be kept
            assert answer.status_code == status, address
            assert_styled(answer, address)
            assert answer.headers.get("Retry-After") == ("10" if status == 503 else None), address
            told = [record for record in caplog.records if record.levelno >= logging.WARNING]
            assert len(told) == 1, (address, told)
    assert len(failed) > 20
    with acting_for(account.id):
        assert db.session.scalar(select(func.count(AuditEntry.id))) == 0


def test_downloads_whose_commit_fails_end_in_a_page(
    owner: FlaskClient,
    account: Account,
    failing_commits: Callable[[Callable[[], Exception]], list[str]],
) -> None:
    with acting_for(account.id):
        enrollment = make_enrollment(make_course(account))
        complete(enrollment)
        certificate = issuing.issue(enrollment).id
        db.session.commit()
    failed = failing_commits(locked)
    for address in (*(f"/reports/export.{kind}" for kind in ("csv", "xls", "xlsx", "pdf")),
                    f"/certificates/{certificate}.pdf"):  # fmt: skip
        answer = owner.get(address)
        assert (answer.status_code, address in failed) == (503, True), address
        assert_styled(answer, address)
        assert "Back in a moment" in answer.text
        assert f'href="{address}"' in answer.text  # Try again


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_a_database_that_goes_away_changes_nothing_and_comes_back(
    owner: FlaskClient,
    app: Flask,
    account: Account,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
) -> None:
    with acting_for(account.id):
        course_id = make_course(account, title="Before").id
        db.session.commit()
    address, new = f"/courses/{course_id}/title", {"title": "After"}
    with database_away(app):
        answer = owner.post(address, data=new, headers=headers)
    assert answer.status_code == 503
    assert_styled(answer, address)
    assert [record.levelname for record in caplog.records if record.levelno >= 30] == ["ERROR"]
    with acting_for(account.id):
        assert db.session.get(Course, course_id).title == "Before"  # type: ignore[union-attr]
    assert owner.post(address, data=new).status_code < 400
    with acting_for(account.id):
        db.session.expire_all()
        assert db.session.get(Course, course_id).title == "After"  # type: ignore[union-attr]


@pytest.mark.parametrize("host", ["a..b", "x" * 300, ".", "a" * 64 + ".example", ""], ids=ascii)
def test_a_host_that_cannot_be_one_is_a_bad_request(
    owner: FlaskClient, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    for address in ("/courses", "/docs", "/nothing/here", "/static/css/tokens.css"):
        answer = owner.get(address, environ_overrides={"HTTP_HOST": host})
        assert answer.status_code < 500, address
        if host:
            assert answer.status_code >= 400, address
            assert_styled(answer, address)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_body_that_is_too_large_is_refused_in_words(owner: FlaskClient) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        answer = owner.post("/settings/branding", data=b"a=b&" * 3_000_000, content_type=kind)
        assert answer.status_code == 413
        assert_styled(answer, kind)
        assert "That is too large" in answer.text
        assert "on our side" not in answer.text


KINDS = (
    "", "text/xml", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=a\xff", "application/x-www-form-urlencoded; charset=nothing",
    "\xff",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=ascii)
def test_a_body_in_another_form_is_refused_in_words(
    owner: FlaskClient, app: Flask, kind: str
) -> None:
    for address in addresses(app, "POST"):
        answer = owner.post(
            address, data=b"abc\xff\0=\xff", environ_overrides={"CONTENT_TYPE": kind}
        )
        assert answer.status_code < 500, address
        assert "on our side" not in answer.text, address
        if answer.status_code >= 400 and 'id="error"' in answer.text:
            assert_styled(answer, address)


@pytest.mark.parametrize("status", range(400, 500))
def test_a_mistake_of_the_sender_is_never_ours(app: Flask, status: int) -> None:
    from app.error_answers import answer

    with app.test_request_context("/", method="POST"):
        page = answer(status, "").get_data(as_text=True)
    assert "on our side" not in page
    assert "Write to support" not in page or status == 413


def test_an_expired_form_says_so_once_and_can_be_reloaded(owner: FlaskClient, app: Flask) -> None:
    from_page = {"Referer": f"{app.config['PUBLIC_URL']}/settings/branding?x=1"}
    answer = owner.post(
        "/settings/branding", data={"csrf_token": "old"}, headers=from_page | {"X-CSRFToken": ""}
    )
    assert answer.status_code == 403
    assert "This form has expired" in answer.text
    assert answer.text.count("Reload the page and send") == 1
    assert "may not" not in answer.text
    assert 'href="/settings/branding?x=1"' in answer.text
    elsewhere = {"Referer": "https://elsewhere.example/settings"}
    answer = owner.post(
        "/settings/branding", data={"csrf_token": "old"}, headers=elsewhere | {"X-CSRFToken": ""}
    )
    assert "elsewhere.example" not in answer.text
