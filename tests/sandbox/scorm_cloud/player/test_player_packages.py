"""Real packages of many kinds, played to their end or to the state they are known to reach.

Collected only where the collection lies beside the project; see conftest.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, expect

from tests.samples import COLLECTION
from tests.sandbox.scorm_cloud.player.stage import Learner, Stage

GOLF_ITEMS = ["Playing the Game", "Etiquette", "Handicapping", "Having Fun"]
ANSWER = """right => {
  for (const question of test.Questions) {
    const field = (part) => document.getElementById(`question_${question.Id}_${part}`);
    const answers = question.Answers || [];
    const place = answers.indexOf(question.CorrectAnswer);
    if (question.Type === "numeric") field("Text").value = right ? question.CorrectAnswer : "x";
    else if (question.Type === "true-false") {
      field((question.CorrectAnswer == true) === right ? "True" : "False").checked = true;
    } else field(right ? place : (place + 1) % answers.length).checked = true;
  }
  SubmitAnswers();
}"""


def real(name: str) -> Path:
    return COLLECTION / f"{name}.zip"


def golf_page(course: Frame) -> Frame:
    """The inner frame in which a golf course shows its pages."""
    element = course.wait_for_selector("#contentFrame")
    inner = element.content_frame() if element else None
    assert inner is not None
    inner.wait_for_load_state()
    return inner


def play_golf(learner: Learner, right: bool = True) -> None:
    """Turn the pages of one golf SCO to the last, and take its quiz if there is one."""
    course = learner.course
    course.wait_for_function("typeof currentPage === 'number'")
    for _ in range(int(course.evaluate("pageArray.length - 1 - currentPage"))):
        course.click("#butNext")
    if course.evaluate("pageArray[currentPage].includes('assessment')"):
        page = golf_page(course)
        page.wait_for_selector("input[value='Submit Answers']")
        page.evaluate(ANSWER, right)


def runtime(stage: Stage, registration: str) -> dict[str, Any]:
    """The runtime state of a course's only item."""
    child = stage.result(registration)["activityDetails"]
    while child["children"]:
        child = child["children"][0]
    return dict(child["runtime"])


@pytest.mark.parametrize("name", ["golf-12-runtime-basic", "golf-2004-3rd-runtime-basic"])
def test_golf_with_a_quiz_is_passed(stage: Stage, learner: Learner, name: str) -> None:
    registration = stage.enrol(real(name))
    learner.open(registration)
    play_golf(learner)
    learner.leave()
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 100)


@pytest.mark.parametrize("name", ["golf-12-runtime-basic", "golf-2004-3rd-runtime-basic"])
def test_golf_resumes_at_its_bookmark(stage: Stage, learner: Learner, name: str) -> None:
    registration = stage.enrol(real(name))
    learner.open(registration)
    learner.course.wait_for_function("typeof currentPage === 'number'")
    for _ in range(3):
        learner.course.click("#butNext")
    learner.leave()
    learner.open(registration)
    learner.course.wait_for_function("currentPage === 3")
    assert stage.outcome(registration)[0] == "INCOMPLETE"


def test_forced_order_opens_each_item_after_the_one_before(stage: Stage, learner: Learner) -> None:
    registration = stage.enrol(real("golf-2004-3rd-seq-forced-sequential"))
    learner.open(registration)
    titles = [*GOLF_ITEMS, "Quiz"]
    for title, following in zip(titles, [*titles[1:], None], strict=True):
        learner.wait_for_item(title)
        if following:
            expect(learner.page.get_by_role("button", name=following)).to_be_disabled()
        play_golf(learner)
        if following:
            learner.page.get_by_role("button", name="Continue").click()
    learner.leave()
    # Its quiz has a score, but by the manifest no part's score counts for the whole.
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", None)


def test_a_random_test_failed_twice_ends_the_course(stage: Stage, learner: Learner) -> None:
    registration = stage.enrol(real("golf-2004-3rd-seq-random-test"))
    learner.open(registration)
    for title in GOLF_ITEMS:
        learner.wait_for_item(title)
        play_golf(learner)
        learner.page.get_by_role("button", name="Continue").click()
    for _ in range(2):
        # The draw may give the same test again, so a new one is known by its frame alone.
        frame = learner.page.wait_for_selector("#place iframe[src*=assessment]:not([data-taken])")
        assert frame is not None
        frame.evaluate("frame => { frame.dataset.taken = '' }")
        play_golf(learner, right=False)
        learner.page.get_by_role("button", name="Continue").click()
    learner.page.wait_for_url(stage.afterwards)
    assert stage.outcome(registration) == ("COMPLETED", "FAILED", 0)


def test_a_random_test_passed_ends_the_course(stage: Stage, learner: Learner) -> None:
    registration = stage.enrol(real("golf-2004-3rd-seq-random-test"))
    learner.open(registration)
    for title in GOLF_ITEMS:
        learner.wait_for_item(title)
        play_golf(learner)
        learner.page.get_by_role("button", name="Continue").click()
    learner.page.wait_for_selector("#place iframe[src*=assessment]")
    play_golf(learner)
    learner.page.get_by_role("button", name="Continue").click()
    learner.page.wait_for_url(stage.afterwards)
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 100)


@pytest.mark.parametrize(
    ("name", "items"), [("golf-12-runtime-minimum-mini", 9), ("golf-2004-3rd-runtime-minimum", 18)]
)
def test_a_course_of_many_small_items_is_completed_by_visiting_all(
    stage: Stage, learner: Learner, name: str, items: int
) -> None:
    registration = stage.enrol(real(name))
    learner.open(registration)
    entries = learner.page.locator("#contents button")
    assert entries.count() == items
    for number in range(items):
        expect(entries.nth(number)).to_be_enabled()
        if number:
            entries.nth(number).click()
        learner.wait_for_item(entries.nth(number).locator(".name").inner_text())
        learner.course.wait_for_load_state()
        quiz = learner.course.evaluate("'test' in window && typeof test === 'object'")
        if quiz:
            learner.course.evaluate(ANSWER, True)
    learner.leave()
    completion, success, _ = stage.outcome(registration)
    assert completion == "COMPLETED"
    assert success != "FAILED"


def test_pages_that_never_report_are_done_when_seen(stage: Stage, learner: Learner) -> None:
    registration = stage.enrol(real("golf-2004-3rd-one-file-per-sco"))
    learner.open(registration)
    learner.wait_for_item("How to Play")
    learner.leave()
    assert stage.outcome(registration)[0] == "COMPLETED"


def test_a_storyline_course_reports_as_soon_as_it_runs(stage: Stage, learner: Learner) -> None:
    registration = stage.enrol(real("storyline-12-small"))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration)[:2] == ("COMPLETED", "PASSED"))
    learner.leave()


@pytest.mark.parametrize("name", ["rise-12", "captivate-12-german", "own-2004-3rd-frank"])
def test_courses_of_authoring_tools_start_and_are_suspended(
    stage: Stage, learner: Learner, name: str
) -> None:
    registration = stage.enrol(real(name))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration)[0] == "INCOMPLETE")
    learner.leave()
    state = runtime(stage, registration)
    assert state["exit"].lower() == "suspend"
    assert stage.result(registration)["totalSecondsTracked"] > 0
    learner.open(registration)
    learner.until(lambda: runtime(stage, registration)["entry"].lower() == "resume")


def test_rise_gets_its_launch_data(stage: Stage, learner: Learner) -> None:
    learner.open(stage.enrol(real("rise-12")))
    data = learner.page.wait_for_function("API.LMSGetValue('cmi.launch_data')")  # once it has begun
    assert data.json_value() == "eyJjcHYiOiJPUHZNMnRFNyIsInJsZCI6ZmFsc2V9"


def test_a_course_that_never_starts_leaves_the_attempt_alone(
    stage: Stage, learner: Learner
) -> None:
    registration = stage.enrol(real("suica-12-template-js-bug"))
    learner.open(registration)
    learner.course.wait_for_load_state()
    learner.leave()
    assert stage.outcome(registration) == ("UNKNOWN", "UNKNOWN", None)
    assert len(stage.launches(registration)) == 1


def test_a_course_that_finishes_by_itself_stays_on_the_screen(
    stage: Stage, learner: Learner
) -> None:
    registration = stage.enrol(real("suica-12-lms-info"))
    learner.open(registration)
    learner.until(lambda: runtime(stage, registration))
    expect(learner.course.locator("body")).to_contain_text("cmi.core.student_name")
    learner.leave()


def test_items_may_share_one_page(stage: Stage, learner: Learner) -> None:
    registration = stage.enrol(real("macosx-12-8items"))
    learner.open(registration)
    learner.wait_for_item("The first content (one SCO)")
    passed = "API.LMSSetValue('cmi.core.lesson_status', 'passed') === 'true'"
    learner.page.wait_for_function(passed)  # possible once the course has begun
    learner.page.get_by_role("button", name="The second content (one SCO too)").click()
    learner.wait_for_item("The second content (one SCO too)")
    learner.until(lambda: stage.outcome(registration)[0] == "INCOMPLETE")
    assert learner.page.evaluate("API.LMSGetValue('cmi.core.lesson_status')") != "passed"
