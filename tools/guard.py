"""A small process that outlives the launcher by a moment and leaves nothing running after it.

The launcher tells it through a pipe which sessions there are ("+123", "-123"). The pipe closes when
the launcher ends, however it ends, `kill -9` included; then what is still listed is stopped.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import suppress

from tools import sessions
from tools.places import ROOT

GRACE_SECONDS = 3.0


class Guard:
    """The launcher's end of the pipe."""

    def __init__(self) -> None:
        self.telling = threading.Lock()  # each program's keeper tells from a thread of its own
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-m", "tools.guard"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def watch(self, leader: int) -> None:
        self._tell(f"+{leader}")

    def forget(self, leader: int) -> None:
        self._tell(f"-{leader}")

    def close(self) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()

    def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        with self.telling, suppress(BrokenPipeError, ValueError):
            print(line, file=self.process.stdin, flush=True)


def main() -> None:
    for harmless in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(harmless, signal.SIG_IGN)
    leaders: set[int] = set()
    for line in sys.stdin:
        leader = int(line[1:])
        leaders = leaders | {leader} if line.startswith("+") else leaders - {leader}
    sessions.end(leaders, GRACE_SECONDS)


if __name__ == "__main__":
    main()
