"""Pages of a list: which of its rows, and where they stand among all.

Flask-SQLAlchemy's own pagination reads the request, answers 404 by itself and knows lists of one
entity only; the lists here show a row of one table beside facts of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Select, func, select

from app.extensions import db

PAGE = 25
Question = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


@dataclass(frozen=True)
class Page:
    """One page of rows; `total` counts those of all pages."""

    rows: Sequence[Any]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return last_page(self.total)


def page(statement: Select[*tuple[Any, ...]], number: int) -> Page:
    """That page of the statement's rows, or the last one if there are not so many."""
    total = count(statement)
    number = min(max(number, 1), last_page(total))
    rows = db.session.execute(statement.limit(PAGE).offset((number - 1) * PAGE)).all()
    return Page(rows, number, total)


def page_of(rows: Sequence[Any], number: int) -> Page:
    """The same of rows that are at hand."""
    number = min(max(number, 1), last_page(len(rows)))
    return Page(rows[(number - 1) * PAGE : number * PAGE], number, len(rows))


def count(statement: Question) -> int:
    """How many rows the statement has."""
    rows = statement.order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def last_page(total: int) -> int:
    return max(1, -(-total // PAGE))
