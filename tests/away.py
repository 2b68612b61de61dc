"""The database goes away under whoever is about to keep something there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from flask import Flask, has_request_context
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from app.extensions import db


@contextmanager
def database_away(app: Flask, here: Callable[[], bool] = has_request_context) -> Iterator[None]:
    """SQLite: another process keeps the file locked. PostgreSQL: the connection is cut just before
    a commit that is made `here`."""
    if app.config["DATABASE_URL"].startswith("sqlite"):
        with locked_file(app.config["DATABASE_URL"].removeprefix("sqlite:///")):
            yield
    else:
        with cut_connection(here):
            yield


@contextmanager
def locked_file(path: str) -> Iterator[None]:
    def impatient(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    def patient(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=10000")

    with closing(sqlite3.connect(path)) as holder:
        event.listen(db.engine, "checkout", impatient)
        event.listen(db.engine, "checkin", patient)
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holder.rollback()
            event.remove(db.engine, "checkout", impatient)
            event.remove(db.engine, "checkin", patient)


@contextmanager
def cut_connection(here: Callable[[], bool]) -> Iterator[None]:
    others = create_engine(db.engine.url)

    def cut(session: Session) -> None:
        if here():
            mine = session.scalar(text("SELECT pg_backend_pid()"))
            with others.begin() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})

    event.listen(Session, "before_commit", cut)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", cut)
        others.dispose()
