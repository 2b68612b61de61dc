"""What the ledger says about one enrolment: what was written to the CRM, what waits and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, or_, select

from app.extensions import db
from app.models import CrmEffect, EffectKind, Enrollment
from app.sync import lines, objects

ORDER = list(EffectKind)


class WriteState(StrEnum):
    WRITTEN = "written"
    DUE = "due"  # is about to be written
    RETRYING = "retrying"  # trouble that can pass
    WAITING = "waiting"  # something else must come first
    PARKED = "parked"  # needs a person
    NONE = "none"  # nothing is to be written


@dataclass(frozen=True)
class Write:
    """One thing in the CRM. `detail` is the trouble's sentence, or in short what was written."""

    what: str
    state: WriteState
    detail: str = ""
    personal: bool = True  # about the learner, and not about the whole company
    written_at: datetime | None = None
    next_at: datetime | None = None

    @property
    def awaits_objects(self) -> bool:
        """It waits for the custom objects, which an account may do without."""
        return self.state == WriteState.WAITING and self.detail == objects.AWAITED


def of_enrollment(enrollment: Enrollment) -> list[Write]:
    """Everything that this enrolment leads to: on it, on its learner and on the company."""
    learner = enrollment.learner
    about = [
        CrmEffect.enrollment_id == enrollment.id,
        and_(CrmEffect.learner_id == learner.id, CrmEffect.enrollment_id.is_(None)),
    ]
    if learner.business_id:
        about.append(CrmEffect.business_id == learner.business_id)
    mine = select(CrmEffect).where(CrmEffect.account_id == enrollment.account_id, or_(*about))
    return listed(db.session.scalars(mine).all())


def listed(effects: Sequence[CrmEffect]) -> list[Write]:
    ordered = sorted(effects, key=lambda effect: ORDER.index(EffectKind(effect.kind)))
    return [write for effect in ordered if (write := of(effect)).state != WriteState.NONE]


def of(effect: CrmEffect) -> Write:
    state = state_of(effect)
    done = state == WriteState.WRITTEN
    return Write(
        what=lines.WORDS[EffectKind(effect.kind)],
        state=state,
        detail=lines.content(effect) if done else effect.last_error or "",
        personal=effect.kind != EffectKind.SUMMARY,
        written_at=effect.written_at,
        next_at=effect.due_at,
    )


def state_of(effect: CrmEffect) -> WriteState:
    if effect.parked_at:
        return WriteState.PARKED
    if effect.due_at:
        return WriteState.RETRYING if effect.last_error else WriteState.DUE
    if effect.last_error:
        return WriteState.WAITING
    return WriteState.WRITTEN if effect.written_at else WriteState.NONE
