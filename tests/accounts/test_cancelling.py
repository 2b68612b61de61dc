"""`flask cancel`: what stops, what stays, what the customer takes along, and who ends the plan."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import trial
from app.accounts.tokens import access_token
from app.certificates import issuing
from app.errors import Conflict, Hold
from app.models import Account, Course, Enrollment, acting_for
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
