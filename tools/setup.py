"""The virtual environment and the Python packages in it: made once, again only when pins change."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import assets, system
from tools.places import CACHE, PYTHON, ROOT, VENV, digest, stamped
from tools.progress import SetupError, run_step, say
from tools.python_version import NEEDED

# Each list includes the one before it.
TO_RUN, TO_TEST = "requirements-local.txt", "requirements-dev.txt"
LISTS = ["constraints.txt", "requirements.txt", TO_RUN, TO_TEST]


def set_up(packages: str) -> None:
    """Everything but system programs: virtual environment, Python packages, front-end files."""
    with one_at_a_time():
        make_venv()
        install(packages)
        assets.prepare()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """bin/dev and bin/test started together must not install over each other."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up of this project to finish ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv() -> None:
    if usable():
        return
    if VENV.exists():
        say("The virtual environment in .venv cannot be used any more: making it anew.")
        shutil.rmtree(VENV)
    try:
        import ensurepip  # noqa: F401  Debian ships it apart from Python
    except ImportError:
        system.install_debian_package("python3-venv", why="to make a virtual environment")
    command = [sys.executable, "-m", "venv", str(VENV)]
    run_step("Making a virtual environment in .venv", command, env=without_venv())


def usable() -> bool:
    """Whether .venv holds a Python that still runs and is new enough."""
    if not (Path(PYTHON).exists() and (VENV / "bin" / "pip").exists()):
        return False
    question = f"import sys; sys.exit(sys.version_info[:2] < {NEEDED})"
    return subprocess.run([PYTHON, "-c", question], stderr=subprocess.DEVNULL).returncode == 0


def without_venv() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}


def install(packages: str) -> None:
    """Installs one of the lists above, unless it or a longer one stands there already."""
    longer = LISTS[LISTS.index(packages) :]
    if any(stamped(stamp_of(name), mark_of(name)) for name in longer):
        return
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off"]
    run_step(
        "Installing Python packages (about a minute the first time)",
        [*pip, "-r", packages],
        advice="Is the package index reachable from here?",
    )
    stamp_of(packages).write_text(mark_of(packages))


def stamp_of(packages: str) -> Path:
    return VENV / f"installed-{packages}"


def mark_of(packages: str) -> str:
    return digest(*(ROOT / name for name in LISTS[: LISTS.index(packages) + 1]))


__all__ = ["TO_RUN", "TO_TEST", "SetupError", "set_up"]
