"""Certificates are issued at completion, and anew when a better standing is reached.

Facts are stored as they were at that moment; `drawing.py` draws their looks. The new certificate
supersedes the old one, whose number then says so and points to it.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import connections
from app import template_filters as write
from app.extensions import db
from app.models import Certificate, CertificateRule, Enrollment, Outcome, now

CERTIFICATE, RECORD = "Certificate of completion", "Record of completion"


def issue(enrollment: Enrollment) -> Certificate | None:
    """The certificate of a completed enrolment's present standing; made once for each.

    None while the enrolment is not completed, or where the course certifies only who passed. One
    that was revoked stays the last: a person decides what follows.
    """
    if not earned(enrollment):
        return None
    existing = latest(enrollment)
    if existing is not None and (existing.revoked_at or existing.certifies(enrollment.standing)):
        return existing
    certificate = stated(enrollment)
    if existing is not None:
        certificate.issue = existing.issue + 1
    try:
        with db.session.begin_nested():
            db.session.add(certificate)
    except IntegrityError:  # another process was faster
        return latest(enrollment)
    if existing is not None:
        existing.supersede()
    return certificate


def earned(enrollment: Enrollment) -> bool:
    if not enrollment.completed or enrollment.completed_at is None:
        return False
    only_passed = enrollment.course.certificate_rule == CertificateRule.PASSED
    return enrollment.result == Outcome.PASSED if only_passed else True


def latest(enrollment: Enrollment) -> Certificate | None:
    return db.session.scalar(
        select(Certificate)
        .where(
            Certificate.account_id == enrollment.account_id,
            Certificate.enrollment_id == enrollment.id,
        )
        .order_by(Certificate.issue.desc())
        .limit(1)
    )


def stated(enrollment: Enrollment) -> Certificate:
    """The facts as they are now."""
    return Certificate(
        account_id=enrollment.account_id,
        enrollment_id=enrollment.id,
        learner_name=enrollment.learner.name,
        learner_email=enrollment.learner.email,
        course_title=enrollment.course.title,
        completed_at=enrollment.completed_at or now(),
        score=enrollment.score,
        score_raw=enrollment.score_raw,
        result=enrollment.result,
        standing_at=enrollment.standing_at,
    )


def successor(certificate: Certificate) -> Certificate | None:
    """The one that has taken the place of a superseded certificate, if it is still valid."""
    newest = latest(certificate.enrollment)
    return newest if newest is not None and newest.valid else None


def facts(certificate: Certificate, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What is printed below the title; a score or result that there is none of is left out."""
    lines = [("Completed on", long_date(certificate.completed_at, zone))]
    if certificate.passed_at is not None:
        lines.append(("Passed on", long_date(certificate.passed_at, zone)))
    if certificate.result != Outcome.NONE:
        lines.append(("Result", write.words(Outcome(certificate.result))))
    if certificate.score is not None or certificate.score_raw is not None:
        lines.append(("Score", write.score(certificate.score, certificate.score_raw)))
    return lines


def heading(certificate: Certificate) -> str:
    """Who failed has a record of it, not a certificate of an achievement."""
    return RECORD if certificate.result == Outcome.FAILED else CERTIFICATE


def long_date(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def verification_address(certificate: Certificate) -> str:
    return connections.public_address(f"/verify/{certificate.number}")


def file_name(certificate: Certificate) -> str:
    """Our own, safe on every system: nothing that anybody typed."""
    return f"certificate-{certificate.number}.pdf"
