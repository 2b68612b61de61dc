"""`flask purge`: what goes once an account's time has run out, and what outlives it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import closing
from app.certificates import issuing
from app.extensions import db
from app.models import (
    Base,
    Certificate,
    Course,
    EnrollLink,
    Enrollment,
    Grant,
    Learner,
    acting_for,
    now,
)
from app.models.base import AccountOwned
from tests.accounts.grants import granted
from tests.accounts.test_install import agreed, come_back, started
from tests.commands import count, run
from tests.factories import complete, make_account, make_course, make_enrollment
from tests.fixtures.sandbox import Sandbox


def test_purging_waits_for_its_time_and_spares_others(app: Flask) -> None:
    gone, staying = make_account(), make_account("second-location")
    for account in (gone, staying):
        make_enrollment(make_course(account))
    gone.cancelled_at = now() - timedelta(days=29)
    run(app, "purge", "--yes")
    assert count(Enrollment) == 2
    gone.cancelled_at = now() - timedelta(days=31)
    assert "demo-location is purged" in run(app, "purge", "--yes").output
    assert [count(model) for model in (Course, Learner, Enrollment, Certificate)] == [1, 1, 1, 0]
    assert gone.name == ""
    assert gone.scorm_secret_key is None
    assert "purged" not in run(app, "purge", "--yes").output


def test_purging_leaves_no_table_out() -> None:
    owned = {one.class_ for one in Base.registry.mappers if issubclass(one.class_, AccountOwned)}
    assert owned <= set(closing.OWNED)


def test_what_learners_see_after_a_cancellation_and_after_a_purge(
    app: Flask, client: FlaskClient
) -> None:
    account = make_account(organization_name="Harbour Safety")
    course = make_course(account)
    enrollment = make_enrollment(course)
    complete(enrollment)
    with acting_for(account.id):
        certificate = issuing.issue(enrollment)
        assert certificate is not None
        link = db.session.scalars(select(EnrollLink)).one()
        learners, verification = f"/e/{link.token}", f"/verify/{certificate.number}"
        db.session.commit()
    said = run(app, "cancel", "demo-location", "--yes").output
    assert "links say that the course is not available" in said
    assert "Certificates can still be verified" in said
    assert "not available" in client.get(learners).text
    assert (
        client.post(learners, data={"first_name": "A", "email": "a@example.org"}).status_code < 500
    )
    assert count(Enrollment) == 1
    shown = client.get(verification)
    assert shown.status_code == 200
    assert "Ada Lovelace" in shown.text
    assert "Harbour Safety" in shown.text
    account.cancelled_at = now() - timedelta(days=31)
    run(app, "purge", "--yes")
    for address in (learners, verification):
        gone = client.get(address)
        assert 400 <= gone.status_code < 500
        assert "Ada Lovelace" not in gone.text


def test_a_purged_location_may_come_back(client: FlaskClient, app: Flask, sandbox: Sandbox) -> None:
    account = make_account()
    account.cancelled_at = now() - timedelta(days=31)
    run(app, "purge", "--yes")
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    assert account.active
    assert account.name


def test_purging_keeps_no_token_of_the_location(app: Flask, sandbox: Sandbox) -> None:
    gone, _ = granted(sandbox, app)
    _, staying = granted(sandbox, app, "second-location")
    gone.cancelled_at = now() - timedelta(days=31)
    run(app, "purge", "--yes")
    assert [grant.subject for grant in db.session.scalars(select(Grant))] == [staying.subject]
