"""What an operator does from the command line; `flask --help` lists everything."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the commands."""
