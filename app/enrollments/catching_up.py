"""One step through SCORM Cloud's list of changed registrations, about one call per hundred.

Only what is news is read one by one, with raw score and launches, and given to `progress.record`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select, update

from app import connections
from app.background import let_go
from app.clients.http import OutsideError
from app.clients.scorm_cloud import Result, ScormCloud
from app.enrollments import progress
from app.extensions import db
from app.models import Account, Enrollment, now

EVERYTHING = datetime(2000, 1, 1, tzinfo=UTC)
STEP = 2500  # registrations listed per job, about 25 calls; each job asks for one page twice
MOST_READ = 50  # changed ones per job, two calls each; both far below what a lease allows
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """What one job did of a listing: how much, up to which moment, and whether there is more."""

    updated: int
    unchanged: int
    until: datetime | None
    more: bool


def next_step(account: Account, after: datetime | None, course_id: str | None = None) -> Step:
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
