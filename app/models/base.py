"""What every table shares: random ids, UTC times, and tenancy's one gate.

A row that belongs to an account can only be read or written while somebody acts for that account
(`acting_for`), or says aloud that it works across accounts (`across_accounts`: the clock, the
worker's first look-up, webhooks). Reading without either is a programming error and raises, so a
forgotten filter shows in the first test and never in a customer's page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, String, UniqueConstraint, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    registry,
    with_loader_criteria,
)
from sqlalchemy.types import TypeDecorator


def new_id() -> str:
    """A random public id of 128 bit."""
    return secrets.token_hex(16)


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    registry = registry(type_annotation_map={datetime: UtcDateTime})

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id, sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(default=now, sort_order=-1)


class UnscopedAccess(RuntimeError):
    """An account's rows were touched while nobody acted for an account."""


ACROSS = "*"
_scope: ContextVar[str | None] = ContextVar("account_scope", default=None)


@contextmanager
def acting_for(account_id: str) -> Iterator[None]:
    """Within this block every query sees, and every write touches, this account's rows only."""
    token = _scope.set(account_id)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def across_accounts() -> Iterator[None]:
    """For the few places that serve all accounts: clock, worker's look-up, webhooks, operators."""
    token = _scope.set(ACROSS)
    try:
        yield
    finally:
        _scope.reset(token)


class AccountOwned:
    """Mixin of all rows that belong to one account.

    Tables that are pointed at carry a unique (account_id, id), and references to them are
    composite, so the database itself refuses a row that points across accounts.
    """

    @declared_attr
    def account_id(cls) -> Mapped[str]:
        return mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        name = cls.__tablename__  # type: ignore[attr-defined]
        return (UniqueConstraint("account_id", "id", name=f"uq_{name}_account_id_id"),)


@event.listens_for(Session, "do_orm_execute")
def see_own_rows_only(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return  # such a load starts from a row that has passed the gate
    owned = [mapper for mapper in state.all_mappers if issubclass(mapper.class_, AccountOwned)]
    if not owned or _scope.get() == ACROSS:
        return
    account_id = _scope.get()
    if account_id is None:
        raise UnscopedAccess(f"{owned[0].class_.__name__} was queried for no account")
    state.statement = state.statement.options(
        with_loader_criteria(
            AccountOwned,
            lambda cls: cls.account_id == account_id,
            include_aliases=True,
            track_closure_variables=True,
        )
    )


@event.listens_for(Session, "before_flush")
def write_own_rows_only(session: Session, _context: object, _instances: object) -> None:
    scope = _scope.get()
    if scope == ACROSS:
        return
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, AccountOwned):
            if row.account_id is None and scope is not None:
                row.account_id = scope
            if row.account_id != scope:
                raise UnscopedAccess(f"{type(row).__name__} was written for another account")
