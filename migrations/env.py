"""Runs migrations inside the app's context, on the database that the app uses."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text
from sqlalchemy.engine import Connection

migrate = current_app.extensions["migrate"]
LOCK = 5_270_001  # any number of our own: two deployments at once migrate one after the other


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=migrate.db.metadatas[None],
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()


with migrate.db.engine.connect() as connection:
    run(connection)
