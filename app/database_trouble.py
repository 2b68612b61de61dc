"""What an error of the database means to whoever is waiting: the status of the answer."""

from __future__ import annotations

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)
from sqlalchemy.orm.exc import StaleDataError

# A row that is there twice, or one that another row points at and that is gone: two people, or two
# tabs, were at the same thing. PostgreSQL says so by a code, SQLite by a name.
FASTER = {"23505", "23503", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_FOREIGNKEY"}


def status_of(error: SQLAlchemyError) -> int:
    """400 for what no column can hold, 409 where somebody else was faster, 503 for what passes (a
    locked file, a lost connection, a deadlock), else 500."""
    if isinstance(error, DataError):
        return 400
    if isinstance(error, StaleDataError):
        return 409
    if isinstance(error, IntegrityError):
        return 409 if FASTER & set(_names(error)) else 500
    passes = isinstance(error, OperationalError | InterfaceError | TimeoutError)
    return 503 if passes or getattr(error, "connection_invalidated", False) else 500


def _names(error: DBAPIError) -> tuple[str | None, ...]:
    cause = error.orig
    return getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)
