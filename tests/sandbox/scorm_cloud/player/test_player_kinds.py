"""Courses that behave as those of the authoring tools do, at their best and at their worst.

They are small ones of our own; test_player_packages.py plays real ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.own_packages import manifest, parts_2004, zipped
from tests.sandbox.scorm_cloud.player.stage import Learner, Stage

# Finds the API as content does: upwards through the frames.
PAGE = """<!doctype html><title>A page</title><h1>A page</h1><script>
const OLD = !!EDITION_12;
const find = (at, name) => at[name] || (at === at.parent ? null : find(at.parent, name));
const lms = find(window, OLD ? "API" : "API_1484_11");
const call = (verb, ...values) => lms[(OLD ? "LMS" : "") + verb](...values);
const begin = () => call("Initialize", "");
const get = (name) => call("GetValue", name);
const set = (name, value) => call("SetValue", name, value);
const end = () => call(OLD ? "Finish" : "Terminate", "");
SCRIPT
</script>"""
PASSED = {
    "1.2": 'set("cmi.core.lesson_status", "passed"); set("cmi.core.score.raw", "90");',
    "2004": 'set("cmi.completion_status", "completed"); set("cmi.success_status", "passed");'
    ' set("cmi.score.scaled", "0.9");',
}
SUSPENDED = {
    "1.2": """set("cmi.core.lesson_status", "incomplete"); set("cmi.core.exit", "suspend");
        set("cmi.suspend_data", get("cmi.suspend_data") + "x");""",
    "2004": """set("cmi.completion_status", "incomplete"); set("cmi.exit", "suspend");
        set("cmi.suspend_data", get("cmi.suspend_data") + "x");""",
}
each_edition = pytest.mark.parametrize("edition", ["1.2", "2004"])


def course(folder: Path, script: str, edition: str = "1.2", items: int = 1, more: str = "") -> Path:
    """A package whose parts all run this script."""
    version = "1.2" if edition == "1.2" else "2004 4th Edition"
    page = PAGE.replace("EDITION_12", str(int(edition == "1.2"))).replace("SCRIPT", script)
    pages = {f"{number}.html": page for number in range(1, items + 1)}
    return saved(folder, zipped(manifest(version, items, edition=edition, more=more), 0, **pages))


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "course.zip"
    path.write_bytes(content)
    return path


def runtime(stage: Stage, registration: str) -> dict[str, Any]:
    """The runtime state of a course's first item."""
    return dict(stage.result(registration)["activityDetails"]["children"][0]["runtime"])


@each_edition
def test_a_course_may_report_as_soon_as_it_runs(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str
) -> None:
    registration = stage.enrol(course(tmp_path, f"begin(); {PASSED[edition]} end();", edition))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration) == ("COMPLETED", "PASSED", 90))
    expect(learner.course.locator("h1")).to_have_text("A page")  # it stays on the screen
    learner.leave()
    assert stage.outcome(registration) == ("COMPLETED", "PASSED", 90)


@each_edition
def test_what_a_course_suspends_it_finds_again(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str
) -> None:
    script = f"begin(); {SUSPENDED[edition]} addEventListener('pagehide', end);"
    registration = stage.enrol(course(tmp_path, script, edition))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration)[0] == "INCOMPLETE")
    learner.leave()
    state = runtime(stage, registration)
    assert (state["exit"].lower(), state["suspendData"]) == ("suspend", "x")
    assert stage.result(registration)["totalSecondsTracked"] > 0
    learner.open(registration)
    learner.until(lambda: runtime(stage, registration)["entry"].lower() == "resume")
    learner.leave()
    assert runtime(stage, registration)["suspendData"] == "xx"


def test_a_course_gets_the_launch_data_of_its_manifest(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    more = "<adlcp:datafromlms>eyJjcHYiOiJ4In0</adlcp:datafromlms>"
    script = 'begin(); document.title = get("cmi.launch_data");'
    learner.open(stage.enrol(course(tmp_path, script, more=more)))
    learner.course.wait_for_function("document.title === 'eyJjcHYiOiJ4In0'")


def test_a_course_that_never_starts_leaves_the_attempt_alone(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    registration = stage.enrol(course(tmp_path, "begin(; // a fault in its script"))
    learner.open(registration)
    learner.course.wait_for_load_state()
    learner.leave()
    assert stage.outcome(registration) == ("UNKNOWN", "UNKNOWN", None)
    assert len(stage.launches(registration)) == 1


def test_pages_that_never_report_are_done_when_seen(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    package = saved(tmp_path, parts_2004("2004 3rd Edition", 3, is_a="asset"))
    registration = stage.enrol(package)
    learner.open(registration)
    for number in (1, 2, 3):
        if number > 1:
            learner.page.get_by_role("button", name=f"Part {number}").click()
        learner.wait_for_item(f"Part {number}")
    learner.leave()
    assert stage.outcome(registration)[0] == "COMPLETED"


@each_edition
def test_a_course_of_many_small_items_is_completed_by_visiting_all(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str
) -> None:
    script = f"begin(); {PASSED[edition]} addEventListener('pagehide', end);"
    registration = stage.enrol(course(tmp_path, script, edition, items=9))
    learner.open(registration)
    entries = learner.page.locator("#contents button")
    expect(entries).to_have_count(9)
    for number in range(9):
        if number == 8:
            assert stage.outcome(registration)[0] != "COMPLETED"
        if number:
            entries.nth(number).click()
        learner.wait_for_item(f"Part {number + 1}")
        learner.course.wait_for_load_state()
    learner.leave()
    assert stage.outcome(registration)[:2] == ("COMPLETED", "PASSED")


def test_items_may_share_one_page(stage: Stage, learner: Learner, tmp_path: Path) -> None:
    """What the one has reached is not what the other has."""
    page = PAGE.replace("EDITION_12", "1").replace("SCRIPT", "begin();")
    text = manifest(items=2, one_page=True)
    registration = stage.enrol(saved(tmp_path, zipped(text, 0, **{"1.html": page})))
    learner.open(registration)
    learner.wait_for_item("Part 1")
    learner.course.evaluate('set("cmi.core.lesson_status", "passed")')
    learner.page.get_by_role("button", name="Part 2").click()
    learner.wait_for_item("Part 2")
    learner.until(lambda: stage.outcome(registration)[0] == "INCOMPLETE")
    assert learner.course.evaluate('get("cmi.core.lesson_status")') != "passed"
