"""Storing events: many at once, each answered by its own fate, over a connection that may break."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.models import WebhookEvent, new_id, now
from app.webhooks import storing
from tests.waiting import eventually


def row(key: str, **other: object) -> storing.Row:
    moment = now()
    facts = {"source": "scorm_cloud", "kind": "registration", "key": key, "body": "{}"}
    owed = {"due_at": moment, "owed_since": moment, "handled_at": None, "outcome": None}
    return {
        "id": new_id(),
        "created_at": moment,
        "account_id": None,
        "attempts": 0,
        **facts,
        **owed,
        **other,
    }


def keys() -> list[str]:
    return sorted(db.session.scalars(select(WebhookEvent.key)))


def test_many_come_at_once_and_each_is_stored_once(app: Flask) -> None:
    def store(number: int) -> None:
        with app.app_context():
            storing.storage.store(row(f"event {number % 20:02}"))

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(store, range(60)))
    assert keys() == [f"event {number:02}" for number in range(20)]


def test_a_connection_that_broke_is_opened_anew(app: Flask) -> None:
    storing.storage.store(row("before"))
    broken = storing.opened().connection.dbapi_connection
    assert broken is not None
    broken.close()
    storing.storage.store(row("after"))
    assert keys() == ["after", "before"]


def test_one_that_cannot_be_stored_does_not_spoil_the_others(app: Flask) -> None:
    good, bad = storing.Waiting(row("good")), storing.Waiting(row("bad", body=None))
    storing.keep([good, bad])
    assert good.stored
    assert bad.trouble is not None
    assert not bad.stored
    assert keys() == ["good"]
    with pytest.raises(SQLAlchemyError):
        storing.storage.store(row("bad", body=None))


def test_nobody_is_told_stored_when_the_thread_that_stores_is_stopped(app: Flask) -> None:
    """Two wait while a third stores them with its own; it is stopped before it has."""
    storage = storing.Storage()
    blocked, go_on = threading.Event(), threading.Event()

    def stop(together: list[storing.Waiting]) -> None:
        if len(together) > 1:
            raise SystemExit
        blocked.set()
        go_on.wait()
        together[0].stored = True

    def store(key: str) -> str:
        try:
            storage.store(row(key))
        except BaseException as trouble:
            return type(trouble).__name__
        return "stored"

    with mock.patch("app.webhooks.storing.keep", stop), ThreadPoolExecutor(3) as crowd:
        first = crowd.submit(store, "first")
        blocked.wait()
        others = [crowd.submit(store, key) for key in ("second", "third")]
        eventually(lambda: len(storage._waiting) == 2)
        go_on.set()
        assert first.result() == "stored"
        assert sorted(other.result() for other in others) == ["RuntimeError", "SystemExit"]
    storage.store(row("afterwards"))
    assert keys() == ["afterwards"]
