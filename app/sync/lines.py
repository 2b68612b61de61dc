"""Rows that owe, or have done, something as lines for people: what, about whom, how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import (
    Course,
    CrmEffect,
    DriftCheck,
    EffectKind,
    Enrollment,
    Learner,
    OwesWork,
    SyncRun,
    TriggerEvent,
    TriggerFiring,
    WebhookEvent,
)
from app.sync import events

WORDS = {
    EffectKind.CONTACT: "Contact",
    EffectKind.TAGS: "Tags",
    EffectKind.COUNTERS: "Course counters on the contact",
    EffectKind.RECORD: "Training Record",
    EffectKind.RELATION: "Link between contact and Training Record",
    EffectKind.NOTE: "Completion note",
    EffectKind.SUMMARY: "Company Training Summary",
    EffectKind.MEMBERSHIP: "Link between contact and Company Training Summary",
    EffectKind.OBJECTS: "Custom objects",
    EffectKind.ALL: "Look through all learners",
}
EVENTS = {
    TriggerEvent.ENROLLED: "enrolled",
    TriggerEvent.COMPLETED: "course completed",
    TriggerEvent.FAILED: "course failed",
}
SOURCES = {"scorm_cloud": "SCORM Cloud", "crm": "the CRM"}


@dataclass(frozen=True)
class Line:
    """One thing on the page. `table` and `id` say what a retry is about, `enrollment_id` whose
    page "Why?" tells more."""

    table: str
    id: str
    what: str
    about: str
    detail: str
    state: str
    at: datetime
    next_at: datetime | None = None
    enrollment_id: str | None = None
    source: str = ""  # who told, where something was received
    unsure: bool = False  # it may have happened already
    dismissed: str = ""  # by whom


@dataclass(frozen=True)
class _Names:
    learners: dict[str, str]
    courses: dict[str, str]  # by enrolment
    events: dict[str, tuple[str | None, str | None]]  # enrolment and learner of an event

    def of(self, learner_id: str | None, enrollment_id: str | None) -> str:
        who = self.learners.get(learner_id or "")
        course = self.courses.get(enrollment_id or "")
        return " · ".join(filter(None, (who, course)))


def words(table: str, kind: str) -> str:
    """What rows of this table and kind are about; the kinds are those of `attention.KINDS`."""
    if table == "crm-effect":
        return WORDS[EffectKind(kind)]
    if table == "trigger-firing":
        return f"Workflow on “{EVENTS[TriggerEvent(kind)]}”"
    if table == "course":
        return "Deleting a course at SCORM Cloud" if kind else "Import of a course"
    if table == "webhook-event":
        return f"Message from {SOURCES.get(kind, kind)}"
    if table == "enrollment":
        return "Registration at SCORM Cloud"
    return "Sync All" if table == "sync-run" else "Check of the CRM"


def of(rows: Sequence[Any]) -> list[Line]:
    """A line for each, in their order."""
    names = _names(rows)
    return [replace(_line(row, names), dismissed=row.dismissed_by or "") for row in rows]


def _names(rows: Sequence[Any]) -> _Names:
    """Who and what the rows are about, in two queries."""
    told = events.about([row for row in rows if isinstance(row, WebhookEvent)])
    learner_ids = {row.learner_id for row in rows if getattr(row, "learner_id", None)}
    learner_ids |= {learner_id for _, learner_id in told.values() if learner_id}
    learner_ids |= {row.enrollment.learner_id for row in rows if isinstance(row, TriggerFiring)}
    enrollment_ids = {
        row.id if isinstance(row, Enrollment) else row.enrollment_id
        for row in rows
        if isinstance(row, Enrollment) or getattr(row, "enrollment_id", None)
    }
    enrollment_ids |= {enrollment_id for enrollment_id, _ in told.values() if enrollment_id}
    titles = (
        select(Enrollment.id, Course.title)
        .join(Course, Course.id == Enrollment.course_id)
        .where(Enrollment.id.in_(enrollment_ids))
    )
    people = select(Learner).where(Learner.id.in_(learner_ids))
    return _Names(
        {one.id: one.name for one in db.session.scalars(people)} if learner_ids else {},
        {row.id: row.title for row in db.session.execute(titles)} if enrollment_ids else {},
        told,
    )


def _line(row: Any, names: _Names) -> Line:
    if isinstance(row, CrmEffect):
        return _of_effect(row, names)
    if isinstance(row, Enrollment):
        return _of_enrollment(row, names)
    if isinstance(row, TriggerFiring):
        return _of_firing(row, names)
    if isinstance(row, SyncRun):
        return _of_run("sync-run", row, row.course.title)
    if isinstance(row, DriftCheck):
        return _of_run("drift-check", row, names.of(row.learner_id, None))
    return _of_course(row) if isinstance(row, Course) else _of_event(row, names)


def _of_effect(effect: CrmEffect, names: _Names) -> Line:
    company = effect.written.get("name", "") if effect.kind == EffectKind.SUMMARY else ""
    state = _state(effect)
    return Line(
        table="crm-effect",
        id=effect.id,
        what=words("crm-effect", effect.kind),
        about=names.of(effect.learner_id, effect.enrollment_id) or company,
        detail=content(effect) if state == "Written" else effect.last_error or "",
        state=state,
        at=_moment(effect, effect.written_at if state == "Written" else None),
        next_at=effect.due_at,
        enrollment_id=effect.enrollment_id,
    )


def _of_enrollment(enrollment: Enrollment, names: _Names) -> Line:
    return Line(
        table="enrollment",
        id=enrollment.id,
        what=words("enrollment", ""),
        about=names.of(enrollment.learner_id, enrollment.id),
        detail=enrollment.last_error or "",
        state=_state(enrollment),
        at=_moment(enrollment),
        next_at=enrollment.due_at,
        enrollment_id=enrollment.id,
    )


def _of_course(course: Course) -> Line:
    return Line(
        table="course",
        id=course.id,
        what=words("course", "archived" if course.archived_at else ""),
        about=course.title,
        detail=course.last_error or "",
        state=_state(course),
        at=_moment(course),
        next_at=course.due_at,
    )


def _of_run(table: str, run: SyncRun | DriftCheck, about: str) -> Line:
    return Line(
        table=table,
        id=run.id,
        what=words(table, ""),
        about=about,
        detail=run.last_error or "",
        state=_state(run),
        at=_moment(run),
        next_at=run.due_at,
    )


def _of_firing(firing: TriggerFiring, names: _Names) -> Line:
    return Line(
        table="trigger-firing",
        id=firing.id,
        what=words("trigger-firing", firing.event),
        about=names.of(firing.enrollment.learner_id, firing.enrollment_id),
        detail=firing.last_error or "",
        state=_state(firing),
        at=_moment(firing, firing.fired_at),
        next_at=firing.due_at,
        enrollment_id=firing.enrollment_id,
        unsure=firing.unsure_since is not None,
    )


def _of_event(event: WebhookEvent, names: _Names) -> Line:
    handled = event.handled_at is not None
    enrollment_id, learner_id = names.events.get(event.id, (None, None))
    return Line(
        table="webhook-event",
        id=event.id,
        what=events.words(event.kind),
        about=names.of(learner_id, enrollment_id),
        source=SOURCES.get(event.source, event.source),
        enrollment_id=enrollment_id,
        detail=(event.outcome or "") if handled else event.last_error or "",
        state="Handled" if handled else _state(event),
        at=event.created_at,
        next_at=event.due_at,
    )


def _state(row: OwesWork) -> str:
    if row.parked_at:
        return "Dismissed" if row.dismissed_at else "Needs attention"
    if row.owes_work:
        return "Retrying" if row.last_error else "Waiting"
    return "Waiting" if row.last_error else "Written"


def _moment(row: Any, written_at: datetime | None = None) -> datetime:
    return written_at or row.dismissed_at or row.parked_at or row.owed_since or row.created_at


def content(effect: CrmEffect) -> str:
    """What was written, in a few words."""
    facts = effect.written
    if effect.kind == EffectKind.TAGS:
        return ", ".join(facts.get("tags", [])) or "no tags of ours"
    if effect.kind == EffectKind.RECORD:
        return str(facts.get("status", "")).replace("_", " ")
    if effect.kind == EffectKind.COUNTERS:
        return f"{facts.get('completed', 0)} of {facts.get('enrolled', 0)} completed"
    if effect.kind == EffectKind.SUMMARY:
        return f"{facts.get('completions', 0)} of {facts.get('enrollments', 0)} completed"
    return ""
