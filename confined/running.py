"""Starts the program that reads one foreign file, and never waits for it longer than allowed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO, cast

from confined.answers import REFUSED, Busy, OverBudget, Refused
from confined.budget import Budget

PROGRAM = Path(__file__).with_name("__main__.py")
MOST_AT_ONCE = (
    2  # of one process: its threads wait for each other, so that budgets add up to little
)
NEEDED = ("LD_LIBRARY_PATH",)  # where some platforms keep Python's own libraries
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def read(kind: str, file: BinaryIO, budget: Budget, *words: str, site: bool = False) -> bytes:
    """What the program of this kind makes of the file. Raises Refused, OverBudget, Busy.

    `site`: it needs installed packages. It gets no environment, and no file but this one.
    """
    options = ["-I"] if site else ["-I", "-S"]
    command = [sys.executable, *options, str(PROGRAM), kind, str(budget.memory), str(budget.cpu)]
    with _places, as_real_file(file) as opened:
        try:
            done = subprocess.run(
                [*command, *words],
                stdin=opened,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in NEEDED if name in os.environ},
                timeout=budget.wall,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError) as trouble:
            raise Busy(f"{kind}: {trouble}") from trouble
    if done.returncode == REFUSED:
        raise Refused(done.stdout.decode())
    if done.returncode:
        raise OverBudget(f"{kind}: ended with {done.returncode}")
    return done.stdout


def as_real_file(file: BinaryIO) -> BinaryIO:
    """The same bytes as a file of the system's, from its beginning.

    The program reads by position, so where another reader of the file stands does not change.
    """
    try:
        descriptor = file.fileno()
    except (AttributeError, OSError):
        copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
        file.seek(0)
        while piece := file.read(65536):
            copy.write(piece)
        copy.seek(0)
        return copy
    return open(descriptor, "rb", closefd=False)
