"""One SCO in SCORM 1.2: results, bookmarks, closing, reloading, links and previews."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.sandbox.scorm_cloud.player.courses import (
    ALL_RIGHT,
    TWO_RIGHT,
    answer_quiz,
    turn_to_quiz,
)
from tests.sandbox.scorm_cloud.player.stage import Learner, Stage


@pytest.fixture
def registration(stage: Stage, samples: Path) -> str:
    return stage.enrol(samples / "fire-safety.zip")


def test_a_learner_passes_and_returns_to_where_the_hub_wants(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    turn_to_quiz(learner)
    answer_quiz(learner, ALL_RIGHT)
    learner.course.click("#finish")
    learner.page.wait_for_url(stage.afterwards)
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 100)
    result = stage.result(registration)
    assert result["totalSecondsTracked"] > 0
    assert result["completedDate"]
    answers = result["activityDetails"]["children"][0]["runtime"]["runtimeInteractions"]
    assert [answer["result"] for answer in answers] == ["correct"] * 5


def test_a_learner_fails_and_may_try_again(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    turn_to_quiz(learner)
    answer_quiz(learner, TWO_RIGHT)
    learner.until(lambda: stage.outcome(registration) == ("COMPLETED", "FAILED", 40))
    learner.course.click("#again")
    answer_quiz(learner, ALL_RIGHT)
    learner.until(lambda: stage.outcome(registration) == ("COMPLETED", "PASSED", 100))


def test_results_arrive_while_the_course_is_still_open(
    stage: Stage, learner: Learner, registration: str
) -> None:
    assert stage.outcome(registration) == ("UNKNOWN", "UNKNOWN", None)
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration) == ("INCOMPLETE", "UNKNOWN", None))


def test_exit_in_the_middle_and_resume_at_the_same_page(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    turn_to_quiz(learner)
    learner.course.check('[name=q0][value="1"]')
    learner.leave()
    learner.open(registration)
    expect(learner.course.locator("h1:visible")).to_have_text("Quiz")
    expect(learner.course.locator('[name=q0][value="1"]')).to_be_checked()
    assert stage.outcome(registration) == ("INCOMPLETE", "UNKNOWN", None)


def test_closing_the_window_loses_nothing(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    turn_to_quiz(learner)
    learner.course.check('[name=q1][value="2"]')
    second = learner.context.new_page()
    learner.close_window()
    learner.page = second
    learner.until(lambda: stage.launches(registration)[0].get("exitTime"))
    assert stage.result(registration)["totalSecondsTracked"] > 0
    second.goto(stage.link(registration))
    expect(learner.course.locator("h1:visible")).to_have_text("Quiz")
    expect(learner.course.locator('[name=q1][value="2"]')).to_be_checked()


def test_reloading_the_player_goes_on_in_the_same_launch(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    turn_to_quiz(learner)
    learner.page.reload()
    expect(learner.course.locator("h1:visible")).to_have_text("Quiz")
    answer_quiz(learner, ALL_RIGHT)
    learner.until(lambda: stage.outcome(registration) == ("COMPLETED", "PASSED", 100))
    assert len(stage.launches(registration)) == 1


def test_each_launch_is_an_entry_of_the_history(
    stage: Stage, learner: Learner, registration: str
) -> None:
    for _ in range(2):
        learner.open(registration)
        learner.course.wait_for_selector("h1")
        learner.leave()
    history = stage.launches(registration)
    assert len(history) == 2
    assert all(entry["exitTime"] >= entry["launchTime"] for entry in history)


def test_a_finished_course_stays_passed_when_it_is_opened_again(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    turn_to_quiz(learner)
    answer_quiz(learner, ALL_RIGHT)
    learner.course.click("#finish")
    learner.page.wait_for_url(stage.afterwards)
    seconds = stage.result(registration)["totalSecondsTracked"]
    learner.open(registration)
    expect(learner.course.locator("h1:visible")).to_have_text("Two minutes that count")
    learner.leave()
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 100)
    assert stage.result(registration)["totalSecondsTracked"] > seconds


def test_the_course_knows_the_learner(stage: Stage, learner: Learner, registration: str) -> None:
    learner.open(registration)
    learner.course.wait_for_selector("h1")
    name, mastery = learner.page.evaluate(
        "['cmi.core.student_name', 'cmi.student_data.mastery_score']"
        ".map(name => API.LMSGetValue(name))"
    )
    assert name == "Lee, Ann"
    assert mastery == "80"


def test_an_expired_link_says_so_and_leads_back(
    stage: Stage, learner: Learner, registration: str
) -> None:
    link = stage.link(registration)
    stage.ask("POST", f"{stage.url}/sandbox/links/expire")
    answer = learner.page.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(learner.page.locator("h1")).to_have_text("Link expired")
    assert (
        learner.page.get_by_role("link", name="Go back").get_attribute("href") == stage.afterwards
    )
    assert stage.launches(registration) == []


def test_an_unknown_link_says_so(stage: Stage, learner: Learner) -> None:
    answer = learner.page.goto(f"{stage.url}/launch/0b2f7a8e-0000-4000-8000-000000000000")
    assert answer is not None
    assert answer.status == 404
    expect(learner.page.locator("h1")).to_have_text("Unknown link")


def test_a_head_request_does_not_use_the_link(stage: Stage, registration: str) -> None:
    assert stage.ask("HEAD", stage.link(registration)).status_code == 200
    assert stage.launches(registration) == []


def test_a_preview_is_played_but_not_recorded(
    stage: Stage, learner: Learner, samples: Path
) -> None:
    course = stage.course(samples / "fire-safety.zip")
    wanted = {"redirectOnExitUrl": stage.afterwards}
    learner.page.goto(stage.api("POST", f"courses/{course}/preview", json=wanted)["launchLink"])
    expect(learner.page.locator(".badge")).to_have_text("sandbox · preview")
    turn_to_quiz(learner)
    answer_quiz(learner, ALL_RIGHT)
    learner.leave()
    assert stage.api("GET", f"registrations?courseId={course}")["registrations"] == []


@pytest.mark.parametrize("wanted", ["message", ""])
def test_without_an_address_the_player_says_goodbye_itself(
    stage: Stage, learner: Learner, registration: str, wanted: str
) -> None:
    learner.open(registration, redirectOnExitUrl=wanted)
    learner.course.wait_for_selector("h1")
    learner.page.click("#exit")
    expect(learner.page.locator("h1")).to_have_text("You have left the course")


def test_at_phone_width_nothing_hangs_over_the_edge(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.page.set_viewport_size({"width": 375, "height": 700})
    learner.open(registration)
    learner.course.wait_for_selector("h1")
    for document in (learner.page.main_frame, learner.course):
        wide = document.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
    expect(learner.page.get_by_role("button", name="Exit")).to_be_in_viewport(ratio=1)


MANIFEST = """<manifest xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><organizations><organization>
 <title>Two pages</title><item identifier="i" identifierref="r"><title>Pages</title></item>
 </organization></organizations><resources>
 <resource identifier="r" adlcp:scormtype="sco" href="first.html"/></resources></manifest>"""
FIRST = """<!doctype html><title>First</title><h1>First</h1><script>
parent.API.LMSInitialize("");
addEventListener("EVENT", () => {
  parent.API.LMSSetValue("cmi.core.score.raw", "55");
  parent.API.LMSSetValue("cmi.core.lesson_status", "passed");
  parent.API.LMSFinish("");
});
</script>"""


@pytest.mark.parametrize("event", ["beforeunload", "pagehide", "unload"])
def test_a_course_that_turns_its_page_while_it_reports_loses_nothing(
    stage: Stage, learner: Learner, tmp_path: Path, event: str
) -> None:
    package = tmp_path / "two-pages.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("imsmanifest.xml", MANIFEST)
        archive.writestr("first.html", FIRST.replace("EVENT", event))
        archive.writestr("second.html", "<!doctype html><title>Second</title><h1>Second</h1>")
    registration = stage.enrol(package)
    learner.open(registration)
    learner.course.evaluate("location.href = 'second.html'")
    learner.until(lambda: stage.outcome(registration) == ("COMPLETED", "PASSED", 55))
    expect(learner.course.locator("h1")).to_have_text("Second")
