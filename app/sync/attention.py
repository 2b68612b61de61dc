"""What needs a person, in groups: the same thing for the same reason is decided once for all.

After an outage hundreds of rows may have been given up. They are tried again together, or dismissed
together where nobody can put them right. A start of a workflow whose answer was lost may have
happened; such starts are a group of their own, and are only repeated when somebody says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, update

from app.extensions import db
from app.models import (
    Account,
    Course,
    CrmEffect,
    DriftCheck,
    Enrollment,
    OwesWork,
    SyncRun,
    TriggerFiring,
    WebhookEvent,
    now,
)
from app.sync import lines

TABLES: dict[str, type[Any]] = {
    "crm-effect": CrmEffect,
    "enrollment": Enrollment,
    "webhook-event": WebhookEvent,
    "course": Course,
    "trigger-firing": TriggerFiring,
    "sync-run": SyncRun,
    "drift-check": DriftCheck,
}
KINDS: dict[type[Any], Any] = {
    CrmEffect: CrmEffect.kind,
    Enrollment: literal(""),
    WebhookEvent: WebhookEvent.source,
    Course: case((Course.archived_at.is_not(None), "archived"), else_=""),
    TriggerFiring: TriggerFiring.event,
    SyncRun: literal(""),
    DriftCheck: literal(""),
}
RING_AT_ONCE = 100  # the clock rings for the others


@dataclass(frozen=True)
class Group:
    """Rows of one kind that were given up for one reason. Unsure: they may have happened."""

    table: str
    kind: str
    reason: str
    unsure: bool
    number: int

    @property
    def what(self) -> str:
        return lines.words(self.table, self.kind)

    @property
    def key(self) -> str:
        """Names the group in a form; it stays the same while rows come and go."""
        said = f"{self.table}\n{self.kind}\n{self.reason}\n{self.unsure}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def groups(account: Account) -> list[Group]:
    """All groups, the largest first."""
    found = [
        Group(name, str(row.kind), row.reason, bool(row.unsure), row.number)
        for name, model in TABLES.items()
        for row in db.session.execute(_grouped(account, model))
    ]
    return sorted(found, key=lambda group: (-group.number, group.what, group.reason))


def unsure(found: Iterable[Group]) -> int:
    """How many of these may have happened already."""
    return sum(group.number for group in found if group.unsure)


def try_again(account: Account, chosen: Iterable[Group]) -> tuple[int, list[OwesWork]]:
    """All of these owe their work again: how many, and the first ones, to be rung for."""
    moment = now()
    again = {
        "due_at": moment,
        "owed_since": moment,
        "attempts": 0,
        **dict.fromkeys(("parked_at", "last_error", "dismissed_at", "dismissed_by")),
    }
    number = 0
    first: list[OwesWork] = []
    for group in chosen:
        model = TABLES[group.table]
        rows = db.session.scalars(select(model).where(_in(account, group)).limit(RING_AT_ONCE))
        first += rows.all()
        anew = dict.fromkeys(("tried_at", "unsure_since")) if model is TriggerFiring else {}
        number += _change(account, group, {**again, **anew})
    return number, first[:RING_AT_ONCE]


def dismiss(account: Account, group: Group, by: str) -> int:
    """Nobody is asked about these any more; how many they were."""
    return _change(account, group, {"dismissed_at": now(), "dismissed_by": by[:255]})


def _change(account: Account, group: Group, values: dict[str, Any]) -> int:
    statement = update(TABLES[group.table]).where(_in(account, group)).values(**values)
    done = db.session.execute(statement, execution_options={"synchronize_session": "fetch"})
    return int(done.rowcount)  # type: ignore[attr-defined]


def _in(account: Account, group: Group) -> ColumnElement[bool]:
    model = TABLES[group.table]
    return and_(
        model.account_id == account.id,
        model.needs_attention(),
        KINDS[model] == group.kind,
        func.coalesce(model.last_error, "") == group.reason,
        _unsure(model) == (1 if group.unsure else 0),
    )


def _grouped(account: Account, model: type[Any]) -> Select[Any]:
    rows = (
        select(
            KINDS[model].label("kind"),
            func.coalesce(model.last_error, "").label("reason"),
            _unsure(model).label("unsure"),
        )
        .where(model.account_id == account.id, model.needs_attention())
        .subquery()
    )
    names = (rows.c.kind, rows.c.reason, rows.c.unsure)
    return select(*names, func.count().label("number")).group_by(*names)


def _unsure(model: type[Any]) -> Any:
    if model is not TriggerFiring:
        return literal(0)
    return case((TriggerFiring.unsure_since.is_not(None), 1), else_=0)
