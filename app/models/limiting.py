"""Limits every statement to one account's rows, where SQLAlchemy turns it into SQL.

Whatever shape a statement has (ORM or Core, subquery, CTE, union, exists, join, count), each of its
SELECTs ends here with its final list of FROMs. A table with an `account_id` gets its condition
there: in WHERE, or in ON for the right side of a join, so that an outer join keeps its meaning. The
account's id is asked for at each execution, so the SQL is worked out once and shared by all.

What cannot be limited so is refused by UnscopedAccess: SQL as text that names such a table, a full
join, UPDATE … FROM such a table, a change inside of a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Engine,
    FromClause,
    Insert,
    Join,
    MetaData,
    String,
    Update,
    and_,
    bindparam,
)
from sqlalchemy.orm.interfaces import UserDefinedOption
from sqlalchemy.sql.cache_key import HasCacheKey
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.selectable import FromClauseAlias, FromGrouping, TableClause
from sqlalchemy.sql.visitors import InternalTraversal

OWNED = "account_owned"  # in the info of a column account_id: never read for no account


class UnscopedAccess(RuntimeError):
    """An account's rows were touched while nobody acted for an account."""


Change = Insert | Update | Delete


class Reach(StrEnum):
    """Whose rows a statement may see; without a mark, those of the account acted for."""

    EVERY_ACCOUNT = "every account"
    NO_ACCOUNT = "no account"


class Reaching(HasCacheKey, UserDefinedOption):
    """A statement's mark. It is part of the cache's key, so the SQL for one reach never serves
    another."""

    __slots__ = ()
    _is_has_cache_key = True
    _cache_key_traversal = [("payload", InternalTraversal.dp_plain_obj)]


class Tables:
    """Which tables' rows belong to an account."""

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata

    @cached_property
    def owned(self) -> frozenset[str]:
        """Tables that are limited while somebody acts for an account."""
        tables = self._metadata.tables.values()
        return frozenset(table.name for table in tables if "account_id" in table.columns)

    @cached_property
    def always_owned(self) -> frozenset[str]:
        """Those of them that nobody reads without saying for whom."""
        tables = self._metadata.tables
        return frozenset(name for name in self.owned if tables[name].c.account_id.info.get(OWNED))

    def named_in(self, sql: str) -> frozenset[str]:
        return self.owned & set(re.findall(r"\w+", sql.casefold()))


def limit_statements(engine: Engine, tables: Tables, account_id: Callable[[], str]) -> None:
    """All that this engine sends is limited to the account whose id `account_id` returns."""

    dialects_own = engine.dialect.statement_compiler
    parts = {
        "tables": tables,
        "account_id": bindparam("acting_account", callable_=account_id, type_=String()),
    }
    engine.dialect.statement_compiler = type("Limiting", (LimitingCompiler, dialects_own), parts)


class LimitingCompiler(SQLCompiler):
    """Mixed into the dialect's own compiler."""

    tables: Tables
    account_id: BindParameter[str]

    @property
    def reach(self) -> Reach | None:
        options = getattr(self.statement, "_with_options", ())
        return next((one.payload for one in options if isinstance(one, Reaching)), None)

    def limits(self, source: FromClause) -> Iterator[ColumnElement[bool]]:
        """What limits this FROM; of a join its left end, since its right ends stand in its ON."""
        if self.reach is Reach.EVERY_ACCOUNT:
            return
        table = left_end(source)
        if not isinstance(named := innermost(table), TableClause):
            return  # a subquery limits itself
        name = named.name.casefold()
        if self.reach is Reach.NO_ACCOUNT:
            if name in self.tables.always_owned:
                raise UnscopedAccess(f"{name} was queried for no account")
        elif name in self.tables.owned:
            if "account_id" not in table.c:
                raise UnscopedAccess(f"{name} without its account_id cannot be limited")
            yield table.c.account_id == self.account_id

    def refuse(self, names: Set[str], what: str) -> None:
        if self.reach is not Reach.EVERY_ACCOUNT and names & self.tables.owned:
            raise UnscopedAccess(f"{what} {', '.join(sorted(names))} cannot be limited")

    # How SQLAlchemy calls what is limited

    def _compose_select_body(
        self, text: str, select: Any, state: Any, columns: Any, froms: list[FromClause], *more: Any
    ) -> str:
        limits = [limit for source in froms for limit in self.limits(source)]
        select = select.where(*limits) if limits else select
        return super()._compose_select_body(text, select, state, columns, froms, *more)

    def visit_join(
        self, join: Any, asfrom: bool = False, from_linter: Any = None, **kwargs: Any
    ) -> str:
        if join.full:
            self.refuse_among([join.left, join.right], "a full join with")
        if limits := list(self.limits(join.right)):
            on = and_(join.onclause, *limits)
            join = Join(join.left, join.right, on, isouter=join.isouter)
        return super().visit_join(join, asfrom, from_linter, **kwargs)

    def post_process_text(self, text: str) -> str:
        if not isinstance(self.statement, TextClause):  # as a whole it has been judged before
            self.refuse(self.tables.named_in(text), "text about")
        return super().post_process_text(text)

    def escape_literal_column(self, text: str) -> str:
        self.refuse(self.tables.named_in(text), "text about")
        return super().escape_literal_column(text)

    def visit_insert(self, insert_stmt: Insert, *more: Any, **kw: Any) -> str:
        self.refuse_within(insert_stmt)
        return super().visit_insert(insert_stmt, *more, **kw)

    def visit_update(self, update_stmt: Update, *more: Any, **kw: Any) -> str:
        self.refuse_within(update_stmt)
        return super().visit_update(update_stmt, *more, **kw)

    def visit_delete(self, delete_stmt: Delete, *more: Any, **kw: Any) -> str:
        self.refuse_within(delete_stmt)
        return super().visit_delete(delete_stmt, *more, **kw)

    def refuse_within(self, change: Change) -> None:
        """A change that is a part of another statement; whole ones are limited by the session."""
        if self.stack:
            self.refuse({name_of(change)}, "a change inside of a query, of")

    def update_from_clause(
        self, update_stmt: Any, from_table: Any, extra_froms: Any, from_hints: Any, **kw: Any
    ) -> str:
        self.refuse_among(extra_froms, "UPDATE … FROM")
        return super().update_from_clause(update_stmt, from_table, extra_froms, from_hints, **kw)

    def delete_extra_from_clause(
        self, delete_stmt: Any, from_table: Any, extra_froms: Any, from_hints: Any, **kw: Any
    ) -> str:
        self.refuse_among(extra_froms, "DELETE … USING")
        return super().delete_extra_from_clause(
            delete_stmt, from_table, extra_froms, from_hints, **kw
        )

    def refuse_among(self, sources: list[FromClause], what: str) -> None:
        for source in sources:
            if list(self.limits(source)):
                raise UnscopedAccess(f"{what} {source} cannot be limited")


def name_of(change: Change) -> str:
    """The table that is changed."""
    return change.table.name  # type: ignore[union-attr]


def left_end(source: FromClause) -> FromClause:
    while isinstance(source, Join | FromGrouping):
        source = source.left if isinstance(source, Join) else source.element
    return source


def innermost(source: FromClause) -> Any:
    """What an alias, or an alias of an alias, stands for."""
    while isinstance(source, FromClauseAlias | FromGrouping):
        source = source.element
    return source
