"""Drift: does the CRM still show what was written there? A check finds out, a repair mends it.

A check goes through all learners in small steps with pauses, so that it leaves the CRM's pace to
the writes that people wait for. Only settled rows of the ledger are compared; what differs is noted
on them. A repair makes these rows owe their write again, and `push` does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from app import connections, paging
from app.background import later, owed
from app.clients.crm import OutsideError
from app.errors import Hold
from app.extensions import db
from app.models import Account, ContactState, CrmEffect, DriftCheck, EffectKind, Learner
from app.sync import comparing, differences, push

STEP = 10  # learners, or companies, looked at in one go
PAUSE = timedelta(seconds=3)
COMPANIES = "~"  # stands behind all ids of learners
RING_AT_ONCE = 100  # repairs beyond these are rung for by the clock


def start(account: Account, by: str, learner: Learner | None = None) -> DriftCheck:
    """A check of everything, or of one learner; one that is under way is returned instead."""
    going_on = latest(account)
    if going_on is not None and going_on.running:
        return going_on
    check = DriftCheck(account_id=account.id, started_by=by)
    check.learner_id = learner.id if learner else None
    db.session.add(check)
    check.total = 1 if learner else paging.count(_learners(account))
    check.owe()
    later(continue_check, check)
    return check


def latest(account: Account) -> DriftCheck | None:
    newest = select(DriftCheck).where(DriftCheck.account_id == account.id)
    return db.session.scalar(newest.order_by(DriftCheck.created_at.desc()).limit(1))


def count(account: Account) -> int:
    return paging.count(_differing(account))


def repair(account: Account, by: str) -> int:
    """Makes everything that differs owe its write again. How many."""
    effects = db.session.scalars(_differing(account)).all()
    for effect in effects:
        mend(effect)
    for effect in effects[:RING_AT_ONCE]:
        later(push.write, effect)
    check = latest(account)
    if check is not None and effects:
        check.repair(len(effects), by)
    return len(effects)


def mend(effect: CrmEffect) -> None:
    """Owes the write again, knowing only what is still true of what the CRM has."""
    if effect.drift in (differences.RECORD_GONE, differences.NOTE_GONE):
        effect.forget()
    elif effect.kind == EffectKind.TAGS:
        effect.distrust()  # which tags are ours must not be forgotten
    else:
        effect.distrust()
        effect.written = {}
    effect.drift = None
    effect.owe()


@owed
def continue_check(check: DriftCheck) -> None:
    """The next few learners, then the companies; asks first and notes what was found after."""
    step = next_step(check)
    if not step:
        check.finish_check()
        return
    seen = look(check.account, step)
    for effect, difference in seen.findings:
        effect.drift = difference
        check.found += difference is not None
    check.looked_at += sum(not key.startswith(COMPANIES) for key in seen.keys)
    check.unread += seen.unread
    check.after = seen.keys[-1]
    check.postpone(PAUSE)


@dataclass
class Seen:
    """What one step has seen, and of whom."""

    findings: list[comparing.Finding] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unread: int = 0


def look(account: Account, step: Sequence[tuple[str, list[CrmEffect]]]) -> Seen:
    """Asks the CRM about each; changes nothing. Trouble that can pass ends the step early, so that
    what was seen is kept; it is raised if nothing was."""
    crm, seen = connections.crm(account), Seen()
    for key, effects in step:
        try:
            seen.findings += list(comparing.compare(account, effects, crm))
        except (Hold, OutsideError) as trouble:
            if isinstance(trouble, Hold) or trouble.can_retry or trouble.is_unauthorised:
                if not seen.keys:
                    raise
                break
            seen.unread += 1
        seen.keys.append(key)
    return seen


def next_step(check: DriftCheck) -> list[tuple[str, list[CrmEffect]]]:
    """Up to STEP subjects behind the last one, each with its key and its settled rows."""
    if check.learner_id:
        return [] if check.after else [(check.learner_id, _settled_of(check.learner_id))]
    if not check.after.startswith(COMPANIES):
        behind = _learners(check.account).where(Learner.id > check.after)
        ids = db.session.scalars(behind.order_by(Learner.id).limit(STEP)).all()
        if ids:
            return [(learner_id, _settled_of(learner_id)) for learner_id in ids]
    behind_company = check.after.removeprefix(COMPANIES) if COMPANIES in check.after else ""
    summaries = _settled().where(
        CrmEffect.account_id == check.account_id,
        CrmEffect.kind == EffectKind.SUMMARY,
        CrmEffect.id > behind_company,
    )
    rows = db.session.scalars(summaries.order_by(CrmEffect.id).limit(STEP)).all()
    return [(f"{COMPANIES}{row.id}", [row]) for row in rows]


def _learners(account: Account) -> Select[Any]:
    return select(Learner.id).where(
        Learner.account_id == account.id,
        Learner.contact_state == ContactState.LINKED,
        Learner.erased_at.is_(None),
    )


def _settled() -> Select[Any]:
    """Rows that say what the CRM shows: written, and nothing owed or given up since."""
    return select(CrmEffect).where(
        CrmEffect.written_at.is_not(None),
        CrmEffect.written_digest == CrmEffect.wanted_digest,
        CrmEffect.due_at.is_(None),
        CrmEffect.parked_at.is_(None),
    )


def _settled_of(learner_id: str) -> list[CrmEffect]:
    return list(db.session.scalars(_settled().where(CrmEffect.learner_id == learner_id)))


def _differing(account: Account) -> Select[Any]:
    return select(CrmEffect).where(CrmEffect.account_id == account.id, CrmEffect.drift.is_not(None))
