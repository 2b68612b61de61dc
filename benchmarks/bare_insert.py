"""The reference of `postbacks`: a bare Flask view that does one durable insert of the body.

Served by the same gunicorn and settings as the hub, into the same database, by the plain driver.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from typing import Any

import psycopg
from flask import Flask, request

URL = os.environ["DATABASE_URL"]
local = threading.local()
app = Flask(__name__)


def connection() -> Any:
    """One connection per thread, as durable as the hub's own."""
    if not hasattr(local, "connection"):
        if URL.startswith("sqlite"):
            local.connection = sqlite3.connect(URL.removeprefix("sqlite:///"), timeout=10)
            local.connection.execute("PRAGMA journal_mode=WAL")
            local.connection.execute("PRAGMA synchronous=FULL")
        else:
            local.connection = psycopg.connect(URL.replace("postgresql+psycopg", "postgresql"))
    return local.connection


@app.get("/healthz")
def alive() -> str:
    return "alive"


@app.post("/insert")
def insert() -> str:
    mark = "?" if URL.startswith("sqlite") else "%s"
    connection().execute(
        f"insert into bare_insert (id, body) values ({mark}, {mark})",
        (uuid.uuid4().hex, request.get_data(as_text=True)),
    )
    connection().commit()
    return "ok"
