"""Catching up with SCORM Cloud: Sync All, the reconciler and the nightly compare.

All three go through SCORM Cloud's list of changed registrations, see `catching_up`. Nobody's
progress depends on a postback.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select

from app.background import later, owed
from app.clients.http import OutsideError
from app.enrollments import catching_up
from app.errors import AppError
from app.extensions import db
from app.models import Account, Course, Enrollment, ScormConnection, SyncRun, now

OVERLAP = timedelta(minutes=10)  # clocks differ, and a registration may be listed a little late
COMPARE_EVERY = timedelta(hours=24)
PATIENCE = timedelta(minutes=10)  # then Sync All ends and says how many it could not reach
AGAIN = timedelta(0)


def start(course: Course, by: str) -> SyncRun:
    """Sync All: a run that is watched on the page; one that is going on is returned instead."""
    going_on = db.session.scalar(
        select(SyncRun).where(
            SyncRun.course_id == course.id,
            SyncRun.finished_at.is_(None),
            SyncRun.parked_at.is_(None),
        )
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
        step = catching_up.next_step(run.course.account, run.read_until, run.course.scorm_course_id)
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
        step = catching_up.next_step(account, account.reconciled_until)
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
