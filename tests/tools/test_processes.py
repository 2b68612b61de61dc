"""bin/dev's process manager: nothing it started may be left over, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.waiting import eventually
from tools import sessions
from tools.places import ROOT
from tools.processes import NotReadyError, Program, Supervisor

# A parent that ignores a polite end, with a child in a process group of its own, as RQ's jobs are.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgrp()
print("running", flush=True)
time.sleep(600)
"""
LAUNCHER = f"""
import time
from tools.processes import Program, Supervisor
supervisor = Supervisor(lambda name, line: None)
supervisor.start(Program("stubborn", [{sys.executable!r}, "-c", {STUBBORN!r}]))
while len(supervisor["stubborn"].output) < 2:
    time.sleep(0.01)
print(supervisor["stubborn"].process.pid, flush=True)
time.sleep(600)
"""


def python(code: str, **options: object) -> Program:
    return Program("program", [sys.executable, "-c", code], **options)  # type: ignore[arg-type]


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor(lambda name, line: None)
    yield supervisor
    supervisor.close()


def test_stops_what_ignores_a_polite_end_and_its_children(supervisor: Supervisor) -> None:
    supervisor.start(python(STUBBORN))
    program = supervisor["program"]
    eventually(lambda: len(program.output) == 2)
    leader = program.process.pid
    assert len(sessions.members([leader])) == 2
    supervisor.stop(grace=0.1)
    assert sessions.members([leader]) == []


def test_starts_again_what_died_and_what_it_had_started(supervisor: Supervisor) -> None:
    supervisor.start(python(STUBBORN))
    program = supervisor["program"]
    eventually(lambda: len(program.output) == 2)
    first = program.process.pid
    program.kill()
    eventually(lambda: program.starts == 2 and program.alive)
    assert sessions.members([first]) == []


def test_waits_longer_each_time_a_program_dies(supervisor: Supervisor) -> None:
    said: list[str] = []
    supervisor.show = lambda name, line: said.append(line)
    supervisor.start(python("raise SystemExit(3)"))
    eventually(lambda: len(said) >= 2)
    assert said[:2] == ["ended (exit code 3); again in 0.5 s", "ended (exit code 3); again in 1 s"]


def test_says_which_program_does_not_start_and_why(supervisor: Supervisor) -> None:
    code = "print('no such table'); raise SystemExit(1)"
    supervisor.start(python(code, restarts=False, answers=lambda: False))
    with pytest.raises(NotReadyError, match=r"program does not start(?s:.*)no such table"):
        supervisor.wait_until_ready(20)


def test_nothing_outlives_a_launcher_that_is_killed(
    launcher: Callable[[], tuple[int, int]],
) -> None:
    pid, leader = launcher()
    assert len(sessions.members([leader])) == 2
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: sessions.members([leader]) == [])


@pytest.fixture
def launcher() -> Iterator[Callable[[], tuple[int, int]]]:
    """Starts a launcher with one stubborn program; returns the process ids of both."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[int, int]:
        command = [sys.executable, "-c", LAUNCHER]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process.pid, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()
