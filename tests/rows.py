"""Rows with sensible values: a test states only what matters to it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from app.accounts.sessions import open_session
from app.extensions import db
from app.models import (
    Account,
    Completion,
    ContactState,
    Course,
    CourseStatus,
    Enrollment,
    Learner,
    Outcome,
    SessionKind,
    acting_for,
    now,
)

_number = itertools.count(1)


def make_account(**facts: Any) -> Account:
    number = next(_number)
    values = {"location_id": f"location-{number}", "name": f"Account {number}"} | facts
    return _kept(Account(**values))


def make_course(account: Account, **facts: Any) -> Course:
    number = next(_number)
    values = {"title": f"Course {number}", "slug": f"course-{number}"} | facts
    return _kept(Course(account_id=account.id, **{"status": CourseStatus.READY} | values))


def make_learner(account: Account, **facts: Any) -> Learner:
    """A learner with a contact, unless `crm_contact_id=None` says otherwise."""
    number = next(_number)
    email = facts.pop("email", f"learner-{number}@example.test")
    values = {"first_name": "Ada", "last_name": f"Lovelace {number}"} | facts
    contact_id = values.pop("crm_contact_id", f"contact-{number}")
    learner = Learner(account_id=account.id, **values)
    learner.set_email(email)
    if contact_id:
        learner.link_contact(contact_id)
    else:
        learner.contact_state = ContactState.WANTED
    return _kept(learner)


def make_enrollment(course: Course, learner: Learner, **facts: Any) -> Enrollment:
    return _kept(
        Enrollment(
            account_id=course.account_id, course_id=course.id, learner_id=learner.id, **facts
        )
    )


def complete(
    enrollment: Enrollment,
    score: float | None = 92.0,
    result: Outcome = Outcome.PASSED,
    at: datetime | None = None,
) -> None:
    """As if SCORM Cloud had reported the end of the course."""
    moment = at or now()
    with acting_for(enrollment.account_id):
        enrollment.set_progress(
            {
                "completion": Completion.COMPLETED,
                "result": result,
                "score": score,
                "seconds": 1900.0,
                "attempts_made": 1,
                "first_access_at": enrollment.first_access_at or moment,
                "last_access_at": moment,
                "completed_at": enrollment.completed_at or moment,
            }
        )
        db.session.flush()


def sign_in(client: Any, account: Account, name: str = "Dana Whitfield") -> str:
    """Signs the client in, as in a tab of its own; returns the CSRF token for what it posts."""
    session, token = open_session(account, SessionKind.TAB, "user-1", name, "admin")
    db.session.commit()
    client.set_cookie("hub_tab", token, domain="hub.localhost")
    return session.csrf_token


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def _kept(row: Any) -> Any:
    account_id = getattr(row, "account_id", None)
    db.session.add(row)
    if account_id is None:
        db.session.flush()
    else:
        with acting_for(account_id):
            db.session.flush()
    return row
