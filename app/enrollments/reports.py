"""What one report of SCORM Cloud says, in our words: the standing, and when it was reached."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.clients.scorm_cloud import LaunchRecord, Result
from app.clients.scorm_results import LONG_AGO
from app.models import Completion, Outcome, Standing, now

COMPLETIONS = {"COMPLETED": Completion.COMPLETED, "INCOMPLETE": Completion.IN_PROGRESS}
OUTCOMES = {"PASSED": Outcome.PASSED, "FAILED": Outcome.FAILED}


def standing_of(result: Result) -> Standing:
    """The report as a whole. Who has not started has reached nothing, and so on no day."""
    completion = completion_of(result)
    return Standing(
        completion,
        OUTCOMES.get(result.success, Outcome.NONE),
        result.score,
        result.raw_score,
        None if completion == Completion.NOT_STARTED else reached_at(result),
    )


def completion_of(result: Result) -> Completion:
    """SCORM Cloud's UNKNOWN is In Progress once the course was opened, else Not Started."""
    known = COMPLETIONS.get(result.completion, Completion.IN_PROGRESS)
    if known == Completion.COMPLETED or opened(result):
        return known
    return Completion.NOT_STARTED


def opened(result: Result) -> bool:
    return bool(result.first_access or result.launches or result.attempts or result.seconds)


def reached_at(result: Result) -> datetime:
    """When the registration had come to stand as it is reported.

    That is when the first launch that ended so was left, or when this report of it was made. It is
    never SCORM Cloud's date of completion: who fails and passes later completed at the failure.
    """
    told = result.updated if result.updated > LONG_AGO else (result.last_access or now())
    launch = launch_of(result.history, result)
    return min(told, launch.ended_at or told) if launch else told


def launch_of(history: Iterable[LaunchRecord], result: Result) -> LaunchRecord | None:
    """The launch, of those oldest first, in which the reported standing was reached."""
    reported = (result.instance, result.completion, result.success, result.score)
    return next((launch for launch in history if launch.standing == reported), None)


def source_of(standing: Standing, history: Iterable[LaunchRecord]) -> LaunchRecord | None:
    """The launch, of those oldest first, that a recorded standing came from; None if SCORM Cloud
    does not list it any more, or nothing was reported yet."""
    reached = standing.reached_at
    recorded = (standing.completion, standing.result, standing.score)
    return next(
        (
            launch
            for launch in history
            if launch.launched_at and reached and launch.launched_at <= reached
            if recorded
            == (
                COMPLETIONS.get(launch.completion, Completion.IN_PROGRESS),
                OUTCOMES.get(launch.success, Outcome.NONE),
                launch.score,
            )
        ),
        None,
    )


def completed_at(result: Result) -> datetime:
    """When it was completed: SCORM Cloud's own date, else when that was reported."""
    return result.completed_at or reached_at(result)
