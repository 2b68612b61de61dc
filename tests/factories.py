"""Rows with sensible defaults; a test states only what matters to it. Nothing is committed here."""

from __future__ import annotations

import secrets
from typing import Any

from flask.testing import FlaskClient

from app.accounts import sessions
from app.accounts.cookies import TAB as TAB_COOKIE
from app.extensions import db
from app.models import (
    Account,
    AdminSession,
    Course,
    CourseStatus,
    EnrollLink,
    Enrollment,
    Grant,
    Learner,
    ScormConnection,
    SessionKind,
    acting_for,
    new_id,
    now,
)


def make_account(location: str = "demo-location", **facts: Any) -> Account:
    """An account that is connected to SCORM Cloud with the sandbox's first application."""
    defaults: dict[str, Any] = {
        "company_id": "demo-company",
        "name": "Demo Location",
        "scorm_app_id": "SANDBOX",
        "scorm_secret_key": "sandbox-secret",
        "scorm_connection": ScormConnection.CONNECTED,
        "timezone": "UTC",
    }
    account = Account(location_id=location, **{**defaults, **facts})
    db.session.add(account)
    db.session.flush()
    return account


def make_grant(
    account: Account, access: str, refresh: str | None = None, lasts: int = 80_000
) -> Grant:
    """The right to speak for the account's location, with a token that the caller got."""
    grant = Grant(kind="location", subject=account.location_id, company_id=account.company_id)
    grant.renew(access, refresh, lasts)
    db.session.add(grant)
    db.session.flush()
    return grant


def make_course(account: Account, **facts: Any) -> Course:
    """A course that is Ready, with its link."""
    defaults: dict[str, Any] = {
        "title": "Fire Safety",
        "slug": "fire-safety",
        "filename": "fire-safety.zip",
        "size": 12_345,
        "status": CourseStatus.READY,
        "scorm_course_id": new_id(),
        "scorm_app_id": account.scorm_app_id,
        "standard": "SCORM12",
        "ready_at": now(),
    }
    with acting_for(account.id):
        course = Course(account_id=account.id, **{**defaults, **facts})
        db.session.add(course)
        db.session.flush()
        db.session.add(EnrollLink(account_id=account.id, course_id=course.id))
        db.session.flush()
    return course


def make_learner(account: Account, **facts: Any) -> Learner:
    email = facts.pop("email", f"ada-{secrets.token_hex(3)}@example.com")
    contact_id = facts.pop("contact_id", None)
    with acting_for(account.id):
        learner = Learner(
            account_id=account.id, **{"first_name": "Ada", "last_name": "Lovelace", **facts}
        )
        learner.set_email(email)
        if contact_id:
            learner.link_contact(contact_id)
        db.session.add(learner)
        db.session.flush()
    return learner


def make_enrollment(
    course: Course, learner: Learner | None = None, *, registered: bool = True, **facts: Any
) -> Enrollment:
    """An enrolment as rows only: nothing is told to the outside."""
    account = db.session.get_one(Account, course.account_id)
    learner = learner or make_learner(account)
    with acting_for(account.id):
        enrollment = Enrollment(
            account_id=account.id, course_id=course.id, learner_id=learner.id, **facts
        )
        if registered:
            enrollment.registered_at = now()
        db.session.add(enrollment)
        db.session.flush()
    return enrollment


def sign_in(client: FlaskClient, account: Account, user_name: str = "Olivia Owner") -> AdminSession:
    """A session in a browser tab of its own; later requests of the client carry its CSRF token."""
    session, token = sessions.open_session(account, SessionKind.TAB, "user-1", user_name, "admin")
    db.session.commit()
    client.set_cookie(TAB_COOKIE, token, domain="hub.localhost")
    client.environ_base["HTTP_X_CSRFTOKEN"] = session.csrf_token
    return session
