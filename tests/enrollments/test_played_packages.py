"""Packages that report in unusual ways, played in Chromium at the sandbox and shown by the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext

from app import connections
from app.certificates import issuing
from app.enrollments import enrolling, progress
from app.extensions import db
from app.models import Account, Course, Enrollment, acting_for
from app.sync import crm_state, standings
from tests.factories import make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.scos import package
from tests.waiting import eventually

DONE = "answers.some(([name]) => name === 'Finish' || name === 'Terminate' || name === 'Commit')"


class Player:
    """Somebody who plays a course in a browser, launch by launch; the hub looks after each."""

    def __init__(self, enrollment: Enrollment, context: BrowserContext) -> None:
        self.enrollment, self.context = enrollment, context

    def play(self) -> None:
        """Opens the course, waits until its page has said everything, and closes the window."""
        cloud = connections.scorm_cloud(self.enrollment.account)
        left = len(cloud.launch_history(self.enrollment.registration_id))
        page = self.context.new_page()
        page.goto(cloud.launch_link(self.enrollment.registration_id, "closer"))
        page.wait_for_function(
            "() => document.querySelector('iframe')?.contentDocument?.readyState === 'complete'"
        )
        frame = page.query_selector("iframe").content_frame()  # type: ignore[union-attr]
        assert frame is not None
        frame.wait_for_function(DONE)
        self.look()
        with page.expect_event("close"):
            page.close(run_before_unload=True)

        def exited() -> bool:
            history = cloud.launch_history(self.enrollment.registration_id)
            return len(history) > left and history[-1].exited_at is not None

        other = self.context.new_page()  # keeps the browser working meanwhile
        eventually(lambda: other.wait_for_timeout(50) or exited())
        other.close()
        self.look()

    def look(self) -> None:
        progress.refresh(self.enrollment)
        db.session.commit()


@pytest.fixture
def player(
    account: Account, sandbox: Sandbox, context: BrowserContext, tmp_path: Path
) -> Callable[..., Player]:
    def made(script: str, **facts: Any) -> Player:
        course = imported(account, package(tmp_path / "package.zip", script, **facts))
        enrollment = make_enrollment(course, registered=False)
        enrolling.register(enrollment)
        db.session.commit()
        return Player(enrollment, context)

    with acting_for(account.id):
        return made


def imported(account: Account, file: Path) -> Course:
    course = make_course(account, title="A page")
    cloud = connections.scorm_cloud(account)
    with file.open("rb") as content:
        job = cloud.upload_course(course.scorm_course_id, content, "course.zip")
    eventually(lambda: not cloud.import_job(job).is_running)
    assert not cloud.import_job(job).failed, cloud.import_job(job).message
    return course


def cell(client: FlaskClient, address: str, label: str) -> str:
    """The cell of the page's first row that has this label."""
    page = client.get(address).text
    content = page.split(f'data-label="{label}"')[1].split(">", 1)[1].split("</td>")[0]
    return " ".join(content.split())


def test_a_raw_score_without_a_percentage_is_shown_everywhere(
    player: Callable[..., Player], account: Account, client: FlaskClient
) -> None:
    script = """initialize(); set("cmi.score.raw", "8"); set("cmi.score.min", "0");
    set("cmi.score.max", "10"); set("cmi.completion_status", "completed"); finish();"""
    with acting_for(account.id):
        played = player(script, edition="2004")
        played.play()
        enrollment = played.enrollment
        assert (enrollment.score, enrollment.score_raw) == (None, 8)
        assert crm_state.record(enrollment, account.zone, None)["score_raw"] == 8
        assert "score" not in crm_state.record(enrollment, account.zone, None)
        sign_in(client, account)
    assert cell(client, f"/courses/{enrollment.course_id}", "Score") == "8 (raw)"
    assert cell(client, f"/learners/{enrollment.learner_id}", "Raw score") == "8"
    assert cell(client, f"/learners/{enrollment.learner_id}", "Score") == "–"


def test_two_modules_in_two_sessions_have_the_score_of_the_whole(
    player: Callable[..., Player], account: Account, client: FlaskClient
) -> None:
    script = """initialize(); set("cmi.core.lesson_status", "completed");
    set("cmi.core.score.raw", part === "1" ? "100" : "50"); finish();"""
    with acting_for(account.id):
        played = player(script, items=("One", "Two"))
        played.play()
        enrollment = played.enrollment
        assert (enrollment.completed, enrollment.score) == (False, 100)
        played.play()
        assert (enrollment.completed, enrollment.score, enrollment.score_raw) == (True, 75, None)
        assert enrollment.attempts_made == 2
        certificate = issuing.latest(enrollment)
        assert certificate is not None and certificate.score == 75
        tags = crm_state.wanted_tags(standings.of_learner(enrollment.learner))
        assert tags == {"scorm_completed", "scorm_score_70_79"}
        sign_in(client, account)
    assert cell(client, f"/courses/{enrollment.course_id}", "Score") == "75%"
    assert cell(client, f"/learners/{enrollment.learner_id}", "Raw score") == "–"


def test_a_course_that_never_finishes_has_one_attempt(
    player: Callable[..., Player], account: Account
) -> None:
    script = """initialize(); set("cmi.core.lesson_status", "completed");
    set("cmi.core.score.raw", "90"); set("cmi.core.session_time", "00:01:30"); commit();"""
    with acting_for(account.id):
        played = player(script)
        played.play()
        enrollment = played.enrollment
        assert (enrollment.attempts_made, enrollment.score) == (1, 90)
        assert 0 < enrollment.seconds < 90


def test_a_low_score_of_an_unfinished_course_is_not_a_failure(
    player: Callable[..., Player], account: Account, client: FlaskClient
) -> None:
    script = """initialize(); set("cmi.core.score.raw", "0");
    set("cmi.core.lesson_status", "incomplete"); set("cmi.core.exit", "suspend"); finish();"""
    with acting_for(account.id):
        played = player(script, mastery=100)
        played.play()
        enrollment = played.enrollment
        sign_in(client, account)
    assert "In Progress" in cell(client, f"/courses/{enrollment.course_id}", "Status")
    assert "Failed" not in cell(client, f"/courses/{enrollment.course_id}", "Result")


def test_failing_first_and_passing_later_in_two_launches(
    player: Callable[..., Player], account: Account, client: FlaskClient
) -> None:
    """Why? names the launch that the pass came from."""
    script = """initialize(); const again = get("cmi.core.lesson_status") === "failed";
    set("cmi.core.score.raw", again ? "85" : "40");
    set("cmi.core.lesson_status", again ? "passed" : "failed"); finish();"""
    with acting_for(account.id):
        played = player(script)
        played.play()
        enrollment = played.enrollment
        first = issuing.latest(enrollment)
        assert first is not None and (first.result, first.score) == ("failed", 40)
        played.play()
        assert (enrollment.result, enrollment.score, enrollment.attempts_made) == ("passed", 85, 2)
        assert enrollment.completed_at < enrollment.passed_at  # type: ignore[operator]
        second = issuing.latest(enrollment)
        assert second is not None and second.valid and not first.valid
        sign_in(client, account)
    page = client.get(f"/enrollments/{enrollment.id}/why?ask=now").text
    assert page.count("what is recorded here came from this launch") == 1
    newest = page.split("Launches in SCORM Cloud")[-1].split("</tr>")[1]
    assert "what is recorded here came from this launch" in newest
