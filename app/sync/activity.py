"""What the activity page shows: what was received, written, waits or needs a person, newest first.

Three tables owe work: writes to the CRM, registrations at SCORM Cloud and received messages. A page
of them is one query over all three; only the rows of that page are then read in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all, update

from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Course,
    CrmEffect,
    EffectKind,
    Enrollment,
    Learner,
    OwesWork,
    TriggerEvent,
    TriggerFiring,
    WebhookEvent,
    now,
)

PAGE = 25
TABLES: dict[str, type[Any]] = {
    "crm-effect": CrmEffect,
    "enrollment": Enrollment,
    "webhook-event": WebhookEvent,
    "trigger-firing": TriggerFiring,
}
WORDS = {
    EffectKind.CONTACT: "Contact",
    EffectKind.TAGS: "Tags",
    EffectKind.COUNTERS: "Course counters on the contact",
    EffectKind.RECORD: "Training Record",
    EffectKind.RELATION: "Link between contact and Training Record",
    EffectKind.NOTE: "Completion note",
    EffectKind.SUMMARY: "Company Training Summary",
    EffectKind.OBJECTS: "Custom objects",
    EffectKind.ALL: "Look through all learners",
}
EVENTS = {
    TriggerEvent.ENROLLED: "enrolled",
    TriggerEvent.COMPLETED: "course completed",
    TriggerEvent.FAILED: "course failed",
}
SOURCES = {"scorm_cloud": "SCORM Cloud", "crm": "CRM"}


@dataclass(frozen=True)
class Line:
    """One thing on the page. `table` and `id` say what a retry is about."""

    table: str
    id: str
    what: str
    about: str
    detail: str
    state: str
    at: datetime
    next_at: datetime | None = None


@dataclass(frozen=True)
class Page:
    rows: Sequence[Any]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class Counts:
    attention: int
    waiting: int
    written_today: int
    received_today: int


def counts(account: Account) -> Counts:
    since = now() - timedelta(hours=24)
    return Counts(
        attention=_count(_union(account, _parked)),
        waiting=_count(_union(account, _unfinished)),
        written_today=_count(_written(account).where(CrmEffect.written_at >= since)),
        received_today=_count(_received(account).where(WebhookEvent.created_at >= since)),
    )


def attention(account: Account, number: int) -> Page:
    return _lines(account, _parked, number)


def waiting(account: Account, number: int) -> Page:
    return _lines(account, _unfinished, number)


def written(account: Account, number: int) -> Page:
    statement = _written(account).order_by(CrmEffect.written_at.desc(), CrmEffect.id)
    effects = db.session.scalars(_paged(statement, number)).all()
    names = _names(effects)
    return Page([_of_effect(one, names) for one in effects], number, _count(statement))


def received(account: Account, number: int) -> Page:
    statement = _received(account).order_by(WebhookEvent.created_at.desc(), WebhookEvent.id)
    events = db.session.scalars(_paged(statement, number)).all()
    return Page([_of_event(event) for event in events], number, _count(statement))


def people(account: Account, number: int) -> Page:
    """The audit list: who did what."""
    statement = select(AuditEntry).where(AuditEntry.account_id == account.id)
    ordered = statement.order_by(AuditEntry.created_at.desc(), AuditEntry.id)
    rows = db.session.scalars(_paged(ordered, number)).all()
    return Page(rows, number, _count(statement))


def differences(account: Account) -> list[Line]:
    """What a check of the CRM has seen to differ, as far as a page has room for it."""
    statement = (
        select(CrmEffect)
        .where(CrmEffect.account_id == account.id, CrmEffect.drift.is_not(None))
        .order_by(CrmEffect.written_at.desc(), CrmEffect.id)
    )
    effects = db.session.scalars(statement.limit(PAGE)).all()
    names = _names(effects)
    return [replace(_of_effect(one, names), detail=one.drift or "") for one in effects]


def find(account: Account, table: str, row_id: str) -> OwesWork | None:
    """A row that owes work, if it is this account's."""
    model = TABLES.get(table)
    row = db.session.get(model, row_id) if model else None
    return row if row is not None and row.account_id == account.id else None


def owe_all_again(account: Account) -> int:
    """Everything that needs a person is tried again; the clock rings for it. How many rows."""
    moment = now()
    again = {"due_at": moment, "parked_at": None, "last_error": None, "attempts": 0}
    again["owed_since"] = moment
    return sum(
        db.session.execute(  # type: ignore[attr-defined]
            update(model).where(model.account_id == account.id, _parked(model)).values(**again),
            execution_options={"synchronize_session": False},
        ).rowcount
        for model in TABLES.values()
    )


# Which rows


Condition = Callable[[type[Any]], ColumnElement[bool]]


def _parked(model: type[Any]) -> ColumnElement[bool]:
    return model.parked_at.is_not(None)


def _unfinished(model: type[Any]) -> ColumnElement[bool]:
    """Due now or later, or waiting for something that must come first."""
    return model.parked_at.is_(None) & (model.due_at.is_not(None) | model.last_error.is_not(None))


def _union(account: Account, condition: Condition) -> Any:
    moment = func.coalesce
    return union_all(
        *(
            select(
                literal(name).label("table"),
                model.id.label("id"),
                moment(model.parked_at, model.owed_since, model.created_at).label("at"),
            ).where(model.account_id == account.id, condition(model))
            for name, model in TABLES.items()
        )
    )


def _written(account: Account) -> Select[Any]:
    ours = CrmEffect.kind.not_in((EffectKind.OBJECTS, EffectKind.ALL))
    return select(CrmEffect).where(
        CrmEffect.account_id == account.id, CrmEffect.written_at.is_not(None), ours
    )


def _received(account: Account) -> Select[Any]:
    return select(WebhookEvent).where(WebhookEvent.account_id == account.id)


def _count(statement: Any) -> int:
    rows = statement.order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def _paged(statement: Any, number: int) -> Any:
    return statement.limit(PAGE).offset((max(number, 1) - 1) * PAGE)


# Rows as lines


@dataclass(frozen=True)
class _Names:
    learners: dict[str, str]
    courses: dict[str, str]  # by enrolment


def _lines(account: Account, condition: Condition, number: int) -> Page:
    keys = _union(account, condition).subquery()
    order = select(keys.c.table, keys.c.id).order_by(keys.c.at.desc(), keys.c.id)
    wanted = db.session.execute(_paged(order, number)).all()
    rows = {
        (name, row.id): row
        for name, model in TABLES.items()
        for row in _by_id(model, [key.id for key in wanted if key.table == name])
    }
    names = _names(rows.values())
    lines = [_line(rows[key.table, key.id], names) for key in wanted if tuple(key) in rows]
    return Page(lines, number, _count(select(keys)))


def _by_id(model: type[Any], ids: list[str]) -> Sequence[Any]:
    return db.session.scalars(select(model).where(model.id.in_(ids))).all() if ids else ()


def _names(rows: Any) -> _Names:
    """Who and what the rows are about, in two queries."""
    learner_ids = {row.learner_id for row in rows if getattr(row, "learner_id", None)}
    enrollment_ids = {
        row.id if isinstance(row, Enrollment) else row.enrollment_id
        for row in rows
        if isinstance(row, Enrollment) or getattr(row, "enrollment_id", None)
    }
    titles = (
        select(Enrollment.id, Course.title)
        .join(Course, Course.id == Enrollment.course_id)
        .where(Enrollment.id.in_(enrollment_ids))
    )
    return _Names(
        {learner.id: learner.name for learner in _by_id(Learner, list(learner_ids))},
        {row.id: row.title for row in db.session.execute(titles)} if enrollment_ids else {},
    )


def _line(row: Any, names: _Names) -> Line:
    if isinstance(row, CrmEffect):
        return _of_effect(row, names)
    if isinstance(row, Enrollment):
        return _of_enrollment(row, names)
    if isinstance(row, TriggerFiring):
        return _of_firing(row, names)
    return _of_event(row)


def _of_effect(effect: CrmEffect, names: _Names) -> Line:
    who = names.learners.get(effect.learner_id or "", "")
    course = names.courses.get(effect.enrollment_id or "", "")
    company = effect.written.get("name", "") if effect.kind == EffectKind.SUMMARY else ""
    state = _state(effect)
    return Line(
        table="crm-effect",
        id=effect.id,
        what=WORDS[EffectKind(effect.kind)],
        about=" · ".join(filter(None, (who or company, course))),
        detail=content(effect) if state == "Written" else effect.last_error or "",
        state=state,
        at=_moment(effect, effect.written_at if state == "Written" else None),
        next_at=effect.due_at,
    )


def _of_enrollment(enrollment: Enrollment, names: _Names) -> Line:
    who = names.learners.get(enrollment.learner_id, "")
    return Line(
        table="enrollment",
        id=enrollment.id,
        what="Registration at SCORM Cloud",
        about=" · ".join(filter(None, (who, names.courses.get(enrollment.id, "")))),
        detail=enrollment.last_error or "",
        state=_state(enrollment),
        at=_moment(enrollment),
        next_at=enrollment.due_at,
    )


def _of_firing(firing: TriggerFiring, names: _Names) -> Line:
    who = firing.enrollment.learner.name
    return Line(
        table="trigger-firing",
        id=firing.id,
        what=f"Workflow on “{EVENTS[TriggerEvent(firing.event)]}”",
        about=" · ".join(filter(None, (who, names.courses.get(firing.enrollment_id, "")))),
        detail=firing.last_error or "",
        state=_state(firing),
        at=_moment(firing, firing.fired_at),
        next_at=firing.due_at,
    )


def _of_event(event: WebhookEvent) -> Line:
    handled = event.handled_at is not None
    return Line(
        table="webhook-event",
        id=event.id,
        what=f"Message from {SOURCES.get(event.source, event.source)}",
        about=event.kind,
        detail=(event.outcome or "") if handled else event.last_error or "",
        state="Handled" if handled else _state(event),
        at=event.created_at,
        next_at=event.due_at,
    )


def _state(row: OwesWork) -> str:
    if row.parked_at:
        return "Needs attention"
    if row.owes_work:
        return "Retrying" if row.last_error else "Waiting"
    return "Waiting" if row.last_error else "Written"


def _moment(row: Any, written_at: datetime | None = None) -> datetime:
    return written_at or row.parked_at or row.owed_since or row.created_at


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
