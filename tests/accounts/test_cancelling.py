"""`flask cancel`: what stops, what stays, what the customer takes along, and who ends the plan."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import trial
from app.accounts.tokens import access_token
from app.certificates import issuing
from app.errors import Conflict, Hold
from app.extensions import db
from app.models import Account, Course, CrmEffect, Enrollment, acting_for
from app.sync import push
from tests.commands import count, run
from tests.factories import (
    complete,
    install_account,
    make_account,
    make_course,
    make_enrollment,
    make_grant,
    make_learner,
    sign_in,
    utc,
)
from tests.fixtures.hub import Work
from tests.fixtures.sandbox import Sandbox


def test_cancelling_stops_everything_and_keeps_the_data(app: Flask, client: FlaskClient) -> None:
    account = make_account()
    make_grant(account, "token")
    make_enrollment(make_course(account))
    sign_in(client, account)
    result = run(app, "cancel", "demo-location", "--yes")
    assert "is cancelled" in result.output
    with pytest.raises(Hold):
        access_token(account)
    assert client.get("/settings/branding").status_code == 401
    assert (count(Course), count(Enrollment)) == (1, 1)
    with acting_for(account.id), pytest.raises(Conflict, match="closed"):
        trial.require_room(account)


def test_nothing_is_cancelled_when_the_records_cannot_be_written(
    app: Flask, tmp_path: Path
) -> None:
    account = make_account()
    (tmp_path / "file").write_text("in the way")
    result = run(app, "cancel", "demo-location", "--export", str(tmp_path / "file" / "a"), "--yes")
    assert result.exit_code == 1
    assert "Nothing is cancelled" in result.output
    assert account.active


def test_a_customer_takes_the_records_along(app: Flask, tmp_path: Path) -> None:
    account = make_account(timezone="Europe/Berlin")
    enrollment = make_enrollment(
        make_course(account, title="=1+1"), make_learner(account, email="ada@example.org")
    )
    complete(enrollment, at=utc(2026, 3, 4, 23, 30))
    with acting_for(account.id):
        certificate = issuing.issue(enrollment)
    assert certificate is not None
    stranger = make_account("second-location")
    make_enrollment(make_course(stranger), make_learner(stranger, last_name="Stranger"))
    folder = tmp_path / "new" / "folder"
    result = run(app, "cancel", "demo-location", "--export", str(folder), "--yes")
    assert "is cancelled" in result.output
    certificates, records = sorted(folder.iterdir())
    assert records.name.startswith("training-report-")
    assert "ada@example.org" in records.read_text("utf-8-sig")
    assert "Stranger" not in records.read_text("utf-8-sig")
    [line] = csv.DictReader(certificates.open(encoding="utf-8-sig"))
    assert line["Certificate ID"] == certificate.number
    assert (line["Learner Name"], line["Course"]) == ("Ada Lovelace", "'=1+1")
    assert (line["Completion Date"], line["Result"]) == ("2026-03-05 00:30", "Passed")
    assert (line["Score"], line["State"]) == ("92", "Valid")
    assert line["Verification Address"].endswith(f"/verify/{certificate.number}")


def paying(app: Flask, sandbox: Sandbox) -> Account:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["sandbox-live"]}
    account = install_account(sandbox)
    sandbox.crm.post("plan", location="demo-location", plan="sandbox-live")
    account.go_live("sandbox-live")
    return account


def installed(sandbox: Sandbox) -> bool:
    return bool(sandbox.crm.get("")["counts"]["demo-location"]["installed"])


def test_cancelling_ends_the_plan_in_the_marketplace(app: Flask, sandbox: Sandbox) -> None:
    account = paying(app, sandbox)
    assert installed(sandbox)
    said = run(app, "cancel", "demo-location", "--yes").output
    assert "taken out of its CRM, which ends its plan" in said
    assert not installed(sandbox)
    assert not account.active


def test_a_plan_that_could_not_be_ended_is_said(app: Flask, sandbox: Sandbox) -> None:
    account = paying(app, sandbox)
    sandbox.crm.faults(down=True)
    result = run(app, "cancel", "demo-location", "--yes")
    assert result.exit_code == 0
    assert "could not be ended" in result.output
    assert "End it in the CRM's marketplace" in result.output
    assert not account.active


def test_who_pays_nothing_keeps_the_app_and_can_read(
    app: Flask, sandbox: Sandbox, client: FlaskClient
) -> None:
    account = install_account(sandbox)
    run(app, "cancel", "demo-location", "--yes")
    assert installed(sandbox)
    sign_in(client, account)
    page = client.get("/courses").text
    assert "This account was cancelled. Its data can be read" in page


# Whoever comes afterwards is told


def test_every_button_says_that_the_account_was_cancelled(app: Flask, client: FlaskClient) -> None:
    """Reading goes on; nothing else does, and no answer leaves the reason open."""
    account = make_account()
    course = make_course(account)
    enrollment = make_enrollment(course)
    account.cancel()
    sign_in(client, account)
    page = client.get("/courses").text
    assert "This account was cancelled" in page
    assert "/settings/account-mode" in page
    for address in (
        f"/courses/{course.id}/enrollments",
        f"/courses/{course.id}/delete",
        f"/courses/{course.id}/preview",
        f"/enrollments/{enrollment.id}/launch",
        "/settings/branding",
        "/activity/check",
        "/courses",
    ):
        answer = client.post(address, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 409, address
        assert "<h1>This account was cancelled</h1>" in answer.text, address
        toast = client.post(address, headers={"HX-Request": "true"}).headers["HX-Trigger"]
        assert "This account was cancelled" in toast, address
    assert client.get("/reports/export.csv").status_code == 200


def test_learners_are_told_that_courses_are_no_longer_offered(
    app: Flask, client: FlaskClient
) -> None:
    account = make_account(organization_name="Harbour Safety")
    with acting_for(account.id):
        link = make_course(account).link
        assert link is not None
        address = f"/e/{link.token}"
    account.cancel()
    for answer in (client.get(address), client.post(address, data={"first_name": "Ada"})):
        assert "Harbour Safety no longer offers courses here" in answer.text


def test_connecting_opens_a_cancelled_account_only_when_somebody_says_so(
    app: Flask, client: FlaskClient, sandbox: Sandbox, work: Work
) -> None:
    account = install_account(sandbox)
    account.cancel()
    install_account(sandbox)  # somebody connects the location again
    assert account.cancelled_at is not None
    sign_in(client, account)
    page = client.get("/settings/account-mode").text
    assert "This account was cancelled on" in page
    answer = client.post("/settings/account-mode/reopen")
    assert "Your account is open again" in answer.text
    db.session.refresh(account)
    assert account.active
    assert "This account was cancelled" not in client.get("/courses").text


def test_marking_all_learners_ends_with_the_account(app: Flask, work: Work) -> None:
    account = make_account()
    course = make_course(account)
    with acting_for(account.id):
        for number in range(3):
            make_enrollment(course, make_learner(account, contact_id=f"c-{number}"))
        push.mark_account(account)
        account.cancel()
        db.session.commit()
    work()
    with acting_for(account.id):
        kinds = db.session.scalars(select(CrmEffect.kind)).all()
        row = db.session.scalars(select(CrmEffect)).one()
    assert kinds == ["all"]  # nobody was marked
    assert row.due_at is None


def test_nothing_is_asked_of_scorm_cloud_for_a_cancelled_account(
    app: Flask, sandbox: Sandbox, work: Work
) -> None:
    account = make_account()
    enrollment = make_enrollment(make_course(account), registered=False)
    with acting_for(account.id):
        enrollment.owe()
        account.cancel()
        db.session.commit()
    work(ahead=timedelta(hours=3))
    assert not sandbox.cloud.get("ledger", since=0)["entries"]
    db.session.refresh(enrollment)
    assert enrollment.last_error == "The account was cancelled, so nothing is sent outside."
