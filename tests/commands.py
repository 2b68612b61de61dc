"""The hub's commands, as an operator types them, and what they leave behind."""

from __future__ import annotations

from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app.extensions import db
from app.models import across_accounts


def run(app: Flask, *args: str) -> Result:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=args)
    db.session.rollback()
    return result


def count(model: Any) -> int:
    """Rows, of all accounts."""
    with across_accounts():
        return db.session.scalar(select(func.count(model.id))) or 0
