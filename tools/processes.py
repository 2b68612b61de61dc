"""Runs several programs as one: starts them side by side, shows what they print, starts again what
dies, and stops them all with everything they started."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tools import sessions
from tools.guard import Guard
from tools.places import ROOT

FIRST_GAP, LONGEST_GAP = 0.5, 30.0  # seconds before a program that died is started again
LIVED_WELL = 60.0  # after so many seconds the gap is short again
GRACE_SECONDS = 5.0
Show = Callable[[str, str], None]  # the program's name, one line of its output


@dataclass(frozen=True)
class Program:
    """What to run. `answers` says whether it is ready for others; None: as soon as it runs."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    answers: Callable[[], bool] | None = None
    restarts: bool = True
    stops_last: bool = False  # the others still need it while they stop
    user: str | None = None


class NotReadyError(RuntimeError):
    """A program did not come up; the message names it and holds its last output."""


class Keeper:
    """Keeps one program running, in a thread of its own."""

    def __init__(self, program: Program, show: Show, guard: Guard) -> None:
        self.program, self.show, self.guard = program, show, guard
        self.stopping = threading.Event()
        self.gap = FIRST_GAP
        self.output: list[str] = []
        self.starts = 0
        self.process = self._start()
        self.thread = threading.Thread(target=self._keep, name=program.name, daemon=True)
        self.thread.start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def ready(self) -> bool:
        return self.alive and (self.program.answers is None or self.program.answers())

    def kill(self) -> None:
        """Ends it without a warning, as a power cut would; the keeper then starts it again."""
        sessions.kill([self.process.pid])

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.program.command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            user=self.program.user,
        )
        self.guard.watch(process.pid)
        self.starts += 1
        self.pump = threading.Thread(target=self._pump, args=[process], daemon=True)
        self.pump.start()
        return process

    def _pump(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output = [*self.output[-199:], line.rstrip()]
            self.show(self.program.name, line.rstrip())

    def _keep(self) -> None:
        while True:
            started = time.monotonic()
            code = self.process.wait()
            sessions.kill([self.process.pid])  # its orphans would hold ports and sockets
            self.guard.forget(self.process.pid)
            if self.stopping.is_set():
                return
            if not self.program.restarts:
                self.show(self.program.name, f"ended ({meaning(code)})")
                return
            if time.monotonic() - started > LIVED_WELL:
                self.gap = FIRST_GAP
            self.show(self.program.name, f"ended ({meaning(code)}); again in {self.gap:g} s")
            if self.stopping.wait(self.gap):
                return
            self.gap = min(self.gap * 2, LONGEST_GAP)
            self.process = self._start()


class Supervisor:
    """All programs of one run."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.guard = Guard()
        self.keepers: dict[str, Keeper] = {}

    def start(self, *programs: Program) -> None:
        for program in programs:
            self.keepers[program.name] = Keeper(program, self.show, self.guard)

    def __getitem__(self, name: str) -> Keeper:
        return self.keepers[name]

    def wait_until_ready(self, seconds: float) -> None:
        """Returns when every program is ready; raises NotReadyError naming those that are not."""
        deadline = time.monotonic() + seconds
        waiting = list(self.keepers.values())
        while waiting := [keeper for keeper in waiting if not keeper.ready]:
            if time.monotonic() > deadline or any(gave_up(keeper) for keeper in waiting):
                raise NotReadyError("\n".join(trouble(keeper) for keeper in waiting))
            time.sleep(0.03)

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Stops everything, also what the programs started; those who are asked nicely first."""
        for keeper in self.keepers.values():
            keeper.stopping.set()
        for last in (False, True):
            wave = [k for k in self.keepers.values() if k.program.stops_last is last]
            sessions.end({keeper.process.pid for keeper in wave}, grace)
            for keeper in wave:
                keeper.thread.join()
        self.keepers.clear()

    def close(self) -> None:
        self.stop()
        self.guard.close()


def gave_up(keeper: Keeper) -> bool:
    """Whether waiting is in vain: it ended for good, or it ends again and again."""
    return keeper.starts > 3 or (not keeper.program.restarts and not keeper.alive)


def trouble(keeper: Keeper) -> str:
    keeper.pump.join(1)  # its last words may still be in the pipe
    lines = "\n".join(f"    {line}" for line in keeper.output[-25:])
    return f"{keeper.program.name} does not start. The last it said:\n{lines}"


def meaning(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
