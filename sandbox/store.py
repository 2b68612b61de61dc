"""Where a sandbox application keeps its data: one SQLite file behind one lock.

A stand-in runs as one process with many threads, so a single connection with a re-entrant lock is
both the simplest and the fastest choice: every transaction is serial, and code that is already
inside a transaction joins it instead of waiting for itself. The data survives a restart; the last
commits before a power failure may not, which is fine for a sandbox.
"""

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Seed = Callable[[sqlite3.Connection], None]

_VALUES = "CREATE TABLE IF NOT EXISTS sandbox_values (name TEXT PRIMARY KEY, doc TEXT NOT NULL);"
_SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Store:
    """A SQLite file with a schema, whole-file snapshots, and small named values.

    ``schema`` is SQL that can be applied again to an existing file (``CREATE … IF NOT EXISTS``).
    ``seed`` fills a new or reset file with its first rows, in one transaction.
    """

    def __init__(self, path: Path, schema: str, seed: Seed | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._schemas = [_VALUES, schema]
        self._seed = seed
        self._lock = threading.RLock()
        self._depth = 0
        self._values: dict[str, Any] = {}
        self._replaced: list[Callable[[], None]] = []
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA cache_size=-65536")  # 64 MiB, and few checkpoints: writes are
        self._db.execute("PRAGMA wal_autocheckpoint=10000")  # small and spread over the file
        self._db.execute("PRAGMA foreign_keys=ON")
        self._build()

    def extend(self, schema: str) -> None:
        """Add a module's own tables, now and after each reset or restore."""
        with self._lock:
            self._schemas.append(schema)
            self._db.executescript(schema)

    def on_replaced(self, forget: Callable[[], None]) -> None:
        """Call ``forget`` after a reset or restore, for whoever remembers rows in memory."""
        self._replaced.append(forget)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits at the end, or rolls back if an exception passes.

        Inside another ``write`` of the same thread it is part of the outer one.
        """
        with self._lock:
            if self._depth:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                self._values.clear()
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection for queries; nobody else writes meanwhile."""
        with self._lock:
            yield self._db

    def value(self, name: str, default: Any = None) -> Any:
        """A small named document (a setting, a clock offset); answered from memory."""
        with self._lock:
            if name not in self._values:
                row = self._db.execute(
                    "SELECT doc FROM sandbox_values WHERE name = ?", (name,)
                ).fetchone()
                self._values[name] = json.loads(row["doc"]) if row else None
            found = self._values[name]
            return default if found is None else found

    def set_value(self, name: str, doc: Any) -> None:
        """Keep a small named document; ``None`` forgets it."""
        with self.write() as db:
            db.execute("DELETE FROM sandbox_values WHERE name = ?", (name,))
            if doc is not None:
                db.execute("INSERT INTO sandbox_values VALUES (?, ?)", (name, json.dumps(doc)))
            self._values[name] = doc

    def reset(self) -> None:
        """Start over: drop every table, apply the schema and the seed again."""
        with self._lock:
            self._db.execute("PRAGMA foreign_keys=OFF")
            for kind in ("view", "table"):
                for row in self._named(kind):
                    self._db.execute(f'DROP {kind} IF EXISTS "{row}"')
            self._db.execute("PRAGMA foreign_keys=ON")
            self._build()
        self._announce()

    def snapshot(self, name: str) -> None:
        """Keep a copy of everything under ``name``; ValueError if the name is not plain."""
        target = self._snapshot_path(name)
        with self._lock:
            target.unlink(missing_ok=True)
            copy = sqlite3.connect(target)
            try:
                self._db.backup(copy)
            finally:
                copy.close()

    def restore(self, name: str) -> None:
        """Go back to the copy kept under ``name``; KeyError if there is none."""
        source = self._snapshot_path(name)
        if not source.exists():
            raise KeyError(name)
        with self._lock:
            copy = sqlite3.connect(source)
            try:
                copy.backup(self._db)
            finally:
                copy.close()
            self._build()
        self._announce()

    def snapshots(self) -> list[str]:
        """The names of the kept copies."""
        stem = self.path.stem
        found = self.path.parent.glob(f"{stem}.*.snapshot")
        return sorted(
            path.name.removeprefix(f"{stem}.").removesuffix(".snapshot") for path in found
        )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _build(self) -> None:
        for schema in self._schemas:
            self._db.executescript(schema)
        self._values.clear()
        if self._seed and not self.value("seeded"):
            with self.write() as db:
                self._seed(db)
                self.set_value("seeded", True)

    def _announce(self) -> None:
        for forget in self._replaced:
            forget()

    def _named(self, kind: str) -> list[str]:
        rows = self._db.execute(
            "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)
        )
        return [row["name"] for row in rows.fetchall()]

    def _snapshot_path(self, name: str) -> Path:
        if not _SNAPSHOT_NAME.fullmatch(name):
            raise ValueError("A snapshot name has letters, digits, - and _ only, at most 64.")
        return self.path.parent / f"{self.path.stem}.{name}.snapshot"
