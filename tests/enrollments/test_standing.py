"""The standing: its rules one by one, then over whatever SCORM Cloud may report in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clients.scorm_cloud import LaunchRecord, Result
from app.enrollments import progress, reports, standing
from app.models import Completion, Outcome, Progress, Reading, Standing

T0 = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NOT, IN, DONE = Completion.NOT_STARTED, Completion.IN_PROGRESS, Completion.COMPLETED
NONE, PASSED, FAILED = Outcome.NONE, Outcome.PASSED, Outcome.FAILED
ORDER = [NOT, IN, DONE]


def minute(number: int) -> datetime:
    return T0 + timedelta(minutes=number)


def done(result: Outcome, score: float | None = None, raw: float | None = None) -> Standing:
    return Standing(DONE, result, score, raw)


def going(result: Outcome = NONE, score: float | None = None) -> Standing:
    return Standing(IN, result, score)


# what stands, what is reported, whether that is newer, and whether it stands then
RULES = [
    (Standing(), going(), True, True),
    (going(score=90), going(score=10), True, True),
    (going(PASSED, 90), going(), True, True),
    (going(score=10), going(score=90), False, False),
    (going(score=10), Standing(), False, False),
    (going(PASSED, 100), done(FAILED, 10), True, True),
    (going(PASSED, 100), done(NONE), False, True),
    (done(NONE), going(PASSED, 100), True, False),
    (done(NONE), done(FAILED, 40), True, True),
    (done(NONE, 90), done(FAILED, 40), True, True),
    (done(FAILED, 90), done(PASSED, 80), True, True),
    (done(FAILED, 90), done(PASSED), True, True),
    (done(PASSED, 80), done(FAILED, 90), True, False),
    (done(PASSED, 80), done(NONE, 100), True, False),
    (done(PASSED, 80), done(PASSED, 90), True, True),
    (done(PASSED, 80), done(PASSED, 90), False, True),
    (done(PASSED, 90), done(PASSED, 80), True, False),
    (done(FAILED, 40), done(FAILED, 39), True, False),
    (done(PASSED), done(PASSED, 0), True, True),
    (done(PASSED, 0), done(PASSED), True, False),
    (done(PASSED, None, 8), done(PASSED, None, 9), True, True),
    (done(PASSED, None, 9), done(PASSED, None, 8), True, False),
    (done(PASSED, None, 0), done(PASSED), True, False),
    (done(PASSED), done(PASSED, None, -1), True, True),
    (done(PASSED, None, 99), done(PASSED, 1), True, True),
    (done(PASSED, 90, 9), done(PASSED, 90, 18), True, False),
]


@pytest.mark.parametrize(("present", "reported", "newer", "stands"), RULES)
def test_each_rule(present: Standing, reported: Standing, newer: bool, stands: bool) -> None:
    present = replace(present, reached_at=minute(1))
    reported = replace(reported, reached_at=minute(2 if newer else 0))
    after = standing.following(present, reported, newer)
    assert after == (reported if stands else present)


def test_of_two_that_are_alike_the_one_reached_first_stands() -> None:
    early, late = (replace(done(PASSED, 90, 9), reached_at=minute(n)) for n in (1, 2))
    for present, reported in ((early, late), (late, early)):
        assert standing.following(present, reported, newer=True) == early


def launch(number: int, said: dict[str, Any], ended: int | None, instance: int = 0) -> LaunchRecord:
    return LaunchRecord(
        id=f"launch-{instance}-{number}",
        instance=instance,
        launched_at=minute(number),
        exited_at=None if ended is None else minute(ended),
        updated_at=None,
        completion=said["completion"],
        success=said["success"],
        score=said["score"],
        seconds=1.0,
    )


FAILS = {"completion": "COMPLETED", "success": "FAILED", "score": 40.0}
PASSES = {"completion": "COMPLETED", "success": "PASSED", "score": 85.0}


def test_the_history_tells_the_day_of_a_pass_that_nobody_heard_of_then() -> None:
    """Lost postbacks: found days later, after a look at the passed course."""
    history = (launch(0, FAILS, 5), launch(60, PASSES, 70), launch(600, PASSES, 605))
    result = Result("r", updated=minute(605), completed_at=minute(4), history=history, **PASSES)
    after = progress.following(Progress(), Reading(), result)
    assert after.standing == Standing(DONE, PASSED, 85, None, minute(70))
    assert after.completed_at == minute(4)
    assert reports.source_of(after.standing, history) == history[1]


def test_in_a_launch_that_goes_on_it_is_the_moment_of_the_report() -> None:
    history = (launch(0, PASSES, None),)
    result = Result("r", updated=minute(9), completed_at=minute(4), history=history, **PASSES)
    assert reports.standing_of(result).reached_at == minute(9)


def test_a_standing_of_before_a_reset_comes_from_no_launch_that_is_listed_now() -> None:
    passed = Standing(DONE, PASSED, 85, None, minute(5))
    assert reports.source_of(passed, (launch(60, PASSES, 70),)) is None


# Any life of a registration: what each session ends with, resets and new instances between them.

SCORES = st.sampled_from([None, 0.0, 40.0, 75.0, 90.0, 100.0])
RAWS = st.sampled_from([None, 0.0, 8.0, 9.0])
SESSIONS = st.fixed_dictionaries(
    {
        "what": st.sampled_from(["session"] * 6 + ["look", "reset", "instance"]),
        "completion": st.sampled_from(["UNKNOWN", "INCOMPLETE", "COMPLETED", "COMPLETED"]),
        "success": st.sampled_from(["UNKNOWN", "PASSED", "FAILED"]),
        "score": SCORES,
        "raw_score": RAWS,
        "seconds": st.integers(0, 600),
        "dated": st.booleans(),
    }
)
NOTHING = {"completion": "UNKNOWN", "success": "UNKNOWN", "score": None, "raw_score": None}


def life(sessions: Iterable[dict[str, Any]]) -> list[Result]:
    """The reports that SCORM Cloud would give, the oldest first; their moments differ."""
    told: list[Result] = []
    said, seconds, instance = dict(NOTHING), 0.0, 0
    history: tuple[LaunchRecord, ...] = ()
    completed: datetime | None = None
    for number, session in enumerate(sessions, 1):
        at = minute(10 * number)
        if session["what"] in ("reset", "instance"):
            said, seconds, history, completed = dict(NOTHING), 0.0, (), None
            instance += session["what"] == "instance"
        else:
            if session["what"] == "session":
                said = {name: session[name] for name in NOTHING}
            seconds += session["seconds"]
            history += (launch(10 * number - 1, said, 10 * number, instance),)
            if said["completion"] == "COMPLETED" and session["dated"]:
                completed = completed or at
        told.append(
            Result(
                "r", instance=instance, updated=at, seconds=seconds, completed_at=completed,
                first_access=history[0].launched_at if history else None,
                last_access=at if history else None,
                launches=len(history), history=history, **said,
            )
        )  # fmt: skip
    return told


State = tuple[Progress, Reading]
FRESH: State = (Progress(), Reading())


def step(state: State, result: Result) -> State:
    before, reading = state
    return progress.following(before, reading, result), progress.next_reading(reading, result)


def play(results: Sequence[Result], state: State = FRESH) -> State:
    return reduce(step, results, state)


LIVES = st.lists(SESSIONS, min_size=1, max_size=8).map(life)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Result], list[Result]]:
    """A life, and its reports as they may arrive: each at least once, in any order."""
    lived = draw(LIVES)
    again = draw(st.lists(st.sampled_from(lived), max_size=8))
    return lived, draw(st.permutations(lived + again))


@given(deliveries())
@settings(max_examples=150, deadline=None)
def test_what_stands_belongs_together(delivery: tuple[list[Result], list[Result]]) -> None:
    _, arriving = delivery
    stands = play(arriving)[0].standing
    told = [reports.standing_of(one) for one in arriving]
    if stands.completion == IN:  # since the course was opened, as another report said
        told = [replace(one, completion=IN) for one in told]
    assert stands in told


@given(deliveries())
@settings(max_examples=150, deadline=None)
def test_nothing_falls_back(delivery: tuple[list[Result], list[Result]]) -> None:
    _, arriving = delivery
    state = FRESH
    for result in arriving:
        before, (after, _) = state[0], step(state, result)
        state = step(state, result)
        old, new = before.standing, after.standing
        assert ORDER.index(new.completion) >= ORDER.index(old.completion)
        if old.completed:
            assert standing.merit(new) >= standing.merit(old)
            assert after.completed_at is not None and before.completed_at is not None
            assert after.completed_at <= before.completed_at
        assert after.attempts >= before.attempts
        if before.first_access_at:
            assert after.first_access_at is not None
            assert after.first_access_at <= before.first_access_at


@given(deliveries())
@settings(max_examples=150, deadline=None)
def test_whatever_comes_again_changes_nothing(
    delivery: tuple[list[Result], list[Result]],
) -> None:
    lived, arriving = delivery
    ended = play(lived)
    assert play(arriving, ended) == ended


@given(deliveries())
@settings(max_examples=150, deadline=None)
def test_the_order_of_arrival_makes_no_difference(
    delivery: tuple[list[Result], list[Result]],
) -> None:
    lived, arriving = delivery
    one, other = play(lived)[0], play(arriving)[0]
    assert one.completed_at == other.completed_at
    assert standing.alike(one.standing, other.standing)
    if one.standing.completed:
        assert one.standing.reached_at == other.standing.reached_at


@given(LIVES)
@settings(max_examples=150, deadline=None)
def test_attempts_are_all_launches_that_were_listed(lived: list[Result]) -> None:
    listed = {(launch.id, launch.launched_at) for result in lived for launch in result.history}
    assert play(lived)[0].attempts == len(listed)


@given(LIVES)
@settings(max_examples=150, deadline=None)
def test_of_completed_reports_the_best_stands(lived: list[Result]) -> None:
    told = [one for one in map(reports.standing_of, lived) if one.completed]
    stands = play(lived)[0].standing
    assert stands.completed == bool(told)
    if told:
        assert standing.merit(stands) == max(map(standing.merit, told))
        alike = [one for one in told if standing.merit(one) == standing.merit(stands)]
        assert stands.reached_at == min(one.reached_at for one in alike if one.reached_at)
