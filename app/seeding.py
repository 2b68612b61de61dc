"""Fills an account with plausible rows for load tests; nothing outside hears of them.

Bulk inserts, the same numbers at every run: a fixed seed makes measurements comparable.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert

from app.extensions import db
from app.models import (
    Account,
    Completion,
    ContactState,
    Course,
    CourseStatus,
    EnrollLink,
    Enrollment,
    Learner,
    Outcome,
    ScormConnection,
    Source,
    new_id,
    now,
)

FIRST = ("Ada", "Grace", "Alan", "Amina", "Björn", "Chen", "Emeka", "Hana", "Ivo", "Jun", "Lea")
LAST = ("Lovelace", "Hopper", "Turing", "Okafor", "Åkesson", "Wei", "Yıldız", "Novák", "Mensah")
TOPICS = ("Fire Safety", "First Aid", "Data Protection", "Manual Handling", "Food Hygiene")
BATCH = 1000
YEAR = timedelta(days=365)


def account_for(location_id: str, found: Account | None) -> Account:
    """The account to be filled; made as if it were connected, if there is none yet."""
    if found is not None:
        return found
    account = Account(location_id=location_id, name=f"Load test {location_id}", details_at=now())
    account.go_live()
    account.scorm_connection, account.scorm_app_id = ScormConnection.CONNECTED, "SEEDED"
    db.session.add(account)
    db.session.flush()
    return account


def fill(account: Account, courses: int, enrollments: int) -> Iterator[int]:
    """Adds that many courses and enrolments; yields after each batch, so the caller can commit.

    Learners take about three courses each, never the same one twice.
    """
    dice, moment = random.Random(7), now()
    course_ids = [new_id() for _ in range(courses)]
    yield from _write(Course, (_course(account, *one, moment) for one in enumerate(course_ids)))
    yield from _write(
        EnrollLink, ({"account_id": account.id, "course_id": one} for one in course_ids)
    )
    if not course_ids:
        return
    learners = max(-(-enrollments // 3), -(-enrollments // courses))
    learner_ids = [new_id() for _ in range(learners)]
    yield from _write(
        Learner, (_learner(account, *one, dice, moment) for one in enumerate(learner_ids))
    )
    pairs = (
        (learner_ids[number % learners], course_ids[(number + number // learners) % courses])
        for number in range(enrollments)
    )
    yield from _write(Enrollment, (_enrollment(account, *pair, dice, moment) for pair in pairs))


def _write(model: type, rows: Iterator[dict[str, Any]]) -> Iterator[int]:
    while some := list(islice(rows, BATCH)):
        db.session.execute(insert(model), some)
        yield len(some)


def _course(account: Account, number: int, course_id: str, moment: datetime) -> dict[str, Any]:
    title = f"{TOPICS[number % len(TOPICS)]} {number + 1}"
    return {
        "id": course_id, "account_id": account.id, "title": title,
        "slug": title.casefold().replace(" ", "-"), "filename": f"course-{number + 1}.zip",
        "size": 1_000_000 + number, "status": CourseStatus.READY, "standard": "SCORM12",
        "scorm_course_id": new_id(), "scorm_app_id": account.scorm_app_id, "ready_at": moment,
    }  # fmt: skip


def _learner(
    account: Account, number: int, learner_id: str, dice: random.Random, moment: datetime
) -> dict[str, Any]:
    first, last = dice.choice(FIRST), dice.choice(LAST)
    email = f"learner{number + 1}-{learner_id[:6]}@example.com"
    return {
        "id": learner_id, "account_id": account.id, "first_name": first, "last_name": last,
        "email": email, "email_key": email, "contact_state": ContactState.LINKED,
        "crm_contact_id": f"seed-{learner_id}", "created_at": moment - dice.random() * YEAR,
    }  # fmt: skip


def _enrollment(
    account: Account, learner_id: str, course_id: str, dice: random.Random, moment: datetime
) -> dict[str, Any]:
    """Two in ten have not begun, three are under way, five are done; one of those in six failed."""
    enrolled_at = moment - dice.random() * YEAR
    row = {
        "id": new_id(), "registration_id": new_id(), "account_id": account.id,
        "learner_id": learner_id, "course_id": course_id, "created_at": enrolled_at,
        "registered_at": enrolled_at, "source": dice.choice((Source.DASHBOARD, Source.LINK)),
        "completion": Completion.NOT_STARTED, "result": Outcome.NONE, "score": None,
        "seconds": 0.0, "attempts_made": 0, "first_access_at": None, "last_access_at": None,
        "completed_at": None, "standing_at": None,
    }  # fmt: skip
    fate = dice.random()
    if fate < 0.2:
        return row
    last_seen = enrolled_at + dice.random() * (moment - enrolled_at)
    row |= {
        "completion": Completion.IN_PROGRESS, "seconds": float(dice.randint(60, 7200)),
        "attempts_made": dice.randint(1, 4), "first_access_at": enrolled_at,
        "last_access_at": last_seen,
    }  # fmt: skip
    if fate >= 0.5:
        score = float(dice.randint(30, 100))
        row |= {
            "completion": Completion.COMPLETED, "completed_at": last_seen, "score": score,
            "result": Outcome.PASSED if score >= 42 else Outcome.FAILED,
            "standing_at": last_seen,
        }  # fmt: skip
    return row
