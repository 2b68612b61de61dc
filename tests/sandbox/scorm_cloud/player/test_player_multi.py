"""Several SCOs in SCORM 2004 with sequencing: order, completion, resuming, closing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.sandbox.scorm_cloud.player.courses import (
    CHECK_MOSTLY_RIGHT,
    CHECK_RIGHT,
    LESSONS,
    take_check,
    take_lessons,
    tick_all,
)
from tests.sandbox.scorm_cloud.player.stage import Learner, Stage


@pytest.fixture
def registration(stage: Stage, samples: Path) -> str:
    return stage.enrol(samples / "welcome-aboard.zip")


def children(activity: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All activities below one, by title."""
    found = {}
    for each in activity["children"]:
        found[each["title"]] = each
        found.update(children(each))
    return found


def test_all_lessons_and_the_check_complete_the_course(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    take_lessons(learner)
    take_check(learner, CHECK_MOSTLY_RIGHT)
    learner.course.click("#leave")  # the course itself asks to end everything
    learner.page.wait_for_url(stage.afterwards)
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 75)
    parts = children(stage.result(registration)["activityDetails"])
    for title in (*LESSONS, "Knowledge check"):
        assert parts[title]["activityCompletion"] == "COMPLETED", title
    assert parts["Knowledge check"]["score"]["scaled"] == 75


def test_the_check_opens_only_after_the_lessons(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    learner.wait_for_item("Your first day")
    entry = learner.page.get_by_role("button", name="Knowledge check")
    expect(entry).to_be_disabled()
    expect(learner.page.get_by_role("button", name="Looking after data")).to_be_enabled()
    take_lessons(learner)
    assert learner.open_item() == "Knowledge check"
    assert stage.outcome(registration)[0] == "INCOMPLETE"


def test_choosing_from_the_contents_and_continuing_with_the_players_button(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    learner.wait_for_item("Your first day")
    learner.page.get_by_role("button", name="Looking after data").click()
    learner.wait_for_item("Looking after data")
    tick_all(learner)
    learner.page.get_by_role("button", name="Previous").click()
    learner.wait_for_item("Working together")
    tick_all(learner)
    learner.page.get_by_role("button", name="Continue").click()
    learner.wait_for_item("Looking after data")
    parts = children(stage.result(registration)["activityDetails"])
    assert parts["Looking after data"]["activityCompletion"] == "COMPLETED"
    assert parts["Working together"]["activityCompletion"] == "COMPLETED"
    assert parts["Your first day"]["activityCompletion"] != "COMPLETED"


def test_nothing_can_be_pressed_while_the_next_item_is_on_its_way(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    learner.wait_for_item("Your first day")
    left = learner.page.evaluate(
        """() => {
          document.getElementById("continue").click();
          return [...document.querySelectorAll("header button:not([id$=toggle]), #contents button")]
            .filter((button) => !button.disabled).length;
        }"""
    )
    assert left == 0
    learner.wait_for_item("Working together")
    for name in ("Previous", "Continue", "Exit"):
        expect(learner.page.get_by_role("button", name=name)).to_be_enabled()


def test_leaving_and_coming_back_resumes_the_lesson_and_what_was_done(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    learner.wait_for_item("Your first day")
    tick_all(learner)
    learner.course.click("#on")
    learner.wait_for_item("Working together")
    learner.course.locator(".points input").first.check()
    learner.leave()
    assert stage.result(registration)["suspendedActivityId"] == "working-together"
    learner.open(registration)
    learner.wait_for_item("Working together")
    expect(learner.course.locator(".points input").first).to_be_checked()
    expect(learner.course.locator(".points input").last).not_to_be_checked()
    done = learner.page.locator("li[data-item=first-day]")
    expect(done).to_have_attribute("data-state", "completed")


def test_closing_the_window_in_the_middle_loses_nothing(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    learner.wait_for_item("Your first day")
    tick_all(learner)
    learner.course.click("#on")
    learner.wait_for_item("Working together")
    learner.course.locator(".points input").first.check()
    second = learner.context.new_page()
    learner.close_window()
    learner.page = second
    learner.until(lambda: stage.launches(registration)[0].get("exitTime"))
    second.goto(stage.link(registration))
    learner.wait_for_item("Working together")
    expect(learner.course.locator(".points input").first).to_be_checked()
    tick_all(learner)
    learner.course.click("#on")
    learner.wait_for_item("Looking after data")
    tick_all(learner)
    learner.course.click("#on")
    learner.wait_for_item("Knowledge check")
    take_check(learner, CHECK_RIGHT)
    learner.leave()
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 100)
    assert len(stage.launches(registration)) == 2


def test_a_browser_that_dies_loses_at_most_the_last_moments(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    learner.wait_for_item("Your first day")
    tick_all(learner)
    learner.until(
        lambda: (
            children(stage.result(registration)["activityDetails"])["Your first day"].get(
                "activityCompletion"
            )
            == "COMPLETED"
        )
    )
    learner.page.close()  # unlike a window that is closed, without unload handlers
    learner.page = learner.context.new_page()
    learner.page.goto(stage.link(registration))
    learner.wait_for_item("Your first day")
    expect(learner.course.locator(".points input").last).to_be_checked()


def test_a_failed_check_is_a_completed_and_failed_course(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.open(registration)
    take_lessons(learner)
    take_check(learner, {"lost": "wait", "phone": "screen", "ask": "never", "mail": "pay"})
    learner.leave()
    assert stage.outcome(registration) == ("COMPLETED", "FAILED", 25)


def test_start_sco_opens_that_item_first(stage: Stage, learner: Learner, registration: str) -> None:
    learner.open(registration, startSco="working-together")
    learner.wait_for_item("Working together")


def test_the_contents_fold_at_phone_width_and_work_by_keyboard(
    stage: Stage, learner: Learner, registration: str
) -> None:
    learner.page.set_viewport_size({"width": 375, "height": 700})
    learner.open(registration)
    learner.wait_for_item("Your first day")
    toggle = learner.page.get_by_role("button", name="Contents")
    expect(learner.page.locator("#contents")).to_be_hidden()
    toggle.focus()
    learner.page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    entry = learner.page.get_by_role("button", name="Working together")
    expect(entry).to_be_enabled()
    entry.focus()
    learner.page.keyboard.press("Enter")
    learner.wait_for_item("Working together")
    expect(learner.page.locator("#contents")).to_be_hidden()
    assert learner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
