"""Everything about one enrolment for whoever asks why: our rows, and what SCORM Cloud says now.

SCORM Cloud is asked live and only on request; when it does not answer, its part is a sentence and
all the rest still stands. Nothing that is read here is stored, quiz answers least of all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app import connections
from app.background import later
from app.clients.http import OutsideError
from app.clients.scorm_cloud import LaunchRecord, Module, Report, Result
from app.enrollments import progress, reports, standing
from app.enrollments.situation import Reason, Situation
from app.enrollments.why import reason
from app.errors import AppError, Hold
from app.extensions import db
from app.models import CertificateRule, Completion, ContactState, Enrollment, Launch, Outcome
from app.outside_trouble import sentence_for
from app.sync import writes
from app.sync.writes import Write

log = logging.getLogger(__name__)

MOST_LAUNCHES = 100


@dataclass(frozen=True)
class Asked:
    """What SCORM Cloud answered, or why there is no answer."""

    report: Report | None = None
    launches: tuple[LaunchRecord, ...] = ()
    questions: bool = False
    gone: bool = False
    trouble: str = ""

    @property
    def result(self) -> Result | None:
        return self.report.result if self.report else None

    @property
    def modules(self) -> tuple[Module, ...]:
        return self.report.modules if self.report else ()


@dataclass(frozen=True)
class Insight:
    reason: Reason
    launches: Sequence[Launch]  # through us, newest first
    writes: Sequence[Write]
    asked: Asked | None
    source: LaunchRecord | None = None  # the launch that the standing came from, where it is known


def look(enrollment: Enrollment, asked: Asked | None = None) -> Insight:
    """What there is to show. If SCORM Cloud says more than we recorded, that is rung for."""
    written = writes.of_enrollment(enrollment)
    situation = situation_of(enrollment, written, asked)
    if situation.more_reported:
        later(progress.refresh, enrollment)
    history = reversed(asked.launches) if asked else ()
    source = reports.source_of(enrollment.standing, history)
    return Insight(reason(situation), launches_of(enrollment), written, asked, source)


def ask(enrollment: Enrollment, questions: bool = False) -> Asked:
    """Reads the registration with all modules, and its launch history, from SCORM Cloud."""
    if not enrollment.registered:
        return Asked(trouble="SCORM Cloud does not know this learner yet.")
    try:
        cloud = connections.scorm_cloud(enrollment.account)
        report = cloud.report(enrollment.registration_id, questions=questions)
        launches = cloud.launch_history(enrollment.registration_id)
    except OutsideError as error:
        log.warning("%s", error)
        if error.is_gone:
            return Asked(gone=True, trouble="SCORM Cloud does not have this registration any more.")
        return Asked(trouble=sentence_for(error))
    except Hold as hold:
        return Asked(trouble=hold.reason)
    except AppError as error:
        return Asked(trouble=error.sentence)
    return Asked(report, tuple(reversed(launches)), questions)


def launches_of(enrollment: Enrollment) -> Sequence[Launch]:
    newest = select(Launch).where(Launch.enrollment_id == enrollment.id)
    return db.session.scalars(newest.order_by(Launch.created_at.desc()).limit(MOST_LAUNCHES)).all()


def situation_of(
    enrollment: Enrollment, written: Sequence[Write], asked: Asked | None
) -> Situation:
    account, course = enrollment.account, enrollment.course
    result = asked.result if asked else None
    modules = asked.modules if asked else ()
    outcome = Outcome(enrollment.result)
    only_passed = course.certificate_rule == CertificateRule.PASSED
    return Situation(
        removed=not enrollment.active,
        account_active=account.active,
        cloud_connected=account.scorm_connected,
        course_open=course.ready,
        registered=enrollment.registered,
        registration_trouble=enrollment.last_error or "",
        registration_parked=enrollment.parked_at is not None,
        sent_to_player=enrollment.ever_launched,
        seen_in_player=enrollment.completion != Completion.NOT_STARTED,
        completion=Completion(enrollment.completion),
        result=outcome,
        certificate_withheld=only_passed and outcome != Outcome.PASSED,
        contact=ContactState(enrollment.learner.contact_state),
        sync_tags=account.sync_tags,
        write_notes=account.write_notes,
        writes=tuple(written),
        gone=asked is not None and asked.gone,
        more_reported=result is not None and says_more(enrollment, result),
        passed_unfinished=result is not None and result.success == "PASSED",
        unfinished=tuple(module.title for module in modules if not module.completed),
        modules=len(modules),
    )


def says_more(enrollment: Enrollment, result: Result) -> bool:
    """Recording this answer would change what people see of status, result or score."""
    before = enrollment.progress
    after = progress.following(before, enrollment.reading, result)
    return not standing.alike(before.standing, after.standing)
