"""What every table shares: random ids, UTC times, and tenancy's one gate.

A row that belongs to an account can only be read or written while somebody acts for that account
(`acting_for`), or says aloud that it works across accounts (`across_accounts`: the clock, the
worker's first look-up, webhooks). Reading without either is a programming error and raises, so a
forgotten filter shows in the first test and never in a customer's page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Insert,
    String,
    TextClause,
    UniqueConstraint,
    Update,
    event,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    registry,
)
from sqlalchemy.types import TypeDecorator

from app.models.limiting import OWNED, Change, Reach, Reaching, Tables, UnscopedAccess, name_of


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
        account = ForeignKey("accounts.id", ondelete="CASCADE")
        return mapped_column(account, index=True, info={OWNED: True})

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        name = cls.__tablename__  # type: ignore[attr-defined]
        return (UniqueConstraint("account_id", "id", name=f"uq_{name}_account_id_id"),)


tables = Tables(Base.metadata)


def acting_account() -> str:
    """The id of the account that somebody acts for; raises UnscopedAccess without one."""
    scope = _scope.get()
    if scope is None or scope == ACROSS:
        raise UnscopedAccess("rows of accounts were queried past the session, for no account")
    return scope


def may_see(row: object) -> bool:
    """Whether the row belongs to the account that somebody acts for, or to none.

    Raises UnscopedAccess when nobody acts for any.
    """
    scope = _scope.get()
    if not isinstance(row, AccountOwned) or scope == ACROSS:
        return True
    if scope is None:
        raise UnscopedAccess(f"{type(row).__name__} was queried for no account")
    return row.account_id == scope


def touch_own_rows_only(state: ORMExecuteState) -> None:
    """Judges what a statement changes, and marks what it may see; `limiting` does the rest."""
    scope, statement = _scope.get(), state.statement
    # a row that is at hand has passed here, and what belongs to it is of the same account
    at_hand = state.is_column_load or (state.is_relationship_load and scope is None)
    if scope == ACROSS or at_hand:
        state.statement = statement.options(Reaching(Reach.EVERY_ACCOUNT))
    elif isinstance(statement, TextClause):
        if named := tables.named_in(statement.text):
            raise UnscopedAccess(f"SQL as text about {', '.join(named)} cannot be limited")
    elif isinstance(statement, Change):
        state.statement = change_own_rows_only(state, statement, scope)
    elif scope is None:
        state.statement = statement.options(Reaching(Reach.NO_ACCOUNT))


def change_own_rows_only(state: ORMExecuteState, change: Change, scope: str | None) -> Change:
    """The same change, of the account's rows only; raises UnscopedAccess if that cannot be."""
    name = name_of(change)
    if scope is None:
        if name in tables.always_owned:
            raise UnscopedAccess(f"{name} was to be changed for no account")
        return change.options(Reaching(Reach.NO_ACCOUNT))
    if name not in tables.owned:
        return change
    if isinstance(change, Insert):
        require_own(state, change, scope)
        return change
    if isinstance(change, Update) and moves(change):
        raise UnscopedAccess(f"rows of {name} were to move to another account")
    columns = state.bind_mapper.class_ if state.bind_mapper else change.table.c
    return change.where(columns.account_id == scope)


def moves(change: Update) -> bool:
    """Whether it would give rows another account."""
    return "account_id" in {getattr(column, "key", column) for column in dict(change._values or ())}


def require_own(state: ORMExecuteState, change: Insert, scope: str) -> None:
    """New rows are handed over as parameters, where it can be seen whose they are."""
    given = state.parameters or {}
    rows = [given] if isinstance(given, Mapping) else given
    own = all(row.get("account_id") == scope for row in rows)
    more = (change._values, change.select, change._post_values_clause)
    if not own or change._multi_values or any(part is not None for part in more):
        raise UnscopedAccess(f"{name_of(change)}: only rows of the account can be added so")


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


event.listen(Session, "do_orm_execute", touch_own_rows_only)
event.listen(Session, "before_flush", write_own_rows_only)
