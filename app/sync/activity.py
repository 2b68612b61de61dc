"""What the activity page shows: what was received, written, waits or needs a person, newest first.

Several tables owe work: writes to the CRM, starts of its workflows, registrations and courses at
SCORM Cloud, received messages. A page of them is one query over all; only the rows of that page are
then read in full, and put into words by `lines`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union_all

from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    CrmEffect,
    EffectKind,
    OwesWork,
    WebhookEvent,
    now,
)
from app.paging import PAGE, Page, count, page
from app.sync import lines
from app.sync.attention import TABLES
from app.sync.lines import Line


@dataclass(frozen=True)
class Counts:
    attention: int
    waiting: int
    written_today: int
    received_today: int


def counts(account: Account) -> Counts:
    since = now() - timedelta(hours=24)
    return Counts(
        attention=count(_union(account, _parked)),
        waiting=count(_union(account, _unfinished)),
        written_today=count(_written(account).where(CrmEffect.written_at >= since)),
        received_today=count(_received(account).where(WebhookEvent.created_at >= since)),
    )


def attention(account: Account, number: int) -> Page:
    return _lines(account, _parked, number)


def dismissed(account: Account, number: int) -> Page:
    """What a person has given up; it can still be tried again."""
    return _lines(account, _dismissed, number)


def waiting(account: Account, number: int) -> Page:
    return _lines(account, _unfinished, number)


def written(account: Account, number: int) -> Page:
    statement = _written(account).order_by(CrmEffect.written_at.desc(), CrmEffect.id)
    return _in_words(page(statement, number))


def received(account: Account, number: int, everything: bool = False) -> Page:
    """What the outside told; without echoes of our own writes unless everything is wanted."""
    statement = _received(account, everything)
    ordered = statement.order_by(WebhookEvent.created_at.desc(), WebhookEvent.id)
    return _in_words(page(ordered, number))


def people(account: Account, number: int) -> Page:
    """The audit list: who did what."""
    statement = select(AuditEntry).where(AuditEntry.account_id == account.id)
    ordered = statement.order_by(AuditEntry.created_at.desc(), AuditEntry.id)
    found = page(ordered, number)
    return replace(found, rows=[row for (row,) in found.rows])


def differences(account: Account) -> list[Line]:
    """What a check of the CRM has seen to differ, as far as a page has room for it."""
    statement = (
        select(CrmEffect)
        .where(CrmEffect.account_id == account.id, CrmEffect.drift.is_not(None))
        .order_by(CrmEffect.written_at.desc(), CrmEffect.id)
    )
    effects = db.session.scalars(statement.limit(PAGE)).all()
    told = zip(lines.of(effects), effects, strict=True)
    return [replace(line, detail=effect.drift or "") for line, effect in told]


def find(account: Account, table: str, row_id: str) -> OwesWork | None:
    """A row that owes work, if it is this account's."""
    model = TABLES.get(table)
    row = db.session.get(model, row_id) if model else None
    return row if row is not None and row.account_id == account.id else None


# Which rows


Condition = Callable[[type[Any]], ColumnElement[bool]]


def _parked(model: type[Any]) -> ColumnElement[bool]:
    return model.needs_attention()


def _dismissed(model: type[Any]) -> ColumnElement[bool]:
    return and_(model.parked_at.is_not(None), model.dismissed_at.is_not(None))


def _unfinished(model: type[Any]) -> ColumnElement[bool]:
    """Due now or later; a write to the CRM also while something else must come first."""
    open_ = model.due_at.is_not(None)
    if model is CrmEffect:
        open_ |= model.last_error.is_not(None)
    return model.parked_at.is_(None) & open_


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


def _received(account: Account, everything: bool = False) -> Select[Any]:
    mine = select(WebhookEvent).where(WebhookEvent.account_id == account.id)
    return mine if everything else mine.where(WebhookEvent.of_interest())


def hidden(account: Account) -> int:
    """How many events the list of what was received leaves out."""
    return count(_received(account, everything=True)) - count(_received(account))


def _lines(account: Account, condition: Condition, number: int) -> Page:
    keys = _union(account, condition).subquery()
    order = select(keys.c.table, keys.c.id).order_by(keys.c.at.desc(), keys.c.id)
    found = page(order, number)
    rows = {
        (name, row.id): row
        for name, model in TABLES.items()
        for row in _by_id(model, [key.id for key in found.rows if key.table == name])
    }
    there = [rows[tuple(key)] for key in found.rows if tuple(key) in rows]
    return replace(found, rows=lines.of(there))


def _in_words(found: Page) -> Page:
    return replace(found, rows=lines.of([row for (row,) in found.rows]))


def _by_id(model: type[Any], ids: list[str]) -> Sequence[Any]:
    return db.session.scalars(select(model).where(model.id.in_(ids))).all() if ids else ()
