"""Ends programs together with everything they started.

Each program we start leads a session of its own. What it starts stays in that session, even when it
forms a process group of its own (as RQ's jobs do) or loses its parent, so nothing can be left over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

STEP_SECONDS = 0.05


def end(leaders: Collection[int], grace: float) -> None:
    """Asks each leader to stop, waits up to `grace` seconds, then kills what is left of them."""
    for leader in leaders:
        send(leader, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while any(members(leaders)) and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)
    kill(leaders)


def kill(leaders: Collection[int]) -> None:
    """Ends these sessions at once, without asking."""
    for process in members(leaders):
        send(process, signal.SIGKILL)


def members(leaders: Collection[int]) -> list[int]:
    """The living processes of these sessions."""
    return [process for process in living() if session_of(process) in leaders]


def session_of(process: int) -> int | None:
    try:
        return os.getsid(process)
    except (ProcessLookupError, PermissionError):
        return None


def send(process: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, what)


def living() -> Iterator[int]:
    """The numbers of all processes, without those that ended and only wait to be noticed."""
    if Path("/proc/self/stat").exists():
        numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
        return (number for number in numbers if state(number) not in {"Z", "X", ""})
    listing = subprocess.run(["ps", "-A", "-o", "pid=,state="], capture_output=True, text=True)
    rows = (line.split() for line in listing.stdout.splitlines())
    return (int(number) for number, letters, *_ in rows if not letters.startswith("Z"))


def state(process: int) -> str:
    """Linux: one letter; "" if the process is gone."""
    try:
        # The name in brackets may hold blanks and brackets itself.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
