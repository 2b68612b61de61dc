"""What an operator sees and sets from the command line, and how it is noted."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models import Account, Course, Enrollment, acting_for, now
from tests.away import database_away
from tests.commands import count, run
from tests.factories import make_account, make_course, make_enrollment, sign_in


def test_the_list_shows_every_account(app: Flask) -> None:
    first = make_account(organization_name="Harbour Safety")
    make_enrollment(make_course(first))
    make_account("second-location").go_live()
    shown = run(app, "list-accounts").output
    assert "demo-location  Harbour Safety  active  trial 1 of 10  1 courses" in shown
    assert "second-location" in shown
    assert "live" in shown


def test_a_larger_package_is_let_through(app: Flask) -> None:
    account = make_account()
    assert "100 MB" in run(app, "package-limit", "demo-location", "100").output
    assert account.max_package_bytes == 100 * 1_048_576
    assert run(app, "package-limit", "nowhere", "100").exit_code == 1


def test_the_operator_is_named_in_the_audit_list(app: Flask, client: FlaskClient) -> None:
    account = make_account()
    run(app, "package-limit", "demo-location", "100")
    run(app, "cancel", "demo-location", "--yes")
    sign_in(client, account)
    page = client.get("/activity?show=people").text
    assert page.count("an operator") == 2
    assert "Changed the package limit" in page
    assert "Cancelled" in page


def test_seeding_fills_an_account(app: Flask) -> None:
    assert run(app, "seed", "--courses", "7", "--enrollments", "250").exit_code == 0
    account = db.session.scalars(select(Account)).one()
    assert account.location_id == "load-test"
    assert (count(Course), count(Enrollment)) == (7, 250)
    with acting_for(account.id):
        done = db.session.scalars(select(Enrollment).where(Enrollment.completed_at.is_not(None)))
        for enrollment in done:
            assert enrollment.completed_at is not None
            assert enrollment.created_at <= enrollment.completed_at <= now()
    run(app, "seed", "--courses", "3", "--enrollments", "10", "--account", "load-test")
    assert (count(Course), count(Enrollment)) == (10, 260)


def in_a_command() -> bool:
    return click.get_current_context(silent=True) is not None


@pytest.mark.parametrize(
    "command", [("purge", "--yes"), ("seed", "--courses", "1", "--enrollments", "1")], ids=str
)
def test_a_database_that_is_held_or_away_ends_in_a_sentence(
    app: Flask, command: tuple[str, ...]
) -> None:
    account = make_account()
    account.cancelled_at = now() - timedelta(days=40)
    db.session.commit()
    with database_away(app, in_a_command):
        result = run(app, *command)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a sentence and no traceback"
    assert "run this again to go on" in result.output
