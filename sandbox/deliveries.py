"""Messages a stand-in sends out by itself: postbacks and webhooks, with retries and a full log.

A message is a row, written in the transaction of the change it tells about; a background thread
sends what is due and tries again with growing gaps. After a restart it goes on where it stopped
(a message may then arrive twice, as it may in life). Messages with the same order key are not
sent at the same time, so that without faults they arrive in order.
"""

import http.client
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock, iso
from sandbox.faults import Faults
from sandbox.outgoing import post
from sandbox.store import Store

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, order_key TEXT NOT NULL,
    url TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, created_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', attempts INTEGER NOT NULL DEFAULT 0,
    waiting_since REAL NOT NULL, gap_s REAL NOT NULL DEFAULT 0, delay_s REAL NOT NULL DEFAULT 0,
    due_at REAL NOT NULL -- waiting_since + gap_s * time scale + delay_s
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due_at, id);
CREATE TABLE IF NOT EXISTS delivery_attempts (
    delivery INTEGER NOT NULL, at TEXT NOT NULL, status INTEGER, error TEXT, seconds REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS delivery_attempts_of ON delivery_attempts (delivery);
"""

FAULTS: dict[str, Any] = {"drop": 0.0, "delay_s": 0.0, "duplicate": 0.0, "shuffle": False}
SENDERS = 8
HANDED_OUT = 2 * SENDERS
LOOK_AHEAD = 64
SHUFFLE_SPREAD_S = 2.0


@dataclass(frozen=True)
class Kind:
    """How one kind of message is sent.

    ``gap(attempts)`` is the pause in seconds after that many tries, or None to give up;
    ``delivered(status)`` says which answers count; ``faults`` names the section of faults.
    """

    name: str
    faults: str
    delivered: Callable[[int], bool]
    gap: Callable[[int], float | None]
    timeout_s: float = 10.0


class Deliveries:
    """An application's outbox. ``time_scale()`` stretches all retry gaps (0.01 = a hundredth)."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        faults: Faults,
        kinds: list[Kind],
        time_scale: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._kinds = {kind.name: kind for kind in kinds}
        self._time_scale = time_scale
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._busy: dict[int, str] = {}  # what is on its way: id and order key
        self._handing_out = threading.Condition()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="delivery")
        store.extend(SCHEMA)

    def start(self) -> None:
        threading.Thread(target=self._run, name="deliveries", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        self._senders.shutdown(wait=True)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing is on its way meanwhile, for whoever replaces all data: numbers begin anew then,
        and a message from before must neither arrive late nor be taken for one of the new."""
        with self._handing_out:
            self._handing_out.wait_for(lambda: not self._busy)
            yield

    def enqueue(
        self,
        db: sqlite3.Connection,
        kind: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        order_key: str = "",
    ) -> None:
        """Owe one message, in the transaction ``db`` of the change it tells about."""
        faults = self._faults.get()[self._kinds[kind].faults]
        copies = 2 if self._faults.hit(faults["duplicate"]) else 1
        for _ in range(copies):
            dropped = self._faults.hit(faults["drop"])
            now, delay = time.time(), self._delay(faults)
            db.execute(
                "INSERT INTO deliveries (kind, order_key, url, headers, body, created_at, state,"
                " waiting_since, delay_s, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    order_key,
                    url,
                    json.dumps(dict(headers)),
                    body,
                    iso(self._clock.now()),
                    "dropped" if dropped else "pending",
                    now,
                    delay,
                    now + delay,
                ),
            )
        self._wake.set()

    def log(self, limit: int = 1000) -> dict[str, Any]:
        """The newest messages first, each with its attempts, and how many are in which state."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()
            return {
                "counts": dict(
                    tuple(row)
                    for row in db.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
                ),
                "deliveries": [self._entry(db, row) for row in rows],
            }

    def retry_now(self) -> int:
        """Make every waiting message due at once; the number of them."""
        with self._store.write() as db:
            changed = db.execute(
                "UPDATE deliveries SET due_at = waiting_since WHERE state = 'pending'"
            )
        self._wake.set()
        return changed.rowcount

    def rescale(self) -> None:
        """Let a changed time scale count for the messages that wait already."""
        with self._store.write() as db:
            db.execute(
                "UPDATE deliveries SET due_at = waiting_since + gap_s * ? + delay_s"
                " WHERE state = 'pending'",
                (self._time_scale(),),
            )
        self._wake.set()

    def _delay(self, faults: Mapping[str, Any]) -> float:
        delay = float(faults["delay_s"])
        if self._faults.hit(faults["shuffle"]):
            delay += self._faults.uniform(0, SHUFFLE_SPREAD_S)
        return delay

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                wait = self._send_due()
            except sqlite3.ProgrammingError:
                return  # the store was closed: the process is ending
            except Exception:
                log.exception("Deliveries paused for a second")
                wait = 1.0
            self._wake.wait(wait)

    def _send_due(self) -> float:
        """Hand what is due to the senders; seconds until the next look."""
        with self._handing_out:
            return self._hand_out()

    def _hand_out(self) -> float:
        if len(self._busy) > SENDERS:
            return 1.0  # they have enough; the one that ends next wakes this thread
        now = time.time()
        with self._store.read() as db:
            rows = db.execute(
                "SELECT id, order_key, due_at FROM deliveries WHERE state = 'pending'"
                " ORDER BY due_at, id LIMIT ?",
                (LOOK_AHEAD,),
            ).fetchall()
        busy = dict(self._busy)
        for row in rows:
            if row["due_at"] > now:
                return min(1.0, max(0.005, row["due_at"] - now))
            if len(busy) >= HANDED_OUT:
                break  # a sender that becomes free wakes this thread
            if row["id"] in busy or (row["order_key"] and row["order_key"] in busy.values()):
                continue
            busy[row["id"]] = self._busy[row["id"]] = row["order_key"]
            self._senders.submit(self._send, row["id"])
        return 1.0

    def _send(self, delivery: int) -> None:
        try:
            with self._store.read() as db:
                row = db.execute("SELECT * FROM deliveries WHERE id = ?", (delivery,)).fetchone()
            if row is None or row["state"] != "pending":
                return  # it has just been sent
            started = time.time()
            status, error = _attempt(row, self._kinds[row["kind"]].timeout_s)
            self._note(row, status, error, time.time() - started)
        except Exception:
            log.exception("A delivery could not be noted")
        finally:
            with self._handing_out:
                del self._busy[delivery]
                self._handing_out.notify_all()
            self._wake.set()

    def _note(
        self, row: sqlite3.Row, status: int | None, error: str | None, seconds: float
    ) -> None:
        kind = self._kinds[row["kind"]]
        attempts = row["attempts"] + 1
        gap = kind.gap(attempts)
        now, pause = time.time(), gap or 0.0
        state = "pending"
        if status is not None and kind.delivered(status):
            state = "delivered"
        elif gap is None:
            state = "failed"
        with self._store.write() as db:
            db.execute(
                "UPDATE deliveries SET state = ?, attempts = ?, waiting_since = ?, gap_s = ?,"
                " delay_s = 0, due_at = ? WHERE id = ?",
                (state, attempts, now, pause, now + pause * self._time_scale(), row["id"]),
            )
            db.execute(
                "INSERT INTO delivery_attempts VALUES (?, ?, ?, ?, ?)",
                (row["id"], iso(self._clock.now()), status, error, seconds),
            )

    def _entry(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        attempts = db.execute(
            "SELECT at, status, error, seconds FROM delivery_attempts WHERE delivery = ?"
            " ORDER BY rowid",
            (row["id"],),
        ).fetchall()
        return {
            "id": row["id"],
            "kind": row["kind"],
            "key": row["order_key"],
            "url": row["url"],
            "created": row["created_at"],
            "state": row["state"],
            "attempts": [dict(attempt) for attempt in attempts],
            "body": row["body"].decode(errors="replace"),
        }


def _attempt(row: sqlite3.Row, timeout_s: float) -> tuple[int | None, str | None]:
    try:
        return post(row["url"], json.loads(row["headers"]), row["body"], timeout_s), None
    except (OSError, http.client.HTTPException, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"
