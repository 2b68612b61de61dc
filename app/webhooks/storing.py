"""Stores events durably, several at once: whoever waits for the disk shares one commit.

A postback is acknowledged only after its row is committed, and a commit costs as much for ten rows
as for one. So requests that come while one is committing are stored together by the next. This is
the one place besides the token store that commits by itself: an acknowledgement stands for a row.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.extensions import db
from app.models import WebhookEvent

Row = dict[str, Any]
CONNECTION = "webhook_connection"  # among the app's extensions


class Waiting:
    """One row on its way to the disk, and what came of it."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.called = threading.Event()  # another thread is done with it, or it is this one's turn
        self.taken = False
        self.stored = False
        self.trouble: Exception | None = None


class Storage:
    """The rows that wait, and the one thread at a time that stores them all.

    Who finds nobody storing does it for all who wait, then calls them: each goes on at once, and
    the first of those who came meanwhile is the next to store.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: list[Waiting] = []

    def store(self, row: Row) -> None:
        """Returns when the row is on disk, or was there before; raises what prevented it if not."""
        mine = Waiting(row)
        with self._lock:
            self._waiting.append(mine)
            must_wait, self._busy = self._busy, True
        if must_wait:
            mine.called.wait()
        if not mine.taken:
            self._store_all()
        if not mine.stored:
            raise mine.trouble or RuntimeError("whoever was to store the row was stopped")

    def _store_all(self) -> None:
        with self._lock:
            together, self._waiting = self._waiting, []
            for one in together:
                one.taken = True
        try:
            keep(together)
        finally:
            self._call_next()
            for one in together:
                one.called.set()

    def _call_next(self) -> None:
        with self._lock:
            self._busy = bool(self._waiting)
            if self._busy:
                self._waiting[0].called.set()


def keep(together: list[Waiting]) -> None:
    """One transaction for all; if that fails each is tried alone, so that one cannot spoil many."""
    try:
        insert([one.row for one in together])
    except Exception as trouble:
        if len(together) == 1:
            together[0].trouble = trouble
            return
        for one in together:
            keep([one])
    else:
        for one in together:
            one.stored = True


def insert(rows: list[Row]) -> None:
    """One transaction; a connection that broke since the last one is opened anew, once."""
    try:
        insert_by(opened(), rows)
    except DBAPIError as trouble:
        if not trouble.connection_invalidated:
            raise
        insert_by(opened(), rows)


def insert_by(connection: Connection, rows: list[Row]) -> None:
    try:
        with connection.begin():
            connection.execute(insert_once(connection.dialect.name), rows)
    except SQLAlchemyError:
        del current_app.extensions[CONNECTION]
        connection.close()
        raise


def opened() -> Connection:
    """The app's own connection for this, kept open: the pool asks each that it lends whether it
    still lives, which would cost as much as the insert. Used by one thread at a time, see Storage.
    It is not counted among the pool's, which are for requests.
    """
    connection = current_app.extensions.get(CONNECTION)
    if connection is None:
        connection = db.engine.connect()
        if connection.dialect.name == "postgresql":
            # one statement is a transaction by itself there: one trip instead of three
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        current_app.extensions[CONNECTION] = connection
    return connection


@cache
def insert_once(dialect_name: str) -> Any:
    """One INSERT that a second delivery turns into nothing; both databases know it."""
    dialect = postgresql if dialect_name == "postgresql" else sqlite
    table = WebhookEvent.__table__
    return dialect.insert(table).on_conflict_do_nothing(index_elements=["source", "key"])


storage = Storage()
