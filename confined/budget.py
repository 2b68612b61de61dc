"""A bound on memory and time for the process that calls it; neither can be raised again."""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MEGABYTE = 1_048_576


class Budget(NamedTuple):
    """`memory` in bytes on top of what the process has when its work begins, `cpu` and `wall` in
    seconds: what the work itself may take, and how long anybody waits for it."""

    memory: int
    cpu: int
    wall: float


def keep_within(budget: Budget) -> None:
    """From here on the kernel refuses more memory (MemoryError) and ends what goes on for too long.

    Not every system holds a process to its memory: macOS does not.
    """
    with suppress(OSError, ValueError):
        most = in_use() + budget.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + budget.cpu
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def in_use() -> int:
    """Bytes of address space that the process has now. OSError where the system does not tell."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
