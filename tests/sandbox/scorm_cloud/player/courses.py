"""How a learner works through our own two sample courses."""

from __future__ import annotations

from tests.sandbox.scorm_cloud.player.stage import Learner

ALL_RIGHT = [1, 0, 2, 1, 0]
TWO_RIGHT = [1, 0, 0, 0, 1]
LESSONS = ["Your first day", "Working together", "Looking after data"]
CHECK_RIGHT = {"lost": "tell", "phone": "screen", "ask": "anyone", "mail": "look"}
CHECK_MOSTLY_RIGHT = {**CHECK_RIGHT, "mail": "pay"}


def turn_to_quiz(learner: Learner) -> None:
    course = learner.course
    while course.locator("h1:visible").inner_text() != "Quiz":
        course.click("#next")


def answer_quiz(learner: Learner, answers: list[int]) -> None:
    for number, answer in enumerate(answers):
        learner.course.check(f'[name=q{number}][value="{answer}"]')
    learner.course.click("#next")


def tick_all(learner: Learner) -> None:
    for box in learner.course.locator(".points input").all():
        box.check()


def take_lessons(learner: Learner) -> None:
    """All three lessons, going on by their own buttons, until the check is open."""
    for lesson in LESSONS:
        learner.wait_for_item(lesson)
        learner.course.wait_for_selector(f"h1:text-is('{lesson}')")
        tick_all(learner)
        learner.course.click("#on")
    learner.wait_for_item("Knowledge check")


def take_check(learner: Learner, answers: dict[str, str]) -> None:
    learner.course.wait_for_selector("#questions")
    for name, answer in answers.items():
        learner.course.check(f"[name={name}][value={answer}]")
    learner.course.click("button[type=submit]")
