"""What the CRM should show, as tables of cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.models import Completion, Course, Enrollment, Learner, Outcome
from app.sync import crm_state
from app.sync.crm_state import Standing, wanted_tags
from tests.factories import utc

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
MONDAY, TUESDAY = utc(2026, 3, 2, 9), utc(2026, 3, 3, 9)


def standing(**facts: Any) -> Standing:
    values: dict[str, Any] = {
        "course": "First aid",
        "slug": "first-aid",
        "completion": Completion.COMPLETED,
        "result": Outcome.NONE,
        "score": None,
        "completed_at": MONDAY,
        "standing_at": None,
    }
    return Standing(**values | facts)


@pytest.mark.parametrize(
    ("score", "tag"),
    [
        (100, "scorm_score_90_100"),
        (90, "scorm_score_90_100"),
        (89.999, "scorm_score_80_89"),
        (80, "scorm_score_80_89"),
        (79.5, "scorm_score_70_79"),
        (70, "scorm_score_70_79"),
        (69.99, "scorm_score_60_69"),
        (60, "scorm_score_60_69"),
        (59.99, "scorm_score_0_59"),
        (0, "scorm_score_0_59"),
        (-5, "scorm_score_0_59"),
        (104, "scorm_score_90_100"),
    ],
)
def test_every_score_has_its_band(score: float, tag: str) -> None:
    assert crm_state.band(score) == tag


PASSED = {"result": Outcome.PASSED}
FAILED = {"result": Outcome.FAILED}
STARTED = {"completion": Completion.IN_PROGRESS, "completed_at": None}


@pytest.mark.parametrize(
    ("standings", "tags"),
    [
        ([], set()),
        ([standing(completion=Completion.NOT_STARTED, completed_at=None)], set()),
        ([standing(**STARTED)], set()),
        ([standing(**STARTED, score=40.0)], set()),
        ([standing()], {"scorm_completed"}),
        ([standing(score=0.0)], {"scorm_completed", "scorm_score_0_59"}),
        (
            [standing(**PASSED, score=91.0)],
            {"scorm_completed", "scorm_passed", "scorm_score_90_100"},
        ),
        ([standing(**FAILED, score=42.0)], {"scorm_completed", "scorm_failed", "scorm_score_0_59"}),
        ([standing(**FAILED)], {"scorm_completed", "scorm_failed"}),
        ([standing(**STARTED, **FAILED, score=10.0)], {"scorm_failed", "scorm_score_0_59"}),
        ([standing(**PASSED, withdrawn=True)], {"scorm_completed", "scorm_passed"}),
    ],
)
def test_tags_of_one_course(standings: list[Standing], tags: set[str]) -> None:
    assert wanted_tags(standings) == tags


def test_the_latest_of_several_results_tells_the_result_and_the_band() -> None:
    older = standing(**PASSED, score=95.0, standing_at=MONDAY)
    newer = standing(**FAILED, score=42.0, standing_at=TUESDAY)
    expected = {"scorm_completed", "scorm_failed", "scorm_score_0_59"}
    assert wanted_tags([older, newer]) == wanted_tags([newer, older]) == expected


def test_a_course_without_result_does_not_take_an_earlier_result_away() -> None:
    passed = standing(**PASSED, score=95.0, standing_at=MONDAY)
    bare = standing(completed_at=TUESDAY)
    assert wanted_tags([passed, bare]) == {"scorm_completed", "scorm_passed", "scorm_score_90_100"}


def test_a_newer_result_without_score_leaves_no_band() -> None:
    scored = standing(**PASSED, score=95.0, standing_at=MONDAY)
    unscored = standing(**FAILED, standing_at=TUESDAY)
    assert wanted_tags([scored, unscored]) == {"scorm_completed", "scorm_failed"}


def test_course_tags_are_a_switch() -> None:
    assert wanted_tags([standing()], per_course=True) == {
        "scorm_completed",
        "scorm:first-aid:completed",
    }
    assert wanted_tags([standing(**STARTED)], per_course=True) == set()


def test_only_tags_of_ours_become_stale() -> None:
    present = {"customer", "scorm", "scorm_fan", "scorm_failed", "scorm_score_0_59", "scorm:x:y"}
    stale = crm_state.stale_tags(present, frozenset({"scorm_passed"}), ours=[])
    assert stale == {"scorm_failed", "scorm_score_0_59"}


def test_a_course_tag_goes_if_it_was_written_by_us() -> None:
    written = ["scorm:first-aid:completed"]
    present = {"scorm:first-aid:completed", "scorm:theirs:completed", "scorm_completed"}
    stale = crm_state.stale_tags(present, frozenset({"scorm_completed"}), ours=written)
    assert stale == {"scorm:first-aid:completed"}


def test_counters_of_a_contact() -> None:
    facts = crm_state.counters(
        [
            standing(**PASSED, score=80.0, standing_at=MONDAY),
            standing(**STARTED),
            standing(**STARTED, withdrawn=True),
            standing(
                **FAILED, score=0.0, completed_at=utc(2026, 3, 3, 23, 30), standing_at=TUESDAY
            ),
        ],
        BERLIN,
    )
    assert facts == {
        "enrolled": 3,
        "completed": 2,
        "last_completion": "2026-03-04",
        "last_score": 0,
    }


def test_counters_without_any_completion_leave_the_rest_out() -> None:
    assert crm_state.counters([standing(**STARTED)], BERLIN) == {"enrolled": 1, "completed": 0}


def test_a_company_is_summed_up() -> None:
    facts = crm_state.summary(
        "b1",
        "Northwind Clinics",
        3,
        [
            standing(**PASSED, score=90.0),
            standing(**FAILED, score=0.0, completed_at=TUESDAY),
            standing(**STARTED),
            standing(**STARTED, withdrawn=True, score=3.0),
        ],
        UTC_ZONE,
    )
    assert facts == {
        "name": "Northwind Clinics",
        "hub_key": "b1",
        "learners": 3,
        "enrollments": 3,
        "completions": 2,
        "passed": 1,
        "failed": 1,
        "completion_rate": 66.67,
        "average_score": 45,
        "last_completion": "2026-03-03",
    }


def test_a_company_of_which_nobody_is_enrolled_has_no_rates() -> None:
    assert crm_state.summary("b1", " North\nwind ", 0, [], UTC_ZONE) == {
        "name": "North wind",
        "hub_key": "b1",
        "learners": 0,
        "enrollments": 0,
        "completions": 0,
        "passed": 0,
        "failed": 0,
    }


def test_a_companys_last_completion_is_a_day_where_the_account_lives() -> None:
    late = [standing(completed_at=utc(2026, 3, 3, 23, 30))]
    facts = crm_state.summary("b1", "x" * 300, 1, late, BERLIN)
    assert facts["last_completion"] == "2026-03-04"
    assert facts["name"] == "x" * 250


def enrollment(**facts: Any) -> Enrollment:
    row = Enrollment(
        id="e" * 32,
        created_at=utc(2026, 3, 1, 12),
        completion=Completion.COMPLETED,
        result=Outcome.PASSED,
        score=92.5,
        seconds=1900.0,
        attempts_made=2,
        first_access_at=MONDAY,
        last_access_at=TUESDAY,
        completed_at=datetime.fromisoformat("2026-03-03T23:30:00+00:00"),
        standing_at=datetime.fromisoformat("2026-03-04T23:30:00+00:00"),
    )
    for name, value in facts.items():
        setattr(row, name, value)
    row.__dict__["course"] = Course(title="Work\nsafely <b>")
    row.__dict__["learner"] = Learner(first_name="Zoë", last_name="Ångström", email="z@example.org")
    return row


def test_a_record_tells_everything_of_an_enrolment() -> None:
    facts = crm_state.record(enrollment(score_raw=37.0), BERLIN, "https://hub.example/verify/N1")
    assert facts == {
        "name": "Work safely <b> – Zoë Ångström",
        "hub_key": "e" * 32,
        "learner": "Zoë Ångström",
        "email": "z@example.org",
        "course": "Work safely <b>",
        "status": "completed",
        "result": "passed",
        "score": 92.5,
        "score_raw": 37,
        "minutes": 31.7,
        "attempts": 2,
        "enrolled_on": "2026-03-01",
        "first_access_on": "2026-03-02",
        "last_access_on": "2026-03-03",
        "completed_on": "2026-03-04",
        "passed_on": "2026-03-05",
        "certificate": "https://hub.example/verify/N1",
    }


def test_a_new_enrolment_has_a_record_without_result() -> None:
    row = enrollment(
        completion=Completion.NOT_STARTED,
        result=Outcome.NONE,
        score=None,
        seconds=0.0,
        attempts_made=0,
        first_access_at=None,
        last_access_at=None,
        completed_at=None,
    )
    facts = crm_state.record(row, BERLIN, None)
    assert facts["status"] == "not_started"
    assert not {"result", "score", "completed_on", "certificate"} & facts.keys()


def test_zero_is_a_score_in_the_record() -> None:
    assert crm_state.record(enrollment(score=0.0), BERLIN, None)["score"] == 0


def test_a_withdrawn_unfinished_enrolment_says_so() -> None:
    row = enrollment(completion=Completion.IN_PROGRESS, withdrawn_at=TUESDAY)
    assert crm_state.record(row, BERLIN, None)["status"] == "withdrawn"


def test_the_note_has_a_fact_a_line_and_its_reference_last() -> None:
    text = crm_state.note(enrollment(), BERLIN, "Ref SH-1", "https://hub.example/verify/N1")
    assert text.splitlines() == [
        "Course completed: Work safely <b>",
        "Status: Completed",
        "Result: Passed",
        "Score: 92.5%",
        "Completed: 4 Mar 2026, 00:30 (Europe/Berlin)",
        "Passed on: 5 Mar 2026, 00:30 (Europe/Berlin)",
        "Time spent: 32 min",
        "Certificate: https://hub.example/verify/N1",
        "Ref SH-1",
    ]


def test_the_note_on_a_later_pass_says_what_it_is_about() -> None:
    text = crm_state.note(enrollment(), BERLIN, "Ref SH-1", None, "passed")
    assert text.splitlines()[0] == "Course passed: Work safely <b>"


def test_a_raw_score_alone_is_told_as_what_it_is() -> None:
    row = enrollment(score=None, score_raw=8.0)
    assert "Score: 8 (raw)" in crm_state.note(row, BERLIN, "Ref SH-1", None).splitlines()


def test_who_failed_has_passed_on_no_day() -> None:
    row = enrollment(result=Outcome.FAILED)
    assert "passed_on" not in crm_state.record(row, BERLIN, None)
    assert "Passed" not in crm_state.note(row, BERLIN, "Ref SH-1", None)


def test_a_note_without_score_or_certificate_stays_readable() -> None:
    row = enrollment(result=Outcome.NONE, score=None)
    lines = crm_state.note(row, BERLIN, "Ref SH-1", None).splitlines()
    assert "Result: –" in lines
    assert "Score: –" in lines
    assert not any(line.startswith("Certificate") for line in lines)


def test_a_reference_is_short_and_unlike_what_people_type() -> None:
    assert crm_state.reference("abcdef0123456789") == "Ref SH-ABCDEF012345"
