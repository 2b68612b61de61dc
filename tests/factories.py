"""Rows with sensible defaults; a test states only what matters to it.

Nothing is committed, but for what another system or a browser has to know of: an account that is
really installed, and a session.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from app.accounts import consent, install, sessions
from app.accounts.consent import SCOPES, redirect_uri
from app.accounts.cookies import TAB as TAB_COOKIE
from app.extensions import db
from app.models import (
    Account,
    AdminSession,
    Completion,
    Course,
    CourseStatus,
    EnrollLink,
    Enrollment,
    Grant,
    Learner,
    Outcome,
    Progress,
    ScormConnection,
    SessionKind,
    Standing,
    acting_for,
    new_id,
    now,
)
from tests.fixtures.sandbox import Sandbox


def make_account(location: str = "demo-location", **facts: Any) -> Account:
    """An account that is connected to SCORM Cloud with the sandbox's first application."""
    defaults: dict[str, Any] = {
        "company_id": "demo-company",
        "name": "Demo Location",
        "scorm_app_id": "SANDBOX",
        "scorm_secret_key": "sandbox-secret",
        "scorm_connection": ScormConnection.CONNECTED,
        "timezone": "UTC",
        "details_at": now(),
    }
    account = Account(location_id=location, **{**defaults, **facts})
    db.session.add(account)
    db.session.flush()
    return account


def install_account(sandbox: Sandbox, location: str = "demo-location") -> Account:
    """Really installed at the sandbox CRM by OAuth, so that its API answers; and connected."""
    code = sandbox.crm.post(
        "authorize", location=location, redirect_uri=redirect_uri(), scope=" ".join(SCOPES)
    )["code"]
    account = install.install(consent.redeem(code))[0]
    account.scorm_app_id, account.scorm_secret_key = "SANDBOX", "sandbox-secret"
    account.scorm_connection = ScormConnection.CONNECTED
    db.session.commit()
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
    """A course that is Ready, with its link; its slug follows from its title."""
    title = facts.get("title", "Fire Safety")
    defaults: dict[str, Any] = {
        "title": title,
        "slug": title.casefold().replace(" ", "-")[:80],
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
    """A learner whose contact the CRM has yet to make, unless `contact_id` names it."""
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


def complete(
    enrollment: Enrollment,
    score: float | None = 92.0,
    result: Outcome = Outcome.PASSED,
    at: datetime | None = None,
) -> None:
    """As if SCORM Cloud had reported the end of the course."""
    moment = at or now()
    with acting_for(enrollment.account_id):
        enrollment.progress = Progress(
            standing=Standing(Completion.COMPLETED, result, score, None, moment),
            seconds=1900.0,
            attempts=1,
            first_access_at=enrollment.first_access_at or moment,
            last_access_at=moment,
            completed_at=enrollment.completed_at or moment,
        )
        db.session.flush()


def sign_in(client: FlaskClient, account: Account, user_name: str = "Olivia Owner") -> AdminSession:
    """A session in a browser tab of its own; later requests of the client carry its CSRF token."""
    session, token = sessions.open_session(
        account, SessionKind.TAB, "user-1", user_name, "admin", confirmed_at=now()
    )
    db.session.commit()
    client.set_cookie(TAB_COOKIE, token, domain="hub.localhost")
    client.environ_base["HTTP_X_CSRFTOKEN"] = session.csrf_token
    return session


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
