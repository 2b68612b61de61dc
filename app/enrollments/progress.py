"""How progress enters: `refresh` asks SCORM Cloud, `record` is the one way in.

Postbacks, the look after exit, Sync All, the reconciler and the nightly compare all end here, so a
lost message heals, a doubled or late one changes nothing, and Completed never falls back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from app import connections
from app.certificates import issuing
from app.clients.scorm_cloud import Result
from app.extensions import db
from app.models import Completion, Enrollment, Outcome, TriggerEvent, now
from app.sync import push, triggers

COMPLETIONS = {"COMPLETED": Completion.COMPLETED, "INCOMPLETE": Completion.IN_PROGRESS}
OUTCOMES = {"PASSED": Outcome.PASSED, "FAILED": Outcome.FAILED}
ORDER = [Completion.NOT_STARTED, Completion.IN_PROGRESS, Completion.COMPLETED]


def refresh(enrollment: Enrollment) -> bool:
    """Reads the registration, with raw score and launches, and records it. True if it was news."""
    if not enrollment.registered:
        return False
    cloud = connections.scorm_cloud(enrollment.account)
    result = cloud.registration(enrollment.registration_id, details=True)
    return record(enrollment, cloud.with_launches(result))


def record(enrollment: Enrollment, result: Result) -> bool:
    """Takes what SCORM Cloud reports; in the same transaction marks what the CRM must be told.

    Returns whether anything that people see has changed. A report that is older than what was
    recorded last is refused.
    """
    hold(enrollment)
    if outdated(enrollment, result):
        return False
    was_completed, old_result = enrollment.completed, enrollment.result
    changed = enrollment.set_progress(visible_facts(enrollment, result))
    enrollment.set_progress(reported_facts(enrollment, result))
    if changed and enrollment.completed:
        issuing.issue(enrollment)  # once; who failed at first may have passed by now
    if enrollment.completed and not was_completed:
        triggers.note(enrollment, TriggerEvent.COMPLETED)
    if enrollment.result == Outcome.FAILED != old_result:
        triggers.note(enrollment, TriggerEvent.FAILED)
    if changed:
        push.mark(enrollment)
    return changed


def hold(enrollment: Enrollment) -> None:
    """Until the transaction ends nobody else records on it, and what others recorded is seen.

    The UPDATE is the lock, on both databases: of two reports at once, the newer one stays.
    """
    db.session.flush()
    db.session.execute(
        update(Enrollment)
        .where(Enrollment.id == enrollment.id)
        .values(last_synced_at=now())
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(enrollment)


def outdated(enrollment: Enrollment, result: Result) -> bool:
    if enrollment.reported_at is None:
        return False
    reported = (enrollment.reported_instance, enrollment.reported_at)
    return (result.instance, result.updated) < reported


def visible_facts(enrollment: Enrollment, result: Result) -> dict[str, Any]:
    """What the enrolment looks like after this report; pure, tested as a table of payloads."""
    completion = further(Completion(enrollment.completion), completion_of(result))
    facts: dict[str, Any] = {
        "completion": completion,
        "result": OUTCOMES.get(result.success, enrollment.result),
        "seconds": before_reset(enrollment, result)[0] + result.seconds,
        "attempts_made": before_reset(enrollment, result)[1] + launches_of(enrollment, result),
        "first_access_at": earliest(enrollment.first_access_at, result.first_access),
        "last_access_at": latest(enrollment.last_access_at, result.last_access),
        "completed_at": enrollment.completed_at,
        **best_score(enrollment, result),
    }
    if completion == Completion.COMPLETED and enrollment.completed_at is None:
        facts["completed_at"] = result.completed_at or result.updated
    return facts


def reported_facts(enrollment: Enrollment, result: Result) -> dict[str, Any]:
    """Where the registration stood, so that the next report can be held against it."""
    seconds, attempts = before_reset(enrollment, result)
    return {
        "reported_at": result.updated,
        "reported_instance": result.instance,
        "seconds_before_reset": seconds,
        "attempts_before_reset": attempts,
        "reported_launches": launches_of(enrollment, result),
        "reported_seconds": result.seconds,
    }


def completion_of(result: Result) -> Completion:
    """SCORM Cloud's UNKNOWN is In Progress once the course was opened, else Not Started."""
    if result.completion in COMPLETIONS:
        known = COMPLETIONS[result.completion]
        if known == Completion.COMPLETED or opened(result):
            return known
        return Completion.NOT_STARTED
    return Completion.IN_PROGRESS if opened(result) else Completion.NOT_STARTED


def opened(result: Result) -> bool:
    return bool(result.first_access or result.launches or result.attempts or result.seconds)


def further(old: Completion, new: Completion) -> Completion:
    return max(old, new, key=ORDER.index)


def best_score(enrollment: Enrollment, result: Result) -> dict[str, float | None]:
    """The best score is shown, with its own raw score; 0 is a score, None is none."""
    if result.score is None:
        return {"score": enrollment.score, "score_raw": enrollment.score_raw}
    if enrollment.score is not None and result.score < enrollment.score:
        return {"score": enrollment.score, "score_raw": enrollment.score_raw}
    same = enrollment.score == result.score
    raw = enrollment.score_raw if same and result.raw_score is None else result.raw_score
    return {"score": result.score, "score_raw": raw}


def before_reset(enrollment: Enrollment, result: Result) -> tuple[float, int]:
    """Seconds and launches of earlier instances: a reset starts SCORM Cloud's own counts anew."""
    seconds, attempts = (
        enrollment.seconds_before_reset or 0.0,
        enrollment.attempts_before_reset or 0,
    )
    reset = result.instance > (enrollment.reported_instance or 0) or was_wiped(enrollment, result)
    if reset:
        seconds += enrollment.reported_seconds or 0.0
        attempts += enrollment.reported_launches or 0
    return seconds, attempts


def was_wiped(enrollment: Enrollment, result: Result) -> bool:
    """Progress deleted upstream: launches or time that were there are there no more."""
    fewer_launches = result.launches is not None and result.launches < (
        enrollment.reported_launches or 0
    )
    return fewer_launches or result.seconds + 1 < (enrollment.reported_seconds or 0.0)


def launches_of(enrollment: Enrollment, result: Result) -> int:
    """Launches of this instance; a listing does not tell them, then what was known stays."""
    if result.launches is not None:
        return result.launches
    same_instance = result.instance == (enrollment.reported_instance or 0)
    known = (enrollment.reported_launches or 0) if same_instance else 0
    return max(known, result.attempts)


def earliest(old: datetime | None, new: datetime | None) -> datetime | None:
    return min((moment for moment in (old, new) if moment), default=None)


def latest(old: datetime | None, new: datetime | None) -> datetime | None:
    return max((moment for moment in (old, new) if moment), default=None)
