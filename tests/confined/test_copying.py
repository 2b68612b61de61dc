"""A document is drawn in a copy of the process: whatever happens to the copy, we go on."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time

import pytest

from confined.answers import OverBudget
from confined.budget import MEGABYTE, Budget
from confined.copying import in_a_copy

BUDGET = Budget(memory=64 * MEGABYTE, cpu=1, wall=60)


def grows() -> bytes:
    held = []
    while True:
        held.append(bytes(MEGABYTE))


def goes_on() -> bytes:
    while True:
        pass


def sleeps() -> bytes:
    time.sleep(600)
    return b""


def crashes() -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


def leaves() -> bytes:
    os._exit(1)


def loses_the_reason() -> bytes:
    """As extensions in C do that were refused memory and do not say so."""
    raise SystemError("error return without exception set")


def renames_the_reason() -> bytes:
    """As libraries do that answer every error with one of their own."""
    try:
        return grows()
    except MemoryError as error:
        raise ValueError("the drawing failed") from error


def is_refused_by_the_system() -> bytes:
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


class Trouble(Exception):
    """Something that the work itself says."""


def refuses() -> bytes:
    raise Trouble("no")


def test_what_is_drawn_comes_back_whole() -> None:
    assert in_a_copy(lambda: b"x" * 10_000_000, BUDGET) == b"x" * 10_000_000


def test_what_the_work_raises_is_raised_here() -> None:
    with pytest.raises(Trouble, match="no"):
        in_a_copy(refuses, BUDGET)


ENDLESS = [grows, goes_on, crashes, leaves]
WANTING = [loses_the_reason, renames_the_reason, is_refused_by_the_system]


@pytest.mark.parametrize("work", ENDLESS + WANTING)
def test_a_copy_that_does_not_come_to_an_end_is_given_up(work: object) -> None:
    with pytest.raises(OverBudget):
        in_a_copy(work, BUDGET)  # type: ignore[arg-type]
    assert in_a_copy(lambda: b"next", BUDGET) == b"next"


def test_nobody_waits_for_ever() -> None:
    with pytest.raises(OverBudget):
        in_a_copy(sleeps, BUDGET._replace(wall=0.3))


def test_threads_may_draw_at_the_same_time() -> None:
    drawn: list[bytes] = []

    def draw(number: int) -> None:
        drawn.append(in_a_copy(lambda: b"%d" % number * 200_000, BUDGET))

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == sorted(b"%d" % number * 200_000 for number in range(8))
