"""One caller at a time for a grant, over all threads and processes, also while one of them dies.

On PostgreSQL that is an advisory lock of a connection; on SQLite `BEGIN IMMEDIATE` on a file of its
own beside the database, which itself stays writable meanwhile.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.errors import Hold
from app.extensions import db

LONGEST_WAIT = 15  # seconds that a caller waits for another one's renewal
BUSY = "The CRM connection is being renewed."


@contextmanager
def only_caller(kind: str, subject: str) -> Iterator[Session]:
    """Rows to read and commit while nobody else is here for the same grant. Hold after 15 s."""
    with db.engine.connect() as connection:
        on_sqlite = db.engine.dialect.name == "sqlite"
        locked = _sqlite_lock(kind) if on_sqlite else _postgres_lock(connection, kind, subject)
        with locked, Session(connection, expire_on_commit=False) as rows:
            yield rows


@contextmanager
def _postgres_lock(connection: Connection, kind: str, subject: str) -> Iterator[None]:
    digest = hashlib.sha256(f"{kind}:{subject}".encode()).digest()
    key = {"key": int.from_bytes(digest[:8], signed=True)}
    try:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT - 1}s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        raise _busy() from error
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
        connection.commit()


@contextmanager
def _sqlite_lock(kind: str) -> Iterator[None]:
    file = f"{db.engine.url.database}-{kind}-tokens"
    with closing(sqlite3.connect(file, timeout=LONGEST_WAIT, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise _busy() from error
        yield


def _busy() -> Hold:
    return Hold(BUSY, timedelta(seconds=5))
