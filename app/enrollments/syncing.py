"""Catching up with SCORM Cloud: Sync All, the reconciler and the nightly compare.

All three read SCORM Cloud's list of changed registrations, about one call per hundred, and give
each to `progress.record`. Nobody's progress depends on a postback.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update

from app import connections
from app.background import later, let_go, owed
from app.clients.http import OutsideError
from app.clients.scorm_cloud import Result, ScormCloud
from app.enrollments import progress
from app.errors import AppError
from app.extensions import db
from app.models import Account, Course, Enrollment, ScormConnection, SyncRun, now

EVERYTHING = datetime(2000, 1, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)  # clocks differ, and a registration may be listed a little late
COMPARE_EVERY = timedelta(hours=24)
STEP = 1000  # registrations listed per job, about ten calls
MOST_READ = 50  # changed ones per job, two calls each; both far below what a lease allows
PATIENCE = timedelta(minutes=10)  # then Sync All ends and says how many it could not reach
AGAIN = timedelta(0)
log = logging.getLogger(__name__)


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
    """The next registrations of the run, oldest change first; at the end the count of the rest."""
    if not run.running:
        return
    try:
        step = _next_step(run.course.account, run.read_until, run.course.scorm_course_id)
    except (OutsideError, AppError) as trouble:
        if may_pass(trouble) and now() - run.created_at < PATIENCE:
            raise
        finish(run)
        return
    run.updated += step.updated
    run.unchanged += step.unchanged
    if step.more:
        run.read_until = step.until
        run.postpone(AGAIN)
    else:
        finish(run)


def may_pass(trouble: Exception) -> bool:
    return isinstance(trouble, OutsideError) and trouble.can_retry


def finish(run: SyncRun) -> None:
    run.failed = missing(run)
    run.finish_run()


@dataclass(frozen=True)
class Step:
    """What one job did of a listing: how much, up to which moment, and whether there is more."""

    updated: int
    unchanged: int
    until: datetime | None
    more: bool


def _next_step(account: Account, after: datetime | None, course_id: str | None = None) -> Step:
    """Asks first and writes after, so that no lock is held while SCORM Cloud thinks."""
    cloud = connections.scorm_cloud(account)
    let_go()
    listing = cloud.changed_registrations(after or EVERYTHING, course_id=course_id)
    listed, more = take(listing, after, STEP)
    until = listed[-1].updated if listed else after
    ours = {row.registration_id: row for row in our_registrations(listed)}
    listed = [result for result in listed if result.registration_id in ours]
    news = [result for result in listed if not known(ours[result.registration_id], result)]
    read, cut = take(iter(news), None, MOST_READ)
    if cut:
        until, more = read[-1].updated, True
    looked_at = [result for result in listed if until is None or result.updated <= until]
    same = [row.id for result in looked_at if known(row := ours[result.registration_id], result)]
    let_go()
    full = read_one_by_one(cloud, read)
    confirm(same)
    updated = sum(record(ours[result.registration_id].id, result) for result in full)
    return Step(updated, len(same) + len(full) - updated, until, more)


def take(results: Iterator[Result], after: datetime | None, most: int) -> tuple[list[Result], bool]:
    """About `most` results newer than `after`, never ending between two of the same moment; and
    whether there are more."""
    taken: list[Result] = []
    for result in results:
        if after is not None and result.updated <= after:
            continue
        if len(taken) >= most and result.updated > taken[-1].updated:
            return taken, True
        taken.append(result)
    return taken, False


def our_registrations(listed: list[Result]) -> list[Row[Any]]:
    """Those that we know and that nobody was removed from."""
    found: list[Row[Any]] = []
    for first in range(0, len(listed), 100):
        ids = [result.registration_id for result in listed[first : first + 100]]
        found += db.session.execute(
            select(
                Enrollment.id,
                Enrollment.registration_id,
                Enrollment.reported_instance,
                Enrollment.reported_at,
            ).where(Enrollment.registration_id.in_(ids), Enrollment.withdrawn_at.is_(None))
        )
    return found


def known(row: Row[Any], result: Result) -> bool:
    """This very state was recorded before, so nothing need be asked or written."""
    return (row.reported_instance, row.reported_at) == (result.instance, result.updated)


def confirm(ids: list[str]) -> None:
    """Says of all of these enrolments that they were looked at."""
    for first in range(0, len(ids), 100):
        db.session.execute(
            update(Enrollment)
            .where(Enrollment.id.in_(ids[first : first + 100]))
            .values(last_synced_at=now())
            .execution_options(synchronize_session=False)
        )


def read_one_by_one(cloud: ScormCloud, results: list[Result]) -> list[Result]:
    """With raw score and launches. Trouble with one does not stop the rest: it counts as failed,
    because nobody has looked at it."""
    read = []
    for result in results:
        try:
            full = cloud.registration(result.registration_id, details=True)
            read.append(cloud.with_launches(full))
        except OutsideError as trouble:
            log.warning("a registration could not be read: %s", trouble)
    return read


def record(enrollment_id: str, result: Result) -> bool:
    return progress.record(db.session.get_one(Enrollment, enrollment_id), result)


def missing(run: SyncRun) -> int:
    """Learners whose registration SCORM Cloud did not list at all: deleted there by hand."""
    unseen = _registered(run.course).where(
        (Enrollment.last_synced_at.is_(None)) | (Enrollment.last_synced_at < run.created_at),
        Enrollment.registered_at < run.created_at,
    )
    return db.session.scalar(unseen) or 0


def reconcile(account: Account) -> None:
    """What changed since the last look, with some overlap: finds what a lost postback did not say.

    One step at a time; while there is more, the next one follows at once.
    """
    if not (account.active and account.scorm_connected):
        return
    began = now()
    try:
        step = _next_step(account, account.reconciled_until)
    except OutsideError as trouble:
        if not trouble.is_unauthorised:
            raise
        account.scorm_answered(ScormConnection.REFUSED)  # a person has to enter the key again
        return
    account.scorm_answered(ScormConnection.CONNECTED)
    account.reconciled_until = step.until if step.more else began - OVERLAP
    if step.more:
        later(reconcile, account)


def compare(account: Account) -> None:
    """Everything, once a day: finds what even the reconciler missed."""
    account.compared_at = now()
    account.reconciled_until = None
    later(reconcile, account)


def reconcile_all() -> None:
    for account in db.session.scalars(connected()):
        later(reconcile, account)


def compare_all() -> None:
    due = or_(Account.compared_at.is_(None), Account.compared_at < now() - COMPARE_EVERY)
    for account in db.session.scalars(connected().where(due)):
        later(compare, account)


def connected() -> Select[Any]:
    return select(Account).where(
        Account.scorm_connection.in_((ScormConnection.CONNECTED, ScormConnection.UNREACHABLE)),
        Account.uninstalled_at.is_(None),
        Account.cancelled_at.is_(None),
    )
