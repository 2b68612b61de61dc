"""Runs migrations inside the app's context, on the database that the app uses.

They have an engine of their own: the app's is limited to one account's rows, and on SQLite a table
that is copied to change it must not take the rows that point to it along.
"""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, text
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


options = current_app.config["SQLALCHEMY_ENGINE_OPTIONS"]
engine = create_engine(migrate.db.engine.url, **options)
with engine.connect() as connection:
    run(connection)
engine.dispose()
