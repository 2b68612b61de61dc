"""How progress enters: `refresh` asks SCORM Cloud, `record` is the one way in.

Postbacks, the look after exit, Sync All, the reconciler and the nightly compare all end here, so a
lost message heals, a doubled or late one changes nothing, and Completed never falls back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from app import connections
from app.certificates import issuing
from app.clients.scorm_cloud import Result
from app.enrollments import reports, standing
from app.extensions import db
from app.models import Enrollment, Outcome, Progress, Reading, TriggerEvent, now
from app.sync import push, triggers


def refresh(enrollment: Enrollment) -> bool:
    """Reads the registration, with raw score and launches, and records it. True if it was news."""
    if not enrollment.registered:
        return False
    cloud = connections.scorm_cloud(enrollment.account)
    result = cloud.registration(enrollment.registration_id, details=True)
    return record(enrollment, cloud.with_launches(result))


def record(enrollment: Enrollment, result: Result) -> bool:
    """Takes what SCORM Cloud reports; in the same transaction marks what the CRM must be told.

    Returns whether anything that people see has changed.
    """
    hold(enrollment)
    before, reading = enrollment.progress, enrollment.reading
    after = enrollment.progress = following(before, reading, result)
    enrollment.reading = next_reading(reading, result)
    if before == after:
        return False
    if after.standing.completed:
        issuing.issue(enrollment)
        if not before.standing.completed:
            triggers.note(enrollment, TriggerEvent.COMPLETED)
        elif after.standing.result == Outcome.PASSED != before.standing.result:
            push.note_late_pass(enrollment)
    if after.standing.result == Outcome.FAILED != before.standing.result:
        triggers.note(enrollment, TriggerEvent.FAILED)
    push.mark(enrollment)
    return True


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


def following(before: Progress, reading: Reading, result: Result) -> Progress:
    """What people see after this report; pure.

    A report that is older than the last one can only add what is never lost: a completion, a better
    completed standing, an earlier first access.
    """
    newer = not outdated(reading, result)
    told = next_reading(reading, result)
    reported = reports.standing_of(result)
    return Progress(
        standing=standing.following(before.standing, reported, newer),
        completed_at=earliest(
            before.completed_at, reports.completed_at(result) if reported.completed else None
        ),
        seconds=told.seconds_before + told.seconds if newer else before.seconds,
        attempts=told.attempts_before + told.launches if newer else before.attempts,
        first_access_at=earliest(before.first_access_at, result.first_access),
        last_access_at=latest(before.last_access_at, result.last_access),
    )


def outdated(reading: Reading, result: Result) -> bool:
    if reading.at is None:
        return False
    return (result.instance, result.updated) < (reading.instance, reading.at)


def next_reading(reading: Reading, result: Result) -> Reading:
    """Where the registration stands with this report; an older report moves nothing."""
    if outdated(reading, result):
        return reading
    seconds, attempts = reading.seconds_before, reading.attempts_before
    if begins_anew(reading, result):
        seconds += reading.seconds
        attempts += reading.launches
    return Reading(
        at=result.updated,
        instance=result.instance,
        seconds=result.seconds,
        launches=launches_of(reading, result),
        first_launch=first_launch_of(reading, result),
        seconds_before=seconds,
        attempts_before=attempts,
    )


def begins_anew(reading: Reading, result: Result) -> bool:
    """Whether SCORM Cloud's own counts began anew: another instance, or a reset of this one.

    The launch history shows a reset. Less time with the same launches is a correction.
    """
    if result.instance > reading.instance:
        return True
    if result.launches is None:
        return False
    first = first_launch_of(reading, result)
    return result.launches < reading.launches or (
        None not in (first, reading.first_launch) and first != reading.first_launch
    )


def launches_of(reading: Reading, result: Result) -> int:
    """Launches of this instance; where a report does not tell them, what was known stays."""
    if result.launches is not None:
        return result.launches
    known = reading.launches if result.instance == reading.instance else 0
    return max(known, result.attempts)


def first_launch_of(reading: Reading, result: Result) -> str | None:
    if result.history:
        return result.history[0].id
    unchanged = result.launches is None and result.instance == reading.instance
    return reading.first_launch if unchanged else None


def earliest(old: datetime | None, new: datetime | None) -> datetime | None:
    return min((moment for moment in (old, new) if moment), default=None)


def latest(old: datetime | None, new: datetime | None) -> datetime | None:
    return max((moment for moment in (old, new) if moment), default=None)
