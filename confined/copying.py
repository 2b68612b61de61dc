"""Draws a document in a copy of this process, within a budget that the copy cannot leave.

What draws documents takes long to load, so no program is started for it: the process is forked,
with all that it has loaded, and only the copy does the work. It must ask nothing of the database
and of nobody else, for it has the same connections open as the one that it was copied from.
"""

from __future__ import annotations

import errno
import gc
import os
import pickle
import select
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from confined.answers import Busy, OverBudget
from confined.budget import Budget, keep_within

MOST_AT_ONCE = 2  # of one process
PIECE = 65_536
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def in_a_copy(work: Callable[[], bytes], budget: Budget) -> bytes:
    """What the work gives, or the exception that it raises. Raises OverBudget; Busy if there was no
    room for another process."""
    with _places:
        reading, writing = os.pipe()
        try:
            process = os.fork()
        except OSError as trouble:
            os.close(reading)
            os.close(writing)
            raise Busy(str(trouble)) from trouble
        if process == 0:
            _work_and_end(work, writing, budget)
        os.close(writing)
        try:
            said = _heard(reading, time.monotonic() + budget.wall)
        finally:
            os.close(reading)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    if not said:
        raise OverBudget("a document was not drawn within its budget")
    answer: bytes | Exception = pickle.loads(said)
    if isinstance(answer, Exception):
        raise answer
    return answer


def _work_and_end(work: Callable[[], bytes], writing: int, budget: Budget) -> NoReturn:
    """In the copy. It never comes back from here; without a word, if anything stops it."""
    try:
        gc.freeze()  # what belongs to the other process is not tidied up here
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        keep_within(budget)
        with os.fdopen(writing, "wb") as answer:
            pickle.dump(_done(work), answer)
    finally:
        os._exit(0)


def _done(work: Callable[[], bytes]) -> bytes | Exception:
    try:
        return work()
    except Exception as trouble:
        if _is_of_want(trouble):
            raise
        return trouble


def _is_of_want(trouble: BaseException | None) -> bool:
    """Whether memory was missing, by whatever name: libraries answer a MemoryError with an error of
    their own, the system says ENOMEM, and extensions in C lose it, which Python calls SystemError.
    """
    while trouble is not None:
        if isinstance(trouble, MemoryError | SystemError):
            return True
        if isinstance(trouble, OSError) and trouble.errno == errno.ENOMEM:
            return True
        trouble = trouble.__cause__ or trouble.__context__
    return False


def _heard(reading: int, deadline: float) -> bytes:
    """All that the copy writes until it closes; nothing if that is not so in time."""
    heard = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([reading], [], [], left)[0]:
            break
        piece = os.read(reading, PIECE)
        if not piece:
            return bytes(heard)
        heard += piece
    return b""
