"""Encrypts anew what an older key has written, while everything else goes on.

Tokens are renewed at any moment, so a secret is only replaced if it still is what was read here:
what somebody stored meanwhile is newer, and was written with the newest key anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    Text,
    literal,
    select,
    type_coerce,
    update,
)

from app.extensions import db
from app.models import Base
from app.models.encrypted import Encrypted, keyring

BATCH = 100
Secrets = dict[str, str | None]


class UnreadableSecret(Exception):
    """A secret that none of the keys can read."""


def rewrite(tables: Iterator[Table] | None = None) -> Iterator[int]:
    """Rewrites all secrets, a batch of rows at a time; yields how many rows, for the caller to
    commit. Raises UnreadableSecret, with what came before kept.
    """
    for table in tables or encrypted_tables():
        ids = list(db.session.scalars(select(table.c.id).order_by(table.c.id)))
        for start in range(0, len(ids), BATCH):
            yield sum(_rewrite(table, row_id) for row_id in ids[start : start + BATCH])


def _rewrite(table: Table, row_id: str) -> bool:
    columns = encrypted_columns(table)
    found = db.session.execute(select(*columns.values()).where(table.c.id == row_id)).one_or_none()
    if found is None:
        return False
    old: Secrets = dict(zip(columns, found, strict=True))
    return _replace(table, row_id, old)


def _replace(table: Table, row_id: str, old: Secrets) -> bool:
    """True unless somebody else wrote the row since `old` was read."""
    columns = encrypted_columns(table)
    unchanged = [column.is_not_distinct_from(old[name]) for name, column in columns.items()]
    new: dict[str, Any] = {
        name: literal(_rotated(table, row_id, value), Text()) for name, value in old.items()
    }
    done = db.session.execute(update(table).where(table.c.id == row_id, *unchanged).values(**new))
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def _rotated(table: Table, row_id: str, secret: str | None) -> str | None:
    try:
        return None if secret is None else keyring().rotate(secret).decode()
    except InvalidToken:
        raise UnreadableSecret(f"{table.name} {row_id}") from None


def encrypted_tables() -> Iterator[Table]:
    return (table for table in Base.metadata.sorted_tables if encrypted_columns(table))


def encrypted_columns(table: Table) -> dict[str, ColumnElement[str | None]]:
    """The table's secrets as they lie in the database."""
    return {
        column.name: type_coerce(column, Text())
        for column in table.columns
        if isinstance(column.type, Encrypted)
    }
