"""Connecting SCORM Cloud: what is saved, what is refused, and what is never told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from app.enrollments import syncing
from app.models import Account, ScormConnection, acting_for, now
from app.settings import scorm_connection
from tests.factories import make_course, make_enrollment
from tests.fixtures.sandbox import Sandbox
from tests.settings.forms import audited, connect


def test_connecting_scorm_cloud(client: FlaskClient, account: Account, sandbox: Sandbox) -> None:
    assert "Not Connected" in client.get("/settings/scorm-cloud").text
    answer = connect(client, "SANDBOX", "sandbox-secret")
    assert answer.status_code == 200
    assert "SCORM Cloud is connected." in answer.text
    assert account.scorm_connected
    assert account.scorm_checked_at
    page = client.get("/settings/scorm-cloud").text
    assert ">Connected<" in page
    assert "sandbox-secret" not in page
    assert account.postback_password not in page
    assert "The address is set in your SCORM Cloud application" in page
    assert ("Olivia Owner", "connected SCORM Cloud") in audited()


def test_the_plans_own_limit_is_shown(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    sandbox.cloud.put("applications/SANDBOX", regLimit=1000)
    connect(client, "SANDBOX", "sandbox-secret")
    assert "0 of 1,000 registrations this month" in client.get("/settings/scorm-cloud").text


def test_spaces_are_removed_and_said(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    answer = connect(client, "  SANDBOX\t", " sandbox-secret\n")
    assert "Spaces around were removed" in answer.text
    assert (account.scorm_app_id, account.scorm_secret_key) == ("SANDBOX", "sandbox-secret")


@pytest.mark.parametrize(
    ("app_id", "secret", "status", "words"),
    [
        ("", "sandbox-secret", 422, "Enter the App ID."),
        ("SANDBOX", "   ", 422, "Enter the Secret Key."),
        ("SANDBOX", "wrong", 422, "Enter both again, without spaces"),
        ("UNKNOWN", "sandbox-secret", 422, "Enter both again, without spaces"),
        ("S" * 290, "sandbox-secret", 422, "too long"),
    ],
)
def test_wrong_credentials_are_not_kept(
    client: FlaskClient, account: Account, sandbox: Sandbox,
    app_id: str, secret: str, status: int, words: str,
) -> None:  # fmt: skip
    answer = connect(client, app_id, secret)
    assert answer.status_code == status
    assert words in answer.text
    if app_id:
        assert f'value="{app_id}"' in answer.text  # what was typed is not lost
    assert f'value="{secret}"' not in answer.text
    assert not account.scorm_connected
    assert account.scorm_app_id is None


def test_unreachable_is_told_apart_from_refused(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    sandbox.cloud.faults(rate_500=1)
    answer = connect(client, "SANDBOX", "sandbox-secret")
    assert answer.status_code == 409
    assert "SCORM Cloud has trouble of its own (it answered 500)" in answer.text
    assert "Nothing was changed." in answer.text
    checked = client.post("/settings/scorm-cloud/check").text
    assert "SCORM Cloud cannot be reached" in checked
    assert "Nothing is lost" in checked
    sandbox.cloud.faults()
    account.scorm_secret_key = "changed meanwhile"
    assert "is refused" in client.post("/settings/scorm-cloud/check").text
    assert "Enter both again" in client.get("/courses").text  # the banner


def test_a_key_that_is_refused_later_turns_the_light(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    with acting_for(account.id):
        syncing.reconcile(account)
        assert account.scorm_connected
        account.scorm_secret_key = "changed in SCORM Cloud"
        syncing.reconcile(account)
    assert not account.scorm_connected
    assert "is refused" in client.get("/settings/scorm-cloud").text


def test_an_outage_is_not_taken_for_a_missing_connection(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    sandbox.cloud.faults(rate_500=1)
    client.post("/settings/scorm-cloud/check")
    assert account.scorm_connection == ScormConnection.UNREACHABLE
    assert account.scorm_connected
    sandbox.cloud.faults()
    with acting_for(account.id):
        syncing.reconcile(account)
    assert account.scorm_connection == ScormConnection.CONNECTED


def test_another_application_would_orphan_courses(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    course = make_course(account)
    make_enrollment(course)
    answer = connect(client, "SECOND", "second-secret")
    assert answer.status_code == 409
    assert "1 course with 1 enrollment" in answer.text
    assert account.scorm_app_id == "SANDBOX"
    assert course.archived_at is None
    answer = connect(client, "SECOND", "second-secret", archive_old="1")
    assert answer.status_code == 200
    assert account.scorm_app_id == "SECOND"
    assert course.archived_at is not None


def test_the_same_application_may_be_entered_again(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    course = make_course(account)
    assert connect(client, "SANDBOX", "sandbox-secret").status_code == 200
    assert course.archived_at is None


def test_typed_values_are_trimmed() -> None:
    given = scorm_connection.typed(" a ", "b")
    assert (given.app_id, given.secret_key, given.trimmed) == ("a", "b", True)


def test_whether_courses_may_be_deleted_is_shown(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    assert "<dd>Allowed</dd>" in connect(client, "SANDBOX", "sandbox-secret").text
    sandbox.cloud.put("applications/SANDBOX", allowDelete=False)
    page = client.post("/settings/scorm-cloud/check").text
    assert "Switched off in SCORM Cloud" in page
    assert account.scorm_connected
    sandbox.cloud.put("applications/SANDBOX", allowDelete=True)
    assert "<dd>Allowed</dd>" in client.post("/settings/scorm-cloud/check").text


def test_the_postback_address_is_this_deployments(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    page = connect(client, "SANDBOX", "sandbox-secret").text
    address = client.application.config["POSTBACK_URL"]
    assert address.endswith("/api/webhooks/scorm-cloud")
    assert f'value="{address}" readonly' in page
    assert 'data-copy="#copy"' in page


def test_a_test_postback_is_waited_for(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    page = client.post("/settings/scorm-cloud/test").text
    assert "Waiting for the call" in page
    asking = re.search(r'hx-get="(/settings/scorm-cloud/test\?asked=(\d+))"', page)
    assert asking
    assert "Waiting for the call" in client.get(asking[1], headers={"HX-Request": "true"}).text
    account.last_postback_at = now()
    arrived = client.get(asking[1], headers={"HX-Request": "true"}).text
    assert "The test arrived" in arrived
    assert "every 2s" not in arrived
    account.last_postback_at = None
    with time_machine.travel(now() + timedelta(minutes=2)):
        missing = client.get(asking[1], headers={"HX-Request": "true"}).text
    assert "has not arrived" in missing
    assert "every 2s" not in missing


def test_a_test_that_cannot_be_sent_says_so(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    sandbox.cloud.faults(rate_500=1)
    answer = client.post("/settings/scorm-cloud/test")
    assert answer.status_code == 422
    assert "so it was not able to send a test postback" in answer.text
    sandbox.cloud.faults()
