"""Runs the program that reads foreign files in a real child process, and says what it spent."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from confined.budget import Budget
from tools.places import ROOT

# The program as it is, with a look at what it held at most, before its work and after it. What the
# kernel counts for a child would include the process that it was started from.
MEASURED = """
import importlib, resource, sys
sys.path.insert(0, sys.argv[1])
from confined.__main__ import main
importlib.import_module("confined." + sys.argv[2])

def held():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])

before = held()
status = main(*sys.argv[2:])
sys.stdout.flush()
used = resource.getrusage(resource.RUSAGE_SELF)
print(held() - before, used.ru_utime + used.ru_stime, file=sys.stderr)
sys.exit(status)
"""


@dataclass(frozen=True)
class Spent:
    """How the program ended. Memory in MB on top of what it had before, time in seconds."""

    status: int
    answer: bytes
    memory: float
    seconds: float


def spent(kind: str, file: bytes, budget: Budget, *words: str) -> Spent:
    options = ["-I"] if kind == "picture" else ["-I", "-S"]
    limits = [str(budget.memory), str(budget.cpu)]
    with tempfile.TemporaryFile() as opened:
        opened.write(file)
        opened.seek(0)
        done = subprocess.run(
            [sys.executable, *options, "-c", MEASURED, str(ROOT), kind, *limits, *words],
            stdin=opened, capture_output=True, check=False,
        )  # fmt: skip
    if done.returncode == -signal.SIGXCPU:  # it was ended when its time was over
        return Spent(done.returncode, b"", 0, budget.cpu)
    told = done.stderr.decode().splitlines()[-1].split()
    assert len(told) == 2, (done.returncode, done.stderr[-2000:])
    return Spent(done.returncode, done.stdout, float(told[0]) / 1024, float(told[1]))
