"""Catching up with SCORM Cloud: Sync All, the reconciler and the nightly compare.

All three read SCORM Cloud's list of changed registrations, about one call per hundred, and give each
to `progress.record`. Nobody's progress depends on a postback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update

from app import connections
from app.background import later, owed
from app.clients.http import OutsideError
from app.clients.scorm_cloud import Result, ScormCloud
from app.enrollments import progress
from app.extensions import db
from app.models import Account, Course, Enrollment, ScormConnection, SyncRun, now

EVERYTHING = datetime(2000, 1, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)  # clocks differ, and a registration may be listed a little late
STEP = 1000  # registrations per job, far below what a lease allows
AGAIN = timedelta(0)


def start(course: Course, by: str) -> SyncRun:
    """Sync All: a run that is watched on the page; one that is going on is returned instead."""
    going_on = db.session.scalar(
        select(SyncRun).where(SyncRun.course_id == course.id, SyncRun.finished_at.is_(None))
    )
    if going_on is not None:
        return going_on
    run = SyncRun(account_id=course.account_id, course_id=course.id, started_by=by)
    run.total = db.session.scalar(_registered(course)) or 0
    run.owe()
    db.session.add(run)
    later(continue_run, run)
    return run


def _registered(course: Course) -> Select[Any]:
    return select(func.count()).where(
        Enrollment.course_id == course.id,
        Enrollment.registered_at.is_not(None),
        Enrollment.withdrawn_at.is_(None),
    )


@owed
def continue_run(run: SyncRun) -> None:
    """The next thousand registrations of the run, oldest change first; then the count of the rest."""
    cloud = connections.scorm_cloud(run.course.account)
    since = run.read_until or EVERYTHING
    results = cloud.changed_registrations(since, course_id=run.course.scorm_course_id)
    taken, more = take(results, run.read_until)
    tally = record_all(taken, cloud)
    run.updated += tally.updated
    run.unchanged += tally.unchanged
    run.failed += tally.failed
    if taken:
        run.read_until = taken[-1].updated
    if more:
        run.postpone(AGAIN)
        return
    run.failed += missing(run)
    run.finish_run()


def take(results: Iterator[Result], after: datetime | None) -> tuple[list[Result], bool]:
    """About STEP results newer than `after`, never ending between two of the same moment."""
    taken: list[Result] = []
    for result in results:
        if after is not None and result.updated <= after:
            continue
        if len(taken) >= STEP and result.updated > taken[-1].updated:
            return taken, True
        taken.append(result)
    return taken, False


class Tally:
    def __init__(self) -> None:
        self.updated = self.unchanged = self.failed = 0


def record_all(results: list[Result], cloud: ScormCloud) -> Tally:
    """Records each result on its enrolment; trouble with one does not stop the rest."""
    tally = Tally()
    for first in range(0, len(results), 100):
        chunk = {result.registration_id: result for result in results[first : first + 100]}
        found = db.session.scalars(
            select(Enrollment).where(Enrollment.registration_id.in_(chunk))
        ).all()
        unchanged = [row for row in found if known(row, chunk[row.registration_id])]
        confirm(unchanged)
        tally.unchanged += len(unchanged)
        for enrollment in found:
            if enrollment not in unchanged:
                record_one(enrollment, chunk[enrollment.registration_id], cloud, tally)
    return tally


def known(enrollment: Enrollment, result: Result) -> bool:
    """This very state was recorded before, so nothing need be asked or written."""
    reported = (enrollment.reported_instance, enrollment.reported_at)
    return reported == (result.instance, result.updated)


def confirm(enrollments: list[Enrollment]) -> None:
    """One statement says of all of them that they were looked at."""
    ids = [enrollment.id for enrollment in enrollments]
    if ids:
        db.session.execute(
            update(Enrollment)
            .where(Enrollment.id.in_(ids))
            .values(last_synced_at=now())
            .execution_options(synchronize_session=False)
        )


def record_one(enrollment: Enrollment, result: Result, cloud: ScormCloud, tally: Tally) -> None:
    try:
        full = cloud.registration(enrollment.registration_id, details=True)
        changed = progress.record(enrollment, cloud.with_launches(full))
    except OutsideError:
        tally.failed += 1
        return
    tally.updated += changed
    tally.unchanged += not changed


def missing(run: SyncRun) -> int:
    """Learners whose registration SCORM Cloud did not list at all: deleted there by hand."""
    unseen = _registered(run.course).where(
        (Enrollment.last_synced_at.is_(None)) | (Enrollment.last_synced_at < run.created_at),
        Enrollment.registered_at < run.created_at,
    )
    return db.session.scalar(unseen) or 0


def reconcile(account: Account) -> None:
    """What changed since the last look, with some overlap: finds what a lost postback did not say."""
    _catch_up(account, account.reconciled_until or EVERYTHING)


def compare(account: Account) -> None:
    """Everything, once a night: finds what even the reconciler missed."""
    _catch_up(account, EVERYTHING)
    account.compared_at = now()


def _catch_up(account: Account, since: datetime) -> None:
    if not (account.active and account.scorm_connected):
        return
    began = now()
    cloud = connections.scorm_cloud(account)
    record_all(list(cloud.changed_registrations(since)), cloud)
    account.reconciled_until = began - OVERLAP


def reconcile_all() -> None:
    _for_each_connected(reconcile)


def compare_all() -> None:
    _for_each_connected(compare)


def _for_each_connected(verb: Callable[[Account], None]) -> None:
    connected = select(Account).where(
        Account.scorm_connection == ScormConnection.CONNECTED,
        Account.uninstalled_at.is_(None),
        Account.cancelled_at.is_(None),
    )
    for account in db.session.scalars(connected):
        later(verb, account)
