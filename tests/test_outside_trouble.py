"""What a person reads when the CRM or SCORM Cloud does not do what was asked: a sentence of ours
with what to do next, everywhere; the other side's own words stand in the log alone."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Text, select
from werkzeug.test import TestResponse

from app import connections
from app.clients.errors import Kind, OutsideError
from app.extensions import db
from app.models import across_accounts, acting_for
from app.models.base import Base
from app.outside_trouble import CALLS, HAPPENED, NAMES, in_words, sentence_for, what_was_tried
from sandbox.courses.build import build
from tests.audited_changes import CHANGES, Scene
from tests.factories import install_account, make_course, make_enrollment, make_learner, sign_in
from tests.fixtures.hub import Work
from tests.fixtures.sandbox import Sandbox

FAULTS: dict[str, dict[str, Any]] = {
    "500": {"rate_500": 1},
    "429": {"rate_429": 1, "retry_after_s": 0},
    "html": {"rate_html": 1},
    "cut": {"reset": 1},
    "down": {"down": True},
}
RAW = (
    "Sandbox fault", "Too many requests.", "ad gateway", "connection was cut", "as expected",
    "page instead of data", "refused with status", "gave no answer",
)  # fmt: skip
FAILURES: dict[Kind, dict[str, Any]] = {
    Kind.UNREACHABLE: {"sent": False},
    Kind.SILENT: {"timed_out": True},
    Kind.CUT: {},
    Kind.GARBLED: {"status": 502, "garbled": True},
    Kind.THROTTLED: {"status": 429},
    Kind.BROKEN: {"status": 503},
    Kind.UNAUTHORIZED: {"status": 401},
    Kind.FORBIDDEN: {"status": 403},
    Kind.LIMIT: {"status": 403, "reason": "The registration limit [10] has been reached."},
    Kind.GONE: {"status": 404},
    Kind.EXISTS: {"status": 409},
    Kind.REFUSED: {"status": 422},
}


def failure(service: str, kind: Kind, method: str = "POST", path: str = "/x") -> OutsideError:
    details = {"reason": "Raw words of theirs", **FAILURES[kind]}
    return OutsideError(service, method, path, **details)


@pytest.mark.parametrize("kind", Kind)
def test_each_failure_has_a_sentence_of_its_own_and_says_what_to_do(kind: Kind) -> None:
    said = set()
    for service in NAMES:
        error = failure(service, kind)
        assert error.kind == kind
        sentence = sentence_for(error)
        assert NAMES[service] in sentence
        assert "Raw words" not in sentence
        assert sentence.count(". ") >= 1, "what happened, and what to do next"
        assert sentence.endswith(".")
        said.add(sentence)
    assert len(said) == len(NAMES)
    assert set(HAPPENED) == set(Kind)


def test_a_row_that_is_tried_again_by_itself_asks_nobody_for_anything() -> None:
    assert "try again" not in in_words(failure("CRM", Kind.BROKEN))
    assert "Reconnect the CRM" in in_words(failure("CRM", Kind.UNAUTHORIZED))


@pytest.mark.parametrize(
    ("service", "method", "path", "words"),
    [
        ("CRM", "GET", "/contacts/abc", "to read the contact"),
        ("CRM", "GET", "/contacts/search/duplicate", "to find the contact"),
        ("CRM", "POST", "/contacts/", "to make the contact"),
        ("CRM", "POST", "/contacts/abc/tags", "to change the tags"),
        ("CRM", "POST", "/contacts/bulk/tags/update/add", "to change the tags"),
        ("CRM", "PUT", "/contacts/abc/notes/n", "to write the note"),
        ("CRM", "POST", "/objects/key/records/search", "to look for the record"),
        ("CRM", "PUT", "/objects/key/records/r", "to write the record"),
        ("CRM", "POST", "/workflows-marketplace/triggers/execute/a/b", "to start the workflow"),
        ("SCORM Cloud", "POST", "/registrations", "to register the learner"),
        ("SCORM Cloud", "POST", "/registrations/r/launchLink", "to open the course"),
        ("SCORM Cloud", "GET", "/registrations/r", "to report the progress"),
        ("SCORM Cloud", "POST", "/courses/importJobs/upload", "to import the package"),
        ("SCORM Cloud", "DELETE", "/courses/c", "to delete the course"),
        ("storage", "PUT", "packages/1", "to keep the package"),
    ],
)
def test_a_sentence_says_what_was_tried(service: str, method: str, path: str, words: str) -> None:
    assert what_was_tried(OutsideError(service, method, path, "x")) == words


def test_every_call_that_is_named_can_be_told_apart() -> None:
    assert len({(service, words) for service, _, words in CALLS}) >= 30


class TroubledClient:
    """Presses buttons while the outside is in trouble; what the test prepares is not disturbed."""

    def __init__(self, client: FlaskClient, sandbox: Sandbox, faults: dict[str, Any]) -> None:
        self.client, self.sandbox, self.faults = client, sandbox, faults
        self.answers: list[tuple[str, TestResponse]] = []
        self.environ_base = client.environ_base

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def open(self, path: str, **options: Any) -> TestResponse:
        self.sandbox.crm.faults(**self.faults)
        self.sandbox.cloud.faults(**self.faults)
        try:
            answer = self.client.open(path, **options)
        finally:
            self.sandbox.crm.faults()
            self.sandbox.cloud.faults()
        self.answers.append((path, answer))
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="POST", **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="PUT", **options)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build(tmp_path_factory.mktemp("courses"))[0].read_bytes()


def look_around(client: TroubledClient, scene: Scene) -> None:
    """What no button stands for: searches, learners' pages, the way back from the player."""
    course = scene.imported()
    with acting_for(scene.account.id):
        link = course.link.token  # type: ignore[union-attr]
        enrollment = make_enrollment(course, make_learner(scene.account))
        db.session.commit()
        enrollment_id, course_id = enrollment.id, course.id
    for headers in ({}, {"HX-Request": "true"}):
        client.get(f"/courses/{course_id}/contacts?q=zoe", headers=headers)
        client.get(f"/enrollments/{enrollment_id}/why?ask=questions", headers=headers)
        client.post(f"/enrollments/{enrollment_id}/launch", headers=headers)
        client.post(f"/courses/{course_id}/preview", headers=headers)
        client.post(f"/courses/{course_id}/enrollments", data={"contact": "x"}, headers=headers)
    person = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada.new@example.com"}
    client.post(f"/e/{link}", data=person)
    client.post(f"/e/{link}/launch")
    client.get("/oauth/callback?code=x&state=y")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_page_and_no_row_shows_the_words_of_the_other_side(
    app: Flask,
    client: FlaskClient,
    sandbox: Sandbox,
    work: Work,
    package: bytes,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    account = install_account(sandbox)
    account.go_live()
    sign_in(client, account)
    troubled = TroubledClient(client, sandbox, FAULTS[fault])
    scene = Scene(app, troubled, account, sandbox, work, package)  # type: ignore[arg-type]
    look_around(troubled, scene)
    for change in CHANGES:
        change.do(scene)
    sandbox.crm.faults(**FAULTS[fault])
    sandbox.cloud.faults(**FAULTS[fault])
    work()
    for show in ("waiting", "attention", "received", "written"):
        troubled.get(f"/activity?show={show}")
    for path, answer in troubled.answers:
        for raw in RAW:
            assert raw not in answer.text, (path, raw)
            assert raw not in answer.headers.get("HX-Trigger", ""), (path, raw)
        if answer.status_code >= 400 and "HX-Request" not in answer.request.headers:
            assert "on our side" not in answer.text, path
    for said in stored_texts():
        for raw in RAW:
            assert raw not in said
    assert any(str(answer.status_code) == "503" for _, answer in troubled.answers)
    assert any("Retrying" in answer.text for path, answer in troubled.answers if "waiting" in path)
    assert "gave no answer" in caplog.text or "answered" in caplog.text  # the raw reason


def stored_texts() -> list[str]:
    """Whatever the tables keep in words: last errors, troubles, outcomes."""
    found = []
    with across_accounts():
        for table in Base.metadata.tables.values():
            columns = [c for c in table.columns if type(c.type) is Text and c.name != "body"]
            for row in db.session.execute(select(*columns)) if columns else ():
                found += [text for text in row if text]
    return found


def test_a_limit_of_the_plan_is_told_as_such(
    app: Flask, client: FlaskClient, sandbox: Sandbox
) -> None:
    error = OutsideError(
        "SCORM Cloud", "POST", "/registrations", "The registration limit [10] has been reached.",
        status=403,
    )  # fmt: skip
    assert in_words(error) == (
        "SCORM Cloud refused to register the learner: a limit of your plan there is reached. "
        "Raise the plan at cloud.scorm.com or delete registrations there, then retry."
    )


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/enrollments/{enrollment}/launch", 503),
        ("/courses/{course}/preview", 503),
        ("/settings/scorm-cloud", 409),
        ("/settings/scorm-cloud/check", 200),
        ("/settings/scorm-cloud/test", 422),
        ("/settings/account-mode/check-plan", 200),
    ],
)
def test_each_trouble_is_in_the_log_once(
    app: Flask,
    client: FlaskClient,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
    address: str,
    status: int,
) -> None:
    """Also where a page of its own answers it, as in the tab that Launch has opened."""
    app.config["BILLING"] = "marketplace"
    account = install_account(sandbox)
    sign_in(client, account)
    enrollment = make_enrollment(make_course(account))
    path = address.format(enrollment=enrollment.id, course=enrollment.course_id)
    keys = {"app_id": "SANDBOX", "secret_key": "sandbox-secret"}
    sandbox.cloud.faults(rate_500=1)
    sandbox.crm.faults(rate_500=1)
    caplog.clear()
    answer = client.post(path, data=keys)
    assert answer.status_code == status
    assert "Sandbox fault" not in answer.text
    if status == 503:
        assert answer.text.count("try again") == 1
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "Sandbox fault" in told[0]
    assert connections.scorm_cloud(account)
