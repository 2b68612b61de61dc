"""Runs a slow command while showing what it is doing; its whole output appears only if it fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence

from tools.places import ROOT

KEPT_LINES = 40
QUIET_SECONDS = 5  # without a terminal: one line of news at most this often


class SetupError(SystemExit):
    """A set-up step failed; its text says what happened and what to do. Ends the process."""


def say(text: str) -> None:
    print(text, flush=True)


def run_step(
    title: str,
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    advice: str = "",
) -> None:
    """Runs `command` in the project's folder; raises SetupError with its last lines if it fails."""
    started, shown, tail = time.monotonic(), 0.0, deque[str](maxlen=KEPT_LINES)
    say(f"{title} ...")
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    for line in filter(str.strip, process.stdout):
        tail.append(line.rstrip())
        if sys.stdout.isatty() or time.monotonic() - shown > QUIET_SECONDS:
            shown = time.monotonic()
            show(f"  {shown - started:3.0f} s  {line.strip()}")
    wipe()
    if process.wait() != 0:
        output = "\n".join(f"    {line}" for line in tail)
        raise SetupError(f"{output}\n{title} failed (see above). {advice}".rstrip())
    say(f"  done in {time.monotonic() - started:.0f} s")


def show(line: str) -> None:
    """News of the running step: on a terminal they overwrite each other."""
    width = shutil.get_terminal_size().columns
    if sys.stdout.isatty():
        print("\r\033[K" + line[: width - 1], end="", flush=True)
    else:
        say(line[:120])


def wipe() -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
