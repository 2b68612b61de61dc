"""`flask db …`: Flask-Migrate's commands, which are loaded when one of them is given.

With them comes Alembic, a tenth of every program's start, and only a release needs it.
"""

from __future__ import annotations

import click
from flask import current_app

from app.extensions import db


@click.command("db", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def migrations(context: click.Context, words: tuple[str, ...]) -> None:
    """Changes the database's tables; `flask db upgrade` brings them up to date."""
    from flask_migrate import Migrate
    from flask_migrate.cli import db as commands

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    Migrate(app, db, render_as_batch=True, compare_type=True)
    commands.main(list(words), prog_name=context.info_name, parent=context.parent)
