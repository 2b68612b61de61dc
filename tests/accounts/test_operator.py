"""What an operator does from the command line, and what it means for the customer."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from app.accounts import closing, install, trial
from app.accounts.tokens import access_token
from app.certificates import issuing
from app.errors import Conflict, Hold, LimitReached
from app.extensions import db
from app.models import (
    Account,
    Base,
    Certificate,
    Course,
    EnrollLink,
    Enrollment,
    Grant,
    Learner,
    across_accounts,
    acting_for,
    now,
)
from app.models.base import AccountOwned
from tests.accounts.test_install import agreed, come_back, started
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


def run(app: Flask, *args: str) -> Result:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=args)
    db.session.rollback()
    return result


def count(model: Any) -> int:
    with across_accounts():
        return db.session.scalar(select(func.count(model.id))) or 0


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


def test_the_operator_is_named_in_the_audit_list(app: Flask, client: FlaskClient) -> None:
    account = make_account()
    run(app, "package-limit", "demo-location", "100")
    run(app, "cancel", "demo-location", "--yes")
    sign_in(client, account)
    page = client.get("/activity?show=people").text
    assert page.count("an operator") == 2
    assert "Changed the package limit" in page
    assert "Cancelled" in page


def test_nothing_is_cancelled_when_the_records_cannot_be_written(
    app: Flask, tmp_path: Path
) -> None:
    account = make_account()
    (tmp_path / "file").write_text("in the way")
    result = run(app, "cancel", "demo-location", "--export", str(tmp_path / "file" / "a"), "--yes")
    assert result.exit_code == 1
    assert "Nothing is cancelled" in result.output
    assert account.active


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


def test_a_purged_location_may_come_back(client: FlaskClient, app: Flask, sandbox: Sandbox) -> None:
    account = make_account()
    account.cancelled_at = now() - timedelta(days=31)
    run(app, "purge", "--yes")
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    assert account.active
    assert account.name


def test_keys_are_rotated(app: Flask) -> None:
    account = make_account(scorm_secret_key="the secret")
    make_grant(account, "the token")
    db.session.commit()
    new, old = Fernet.generate_key().decode(), app.config["ENCRYPTION_KEYS"]
    app.config["ENCRYPTION_KEYS"] = [new, *old]
    assert "2 rows" in run(app, "rotate-keys").output
    app.config["ENCRYPTION_KEYS"] = [new]  # the old key is gone
    db.session.expire_all()
    assert account.scorm_secret_key == "the secret"
    written = db.session.execute(text("select scorm_secret_key from accounts")).scalar_one()
    assert Fernet(new).decrypt(written.encode()) == b"the secret"


def test_a_token_that_is_renewed_during_a_rotation_stays(app: Flask) -> None:
    account = make_account()
    grant = make_grant(account, "old access", "old refresh")
    db.session.commit()
    renewed: list[str] = []

    def renew(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE grants") and not renewed:
            renewed.append(statement)
            with Session(db.engine) as rows:
                rows.get_one(Grant, grant.id).renew("new access", "new refresh", 80_000)
                rows.commit()

    event.listen(db.engine, "before_cursor_execute", renew)
    try:
        run(app, "rotate-keys")
    finally:
        event.remove(db.engine, "before_cursor_execute", renew)
    assert renewed
    db.session.expire_all()
    assert (grant.access_token, grant.refresh_token) == ("new access", "new refresh")


def test_a_missing_key_is_said_and_nothing_lost(app: Flask) -> None:
    account = make_account(scorm_secret_key="the secret")
    db.session.commit()
    right = app.config["ENCRYPTION_KEYS"]
    app.config["ENCRYPTION_KEYS"] = [Fernet.generate_key().decode()]
    result = run(app, "rotate-keys")
    assert result.exit_code == 1
    assert "Put the key that wrote it behind the newest one" in result.output
    app.config["ENCRYPTION_KEYS"] = right
    db.session.expire_all()
    assert account.scorm_secret_key == "the secret"


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


# Enrolling many


def enroll_file(app: Flask, folder: Path, course: Course, content: str) -> Result:
    file = folder / "people.csv"
    file.write_text(content, encoding="utf-8-sig")
    return run(app, "enroll", course.id, "--csv", str(file))


def test_a_file_of_people(app: Flask, tmp_path: Path) -> None:
    course = make_course(make_account())
    people = (
        "First Name,Last_Name,E-Mail,Team\n"
        "Ada,Lovelace,ada@example.com,A\n"
        "Ada,Lovelace,ADA@example.com,A\n"
        "Grace,Hopper,not an address,B\n"
        "Björn,Åkesson,bjorn@example.com,B\n"
    )
    result = enroll_file(app, tmp_path, course, people)
    assert "2 of 4 enrolled." in result.output
    assert "enrolled already" in result.output
    assert "not an address: Please enter a valid e-mail address." in result.output
    assert count(Enrollment) == 2


@pytest.mark.parametrize("content", ["", "name,mail\nx,y\n", "\x00\x01"])
def test_a_file_without_the_columns_is_refused(app: Flask, tmp_path: Path, content: str) -> None:
    result = enroll_file(app, tmp_path, make_course(make_account()), content)
    assert result.exit_code == 1
    assert "no column" in result.output


def test_the_trials_limit_ends_a_file(app: Flask, tmp_path: Path) -> None:
    course = make_course(make_account())
    people = "first name,last name,email\n" + "".join(
        f"Ada,Number {number},ada{number}@example.com\n" for number in range(12)
    )
    result = enroll_file(app, tmp_path, course, people)
    assert result.exit_code == 1
    assert "10 of 10 enrolled." in result.output
    assert "Trial limit reached: all 10 free registrations are used" in result.output
    assert count(Enrollment) == 10


def test_everybody_with_a_tag(client: FlaskClient, app: Flask, sandbox: Sandbox) -> None:
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    account = db.session.scalars(select(Account)).one()
    from app import connections

    crm = connections.crm(account)
    contacts = crm.search_contacts("a")[:3]
    for contact in contacts:
        crm.add_tags(contact.id, ["needs-training"])
    course = make_course(account)
    result = run(app, "enroll", course.id, "--tag", "needs-training")
    assert f"{len(contacts)} of {len(contacts)} enrolled." in result.output
    assert "0 of 0" in run(app, "enroll", course.id, "--tag", "nobody-has-it").output


# The plan


def test_the_tenth_passes_and_the_eleventh_does_not(app: Flask) -> None:
    account = make_account()
    course = make_course(account)
    with acting_for(account.id):
        for _ in range(10):
            trial.require_room(account)
            make_enrollment(course)
        with pytest.raises(LimitReached, match="10 free registrations"):
            trial.require_room(account)
        trial.go_live(account)
        trial.require_room(account)


def test_taking_off_who_never_opened_it_gives_back(app: Flask) -> None:
    account = make_account()
    course = make_course(account)
    fresh, opened = make_enrollment(course), make_enrollment(course, attempts_made=1)
    with acting_for(account.id):
        assert trial.used(account) == 2
        fresh.withdraw()
        opened.withdraw()
        db.session.flush()
        assert trial.used(account) == 1


def test_only_a_paid_plan_lifts_the_limit(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["sandbox-live"]}
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    account = db.session.scalars(select(Account)).one()
    event = {"locationId": "demo-location", "newPlanId": "sandbox-live"}
    trial.heard_plan_change(event)  # the CRM itself says that it is still the trial
    assert not account.live
    sandbox.crm.post("plan", location="demo-location", plan="sandbox-live")
    trial.heard_plan_change(event)
    assert account.live
    sandbox.crm.post("plan", location="demo-location", plan="sandbox-trial")
    trial.heard_plan_change({"locationId": "demo-location", "newPlanId": "sandbox-live"})
    assert not account.live


def test_nobody_is_meant_by_an_empty_event(app: Flask) -> None:
    make_account()
    assert trial.heard_plan_change({}) == "nobody concerned"
    assert install.heard_uninstall({}) == "uninstalled from 0 location(s)"
