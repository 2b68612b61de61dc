"""What content asks and says, call by call, and what the registration shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.sandbox.scorm_cloud.player.stage import Learner, Stage
from tests.scos import package

DONE_12 = 'set("cmi.core.lesson_status", "completed");'


def answers(learner: Learner) -> list[list[str]]:
    """Every call that the open page made, with its answer and error code."""
    return list(learner.course.evaluate("answers"))


def answer(learner: Learner, element: str) -> str:
    return next(each[2] for each in answers(learner) if each[:2] == ["GetValue", element])


def only_item(stage: Stage, registration: str) -> dict[str, Any]:
    return dict(stage.result(registration)["activityDetails"]["children"][0])


def seconds(stage: Stage, registration: str) -> float:
    return float(stage.result(registration)["totalSecondsTracked"])


def test_a_raw_score_of_scorm_2004_makes_no_percentage(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    script = """initialize(); set("cmi.score.raw", "8"); set("cmi.score.min", "0");
    set("cmi.score.max", "10"); set("cmi.completion_status", "completed"); finish();"""
    registration = stage.enrol(package(tmp_path / "raw.zip", script, edition="2004"))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration)[0] == "COMPLETED")
    assert stage.outcome(registration)[2] is None
    item = only_item(stage, registration)
    assert "score" not in item
    assert item["runtime"]["scoreRaw"] == "8"
    assert stage.launches(registration)[0].get("score") is None


def test_a_score_below_the_mastery_score_does_not_finish_what_content_calls_incomplete(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    script = """initialize(); set("cmi.core.score.raw", "0");
    set("cmi.core.lesson_status", "incomplete"); set("cmi.core.exit", "suspend"); finish();"""
    registration = stage.enrol(package(tmp_path / "early.zip", script, mastery=100))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration)[0] != "UNKNOWN")
    learner.course.wait_for_function("answers.some(([name]) => name === 'Finish')")
    assert stage.outcome(registration) == ("INCOMPLETE", "UNKNOWN", 0)


@pytest.mark.parametrize(
    ("said", "raw", "expected"),
    [
        ("passed", "10", ("COMPLETED", "PASSED", 10)),
        ("failed", "90", ("COMPLETED", "FAILED", 90)),
        ("completed", "90", ("COMPLETED", "PASSED", 90)),
        ("completed", "10", ("COMPLETED", "FAILED", 10)),
        ("incomplete", "90", ("INCOMPLETE", "UNKNOWN", 90)),
        (None, "90", ("COMPLETED", "PASSED", 90)),
        (None, "10", ("COMPLETED", "FAILED", 10)),
    ],
)
def test_the_mastery_score_decides_only_what_content_left_open(
    stage: Stage, learner: Learner, tmp_path: Path, said: str | None, raw: str, expected: Any
) -> None:
    status = f'set("cmi.core.lesson_status", "{said}");' if said else ""
    script = f'initialize(); set("cmi.core.score.raw", "{raw}"); {status} finish();'
    registration = stage.enrol(package(tmp_path / "mastery.zip", script, mastery=80))
    learner.open(registration)
    learner.course.wait_for_function("answers.some(([name]) => name === 'Finish')")
    assert stage.outcome(registration) == expected


def test_content_that_finishes_without_a_status_has_completed(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    registration = stage.enrol(package(tmp_path / "silent.zip", "initialize(); finish();"))
    learner.open(registration)
    learner.course.wait_for_function("answers.some(([name]) => name === 'Finish')")
    assert stage.outcome(registration) == ("COMPLETED", "UNKNOWN", None)


@pytest.mark.parametrize("edition", ["1.2", "2004"])
@pytest.mark.parametrize("way", ["exit", "close", "crash"])
def test_content_that_breaks_off_without_a_status_has_not(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str, way: str
) -> None:
    file = package(tmp_path / "left.zip", "initialize(); commit();", edition=edition)
    registration = stage.enrol(file)
    for number in range(2):
        learner.open(registration)
        learner.course.wait_for_function("answers.length > 1")
        if way == "exit":
            learner.leave()
        elif way == "crash":
            learner.page.close()  # without unload handlers
            learner.page = learner.context.new_page()
        else:
            second = learner.context.new_page()
            learner.close_window()
            learner.page = second
            learner.until(lambda n=number: stage.launches(registration)[n].get("exitTime"))
        assert stage.outcome(registration) == ("INCOMPLETE", "UNKNOWN", None)


FIRST_LAUNCH_12 = {
    "cmi.core.total_time": "0000:00:00.00",
    "cmi.core.lesson_status": "not attempted",
    "cmi.core.entry": "ab-initio",
    "cmi.core.credit": "credit",
    "cmi.core.lesson_mode": "normal",
    "cmi.core.lesson_location": "",
    "cmi.core.score.raw": "",
    "cmi.core.score._children": "raw,min,max",
    "cmi.suspend_data": "",
    "cmi.launch_data": "",
    "cmi.interactions._count": "0",
    "cmi.objectives._count": "0",
    "cmi._version": "3.4",
}
FIRST_LAUNCH_2004 = {
    "cmi.total_time": "PT0S",
    "cmi.completion_status": "unknown",
    "cmi.success_status": "unknown",
    "cmi.entry": "ab-initio",
    "cmi.credit": "credit",
    "cmi.mode": "normal",
    "cmi.interactions._count": "0",
    "cmi._version": "1.0",
}


@pytest.mark.parametrize(
    ("edition", "expected"), [("1.2", FIRST_LAUNCH_12), ("2004", FIRST_LAUNCH_2004)]
)
def test_at_the_first_launch_every_element_has_its_first_value(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str, expected: dict[str, str]
) -> None:
    reads = "".join(f'get("{name}");' for name in expected)
    file = package(tmp_path / "first.zip", f"initialize(); {reads}", edition=edition)
    learner.open(stage.enrol(file))
    found = {each[1]: each[2:] for each in answers(learner) if each[0] == "GetValue"}
    assert found == {name: [value, "0"] for name, value in expected.items()}


def test_before_initialize_no_time_can_be_read(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    learner.open(stage.enrol(package(tmp_path / "early.zip", 'get("cmi.core.total_time");')))
    assert answers(learner) == [["GetValue", "cmi.core.total_time", "", "301"]]


@pytest.mark.parametrize("href", ["content\\start.html", "content\\deep\\start.html"])
def test_a_backslash_in_a_launch_address_is_a_slash(
    stage: Stage, learner: Learner, tmp_path: Path, href: str
) -> None:
    script = f"initialize(); {DONE_12} finish();"
    registration = stage.enrol(package(tmp_path / "windows.zip", script, href=href))
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration)[0] == "COMPLETED")


TWO_MODULES = """initialize(); set("cmi.core.lesson_status", "completed");
set("cmi.core.score.raw", part === "1" ? "100" : "50"); finish();"""


def test_two_modules_in_two_sessions_have_the_average(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    file = package(tmp_path / "shared.zip", TWO_MODULES, items=("One", "Two"))
    registration = stage.enrol(file)
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration) == ("INCOMPLETE", "UNKNOWN", 100))
    learner.leave()
    learner.open(registration)
    learner.until(lambda: stage.outcome(registration) == ("COMPLETED", "UNKNOWN", 75))


def test_time_of_one_launch_comes_from_one_clock(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    script = f"""initialize(); {DONE_12} set("cmi.core.score.raw", "90");
    set("cmi.core.session_time", "00:01:30"); commit();"""
    registration = stage.enrol(package(tmp_path / "no-finish.zip", script))
    learner.open(registration)
    learner.course.wait_for_function("answers.some(([name]) => name === 'Commit')")
    during = seconds(stage, registration)
    second = learner.context.new_page()
    learner.close_window()
    learner.page = second
    learner.until(lambda: stage.launches(registration)[0].get("exitTime"))
    assert during <= seconds(stage, registration) < 90
    assert stage.outcome(registration) == ("COMPLETED", "UNKNOWN", 90)
    assert len(stage.launches(registration)) == 1


def test_time_adds_up_over_launches_whatever_content_claims(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    script = """initialize(); set("cmi.core.session_time", "00:01:30"); commit();"""
    registration = stage.enrol(package(tmp_path / "claims.zip", script))
    total = 0.0
    for _ in range(3):
        learner.open(registration)
        learner.course.wait_for_function("answers.some(([name]) => name === 'Commit')")
        learner.leave()
        now = seconds(stage, registration)
        assert total < now < 90
        total = now
    assert sum(launch["totalSecondsTracked"] for launch in stage.launches(registration)) == (
        pytest.approx(total, abs=0.05)
    )


RESUMES_12 = """initialize(); get("cmi.core.entry"); get("cmi.core.lesson_location");
get("cmi.suspend_data"); set("cmi.core.lesson_location", "7"); set("cmi.suspend_data", "was here");
EXIT commit(); END"""
RESUMES_2004 = """initialize(); get("cmi.entry"); get("cmi.location"); get("cmi.suspend_data");
set("cmi.location", "7"); set("cmi.suspend_data", "was here"); EXIT commit(); END"""
ASKED = ["resume", "7", "was here"]
NOT_ASKED = ["", "", ""]
ANEW = ["ab-initio", "", ""]  # by SCORM 2004 it is another attempt


@pytest.mark.parametrize("end", ["finish();", ""])
@pytest.mark.parametrize(
    ("edition", "exit", "expected"),
    [
        ("1.2", 'set("cmi.core.exit", "suspend");', ASKED),
        ("1.2", 'set("cmi.core.exit", "logout");', NOT_ASKED),
        ("1.2", "", NOT_ASKED),
        ("2004", 'set("cmi.exit", "suspend");', ASKED),
        ("2004", 'set("cmi.exit", "normal");', ANEW),
        ("2004", "", ANEW),
    ],
)
def test_a_course_is_resumed_only_where_it_asked_for_that(
    stage: Stage,
    learner: Learner,
    tmp_path: Path,
    edition: str,
    exit: str,
    expected: list[str],
    end: str,
) -> None:
    script = RESUMES_12 if edition == "1.2" else RESUMES_2004
    script = script.replace("EXIT", exit).replace("END", end)
    registration = stage.enrol(package(tmp_path / "resumes.zip", script, edition=edition))
    for wanted in (["ab-initio", "", ""], expected):
        learner.open(registration)
        learner.course.wait_for_function("answers.some(([name]) => name === 'Commit')")
        read = [each[2] for each in answers(learner) if each[0] == "GetValue"]
        assert read == wanted
        learner.leave()


def test_the_page_loaded_again_goes_on_in_the_same_attempt(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    script = RESUMES_12.replace("EXIT", "").replace("END", "")
    registration = stage.enrol(package(tmp_path / "again.zip", script))
    learner.open(registration)
    learner.course.wait_for_function("answers.some(([name]) => name === 'Commit')")
    before = seconds(stage, registration)
    learner.page.reload()
    learner.course.wait_for_function("answers.some(([name]) => name === 'Commit')")
    assert [each[2] for each in answers(learner) if each[0] == "GetValue"][1:] == ["7", "was here"]
    learner.leave()
    assert seconds(stage, registration) > before
    assert len(stage.launches(registration)) == 1


LEAVES = """initialize(); addEventListener("EVENT", () => {
  set(old ? "cmi.core.lesson_status" : "cmi.completion_status", "completed");
  commit(); finish();
  localStorage.setItem("answers", JSON.stringify(answers.slice(-2)));
});"""


@pytest.mark.parametrize("edition", ["1.2", "2004"])
@pytest.mark.parametrize("event", ["beforeunload", "pagehide", "unload"])
def test_commit_and_finish_answer_true_while_the_page_goes_away(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str, event: str
) -> None:
    file = package(
        tmp_path / "leaves.zip",
        LEAVES.replace("EVENT", event),
        edition=edition,
        more={"next.html": "<!doctype html><title>Next</title><h1>Next</h1>"},
    )
    registration = stage.enrol(file)
    learner.open(registration)
    learner.course.evaluate("location.href = 'next.html'")
    expect(learner.course.locator("h1")).to_have_text("Next")
    said = learner.page.evaluate("JSON.parse(localStorage.getItem('answers'))")
    assert [each[-2] for each in said] == ["true", "true"], said
    assert {each[-1] for each in said} == {"0"}, said
    learner.until(lambda: stage.outcome(registration)[0] == "COMPLETED")


@pytest.mark.parametrize("edition", ["1.2", "2004"])
def test_what_is_said_while_the_window_closes_arrives(
    stage: Stage, learner: Learner, tmp_path: Path, edition: str
) -> None:
    file = package(
        tmp_path / "closes.zip", LEAVES.replace("EVENT", "beforeunload"), edition=edition
    )
    registration = stage.enrol(file)
    learner.open(registration)
    learner.course.wait_for_function("answers.length > 0")
    second = learner.context.new_page()
    learner.close_window()
    learner.page = second
    learner.until(lambda: stage.launches(registration)[0].get("exitTime"))
    assert stage.outcome(registration)[0] == "COMPLETED"


def test_a_server_that_cannot_be_reached_is_not_taken_for_a_page_that_goes_away(
    stage: Stage, learner: Learner, tmp_path: Path
) -> None:
    registration = stage.enrol(package(tmp_path / "away.zip", "initialize();"))
    learner.open(registration)
    learner.course.wait_for_function("answers.length > 0")
    learner.context.set_offline(True)
    learner.course.evaluate(f"{DONE_12} commit()")
    learner.page.wait_for_function(
        "() => document.querySelector('iframe').contentWindow.eval('commit()') === 'false'"
    )
    learner.context.set_offline(False)
    learner.until(lambda: stage.outcome(registration)[0] == "COMPLETED")
