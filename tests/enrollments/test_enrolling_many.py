"""`flask enroll`: many people from a file, or by a tag of the CRM."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import connections
from app.extensions import db
from app.models import Account, Course, Enrollment, Learner, across_accounts
from tests.accounts.test_install import agreed, come_back, started
from tests.commands import count, run
from tests.factories import make_account, make_course
from tests.fixtures.sandbox import Sandbox


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
    crm = connections.crm(account)
    contacts = crm.search_contacts("a")[:3]
    for contact in contacts:
        crm.add_tags(contact.id, ["needs-training"])
    course = make_course(account)
    result = run(app, "enroll", course.id, "--tag", "needs-training")
    assert f"{len(contacts)} of {len(contacts)} enrolled." in result.output
    nobody = run(app, "enroll", course.id, "--tag", "nobody-has-it")
    assert "0 of 0" in nobody.output
    assert "Nobody in the CRM carries the tag “nobody-has-it”" in nobody.output
    assert nobody.exit_code == 1


PEOPLE = "first name{0}last name{0}email\nBjörn{0}Åkesson{0}bjorn@example.com\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_files_as_spreadsheets_write_them(
    app: Flask, tmp_path: Path, encoding: str, between: str
) -> None:
    course, file = make_course(make_account()), tmp_path / "people.csv"
    file.write_bytes(PEOPLE.format(between).encode(encoding))
    result = run(app, "enroll", course.id, "--csv", str(file))
    assert result.output.endswith("1 of 1 enrolled.\n")
    with across_accounts():
        assert db.session.scalars(select(Learner)).one().last_name == "Åkesson"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le"])
def test_letters_that_cannot_be_told_for_certain_are_not_guessed(
    app: Flask, tmp_path: Path, encoding: str
) -> None:
    course, file = make_course(make_account()), tmp_path / "people.csv"
    file.write_bytes(PEOPLE.format(",").encode(encoding))
    result = run(app, "enroll", course.id, "--csv", str(file))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a sentence and no traceback"
    assert "CSV UTF-8" in result.output or "no column" in result.output
    assert count(Enrollment) == 0
