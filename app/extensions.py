"""The bare extension objects, so that everybody can import them and nobody imports the factory."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from redis import Redis
from sqlalchemy import Connection, event

from app.models.base import Base, acting_account, may_see, tables
from app.models.limiting import limit_statements


class OwnRows(Session):
    """A row that the session knows already comes without a query, which would have been limited."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        row = super().get(*args, **kwargs)
        return row if row is None or may_see(row) else None


db = SQLAlchemy(model_class=Base, session_options={"class_": OwnRows})


def redis(app: Flask) -> Redis:
    """The app's one Redis client, made at first use; short timeouts, because Redis may be away."""
    if "redis" not in app.extensions:
        url = app.config["REDIS_URL"]
        app.extensions["redis"] = Redis.from_url(url, health_check_interval=25, **network(url))
    return app.extensions["redis"]


def network(url: str) -> dict[str, Any]:
    """What a connection over the network needs and a local socket does not know."""
    if url.startswith("unix:"):
        return {}
    options: dict[str, Any] = {"socket_connect_timeout": 2, "socket_keepalive": True}
    if url.startswith("rediss:"):
        options["ssl_cert_reqs"] = None  # the platform's Redis has a self-signed certificate
    return options


def init_app(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        limit_statements(db.engine, tables, acting_account)
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", prepare_sqlite)
            event.listen(db.engine, "savepoint", begin_before_savepoint)


def prepare_sqlite(connection: object, _record: object) -> None:
    """Write-ahead log for readers beside a writer, full sync because answers acknowledge rows."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_before_savepoint(connection: Connection, _name: str) -> None:
    """SQLite's driver begins a transaction at the first change only; a savepoint that came before
    it would be the transaction itself, and releasing it would commit."""
    if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN")


__all__ = ["db", "init_app", "redis"]
