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
        self.stored = False
        self.trouble: SQLAlchemyError | None = None

    @property
    def settled(self) -> bool:
        return self.stored or self.trouble is not None


class Storage:
    """The rows that wait, and the one thread at a time that stores them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._committing = threading.Lock()
        self._waiting: list[Waiting] = []

    def store(self, row: Row) -> None:
        """Returns when the row is on disk, or was there before; raises SQLAlchemyError if not."""
        mine = Waiting(row)
        with self._lock:
            self._waiting.append(mine)
        with self._committing:
            if not mine.settled:
                with self._lock:
                    together, self._waiting = self._waiting, []
                keep(together)
        if mine.trouble is not None:
            raise mine.trouble


def keep(together: list[Waiting]) -> None:
    """One transaction for all; if that fails each is tried alone, so that one cannot spoil many."""
    try:
        insert([one.row for one in together])
    except SQLAlchemyError as trouble:
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
