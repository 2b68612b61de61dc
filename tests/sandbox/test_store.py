"""The SQLite file under a stand-in: transactions, restart, reset, snapshots."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from sandbox.clock import Clock
from sandbox.knobs import Knobs
from sandbox.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS people (name TEXT PRIMARY KEY);"


def seed(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO people VALUES ('seed')")


def names(store: Store) -> list[str]:
    with store.read() as db:
        return [row["name"] for row in db.execute("SELECT name FROM people ORDER BY name")]


def add(store: Store, name: str) -> None:
    with store.write() as db:
        db.execute("INSERT INTO people VALUES (?)", (name,))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "it.sqlite", SCHEMA, seed)


def test_what_was_written_is_there_after_a_restart(store: Store) -> None:
    add(store, "ann")
    store.set_value("setting", {"a": 1})
    store.close()
    again = Store(store.path, SCHEMA, seed)
    assert names(again) == ["ann", "seed"]
    assert again.value("setting") == {"a": 1}


def test_an_exception_rolls_everything_back(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as db:
        db.execute("INSERT INTO people VALUES ('ann')")
        store.set_value("setting", 1)
        with store.write() as inner:
            inner.execute("INSERT INTO people VALUES ('bob')")
        raise RuntimeError
    assert names(store) == ["seed"]
    assert store.value("setting") is None


def test_many_threads_write_without_loss(store: Store) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 50):
            add(store, f"p{number}")

    threads = [threading.Thread(target=write, args=(n * 50,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(store)) == 401


def test_reset_starts_over_with_the_seed(store: Store) -> None:
    told: list[str] = []
    store.extend("CREATE TABLE IF NOT EXISTS extra (x);")
    store.on_replaced(lambda: told.append("reset"))
    add(store, "ann")
    store.set_value("setting", 1)
    store.reset()
    assert names(store) == ["seed"] and told == ["reset"]
    assert store.value("setting") is None
    with store.write() as db:
        db.execute("INSERT INTO extra VALUES (1)")


def test_snapshots(store: Store) -> None:
    add(store, "ann")
    store.snapshot("one")
    add(store, "bob")
    store.restore("one")
    assert names(store) == ["ann", "seed"]
    assert store.snapshots() == ["one"]
    with pytest.raises(KeyError):
        store.restore("two")
    with pytest.raises(ValueError):
        store.snapshot("../elsewhere")


def test_the_clock_moves_and_remembers(store: Store) -> None:
    clock = Clock(store)
    before = clock.now()
    clock.set_offset(86400)
    assert 86399 < (clock.now() - before).total_seconds() < 86460
    assert Clock(store).offset_s == 86400


def test_knobs_keep_the_type_of_their_default(store: Store) -> None:
    knobs = Knobs(store, {"size": 10, "scale": 1.0, "strict": False})
    assert knobs.change({"size": 20.0, "scale": 2}) == {"size": 20, "scale": 2.0, "strict": False}
    for wrong in ({"size": "20"}, {"size": -1}, {"strict": 1}, {"colour": 1}):
        with pytest.raises(ValueError):
            knobs.change(wrong)
    assert knobs["size"] == 20
