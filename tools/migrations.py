"""Brings the local database to the newest migration, and knows when that is already so.

Asking Alembic costs a second or two at every start, so the question is answered from the files.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tools.places import PYTHON, ROOT
from tools.progress import run_step

VERSIONS = ROOT / "migrations" / "versions"
ASSIGNMENT = re.compile(r"^(revision|down_revision)\b[^=\n]*= *([^#\n]+)", re.MULTILINE)
SQLITE = "sqlite:///"


def run(env: Mapping[str, str]) -> None:
    """Applies what is missing; raises SetupError if that fails."""
    if up_to_date(env["DATABASE_URL"]):
        return
    command = [PYTHON, "-m", "flask", "db", "upgrade"]
    run_step("Preparing the database", command, env={**os.environ, **env})


def up_to_date(url: str) -> bool:
    return url.startswith(SQLITE) and applied(Path(url.removeprefix(SQLITE))) == heads()


def applied(database: Path) -> set[str]:
    """The revisions a SQLite file says it stands at."""
    if not database.exists():
        return set()
    with closing(sqlite3.connect(database)) as connection:
        try:
            return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
        except sqlite3.Error:
            return set()


def heads() -> set[str]:
    """The revisions that no other one follows."""
    revisions, followed = set(), set()
    for file in VERSIONS.glob("*.py"):
        for name, value in ASSIGNMENT.findall(file.read_text()):
            names = set(re.findall(r"['\"]([^'\"]+)['\"]", value))
            if name == "revision":
                revisions |= names
            else:
                followed |= names
    return revisions - followed
