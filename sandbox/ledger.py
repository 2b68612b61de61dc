"""What was asked of a stand-in and what it changed, call by call.

The entry of a change is written in the transaction of the change itself: if the answer is then
lost on the way, the ledger still says that the change was applied. A call with several effects
has an entry for each, with the same call number. Reads and refusals have one entry without effect.
"""

import itertools
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from sandbox.clock import Clock, iso
from sandbox.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, call INTEGER NOT NULL, at TEXT NOT NULL, tenant TEXT,
    method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER, applied INTEGER NOT NULL, effect TEXT
);
CREATE INDEX IF NOT EXISTS ledger_call ON ledger (call);
"""


class Ledger:
    """The entries of one application. ``tenant_key`` names the tenant in them: app or location."""

    def __init__(self, store: Store, clock: Clock, tenant_key: str) -> None:
        self._store = store
        self._clock = clock
        self.tenant_key = tenant_key
        self._calls = itertools.count()
        store.extend(SCHEMA)
        store.on_replaced(self._number_calls)
        self._number_calls()

    def init_app(
        self,
        app: Flask,
        is_api: Callable[[str], bool],
        tenant: Callable[[dict[str, Any]], str | None],
    ) -> None:
        """Enter each API call of ``app``; ``tenant`` finds whose it is from the WSGI environ."""
        self._tenant = tenant

        @app.before_request
        def begin() -> None:
            if is_api(request.path):
                g.ledger_call = next(self._calls)
                g.ledger_tenant = tenant(request.environ)

        @app.after_request
        def finish(response: Response) -> Response:
            if "ledger_call" in g:
                self._finish(g.ledger_call, response.status_code)
            return response

    def identify(self, tenant: str | None) -> None:
        """Say whose the present call is, where only the handler knows."""
        if has_request_context():
            g.ledger_tenant = tenant

    def applied(
        self,
        db: sqlite3.Connection,
        kind: str | None = None,
        contact: str | None = None,
        value: Any = None,
    ) -> None:
        """Enter a change made by the present API call, in the change's own transaction ``db``.

        Outside an API call (somebody at the sandbox's own pages) nothing is entered.
        """
        if not has_request_context() or "ledger_call" not in g:
            return
        effect = {"kind": kind, "contact": contact, "value": value} if kind else None
        self._enter(db, g.ledger_call, request.environ, g.ledger_tenant, None, True, effect)

    def refused(self, environ: dict[str, Any], status: int | None) -> None:
        """Enter a call that a fault kept from the application (no status: no answer)."""
        with self._store.write() as db:
            self._enter(db, next(self._calls), environ, self._tenant(environ), status, False, None)

    def since(self, seq: int) -> dict[str, Any]:
        """Entries after ``seq``, oldest first, and the ``seq`` to ask with next time."""
        with self._store.read() as db:
            rows = db.execute("SELECT * FROM ledger WHERE seq > ? ORDER BY seq", (seq,)).fetchall()
        return {
            "entries": [self._entry(row) for row in rows],
            "next": rows[-1]["seq"] if rows else seq,
        }

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The last entries, newest first, for the page."""
        with self._store.read() as db:
            rows = db.execute("SELECT * FROM ledger ORDER BY seq DESC LIMIT ?", (count,)).fetchall()
        return [self._entry(row) for row in rows]

    def _finish(self, call: int, status: int) -> None:
        with self._store.write() as db:
            marked = db.execute("UPDATE ledger SET status = ? WHERE call = ?", (status, call))
            if not marked.rowcount:
                self._enter(db, call, request.environ, g.ledger_tenant, status, False, None)

    def _enter(
        self,
        db: sqlite3.Connection,
        call: int,
        environ: dict[str, Any],
        tenant: str | None,
        status: int | None,
        applied: bool,
        effect: dict[str, Any] | None,
    ) -> None:
        db.execute(
            "INSERT INTO ledger (call, at, tenant, method, path, status, applied, effect)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                call,
                iso(self._clock.now()),
                tenant,
                environ["REQUEST_METHOD"],
                environ.get("PATH_INFO", ""),
                status,
                applied,
                json.dumps(effect) if effect else None,
            ),
        )

    def _entry(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "seq": row["seq"],
            "call": row["call"],
            "at": row["at"],
            self.tenant_key: row["tenant"],
            "method": row["method"],
            "path": row["path"],
            "status": row["status"],
            "applied": bool(row["applied"]),
            "effect": json.loads(row["effect"]) if row["effect"] else None,
        }

    def _number_calls(self) -> None:
        """Never a number again: calls from before a reset may still be under way."""
        with self._store.read() as db:
            last = db.execute("SELECT max(call) FROM ledger").fetchone()[0] or 0
        self._calls = itertools.count(max(last, next(self._calls)) + 1)
