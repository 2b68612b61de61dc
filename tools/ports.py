"""Ports: which are taken, which are free, and whether a web server answers on one."""

from __future__ import annotations

import fcntl
import http.client
import os
import random
import socket
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from itertools import islice
from pathlib import Path

HOST = "127.0.0.1"
_mine: set[int] = set()  # what this process was given


def taken(port: int) -> bool:
    """Whether something listens there already. Asked twice, because either question alone can be
    answered wrongly: macOS lets us bind beside a listener on all addresses."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            return True
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free_run(start: int, count: int) -> int:
    """The first of `count` free ports in a row, at or after `start` in steps of ten."""
    while any(taken(port) for port in range(start, start + count)):
        start += 10
    return start


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses, all different; from a range that no system hands out by itself, so
    that they are still free when they are needed a moment later."""
    candidates = random.sample(range(20_000, 32_000), 1_000)
    return list(islice((port for port in candidates if reserve(port) and not taken(port)), count))


def reserve(port: int) -> bool:
    """Takes a port for as long as this process lives; False if it was given away before.

    A port is found some moments before a program listens on it. Until then a lock on one byte of a
    file keeps it from others of this project, such as test runs side by side.
    """
    if port in _mine:
        return False
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _mine.add(port)
    return True


@cache
def _register() -> int:
    """The file with a byte for each port, open until this process ends."""
    path = Path(tempfile.gettempdir()) / f"scorm-hub-ports-{os.getuid()}"
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def answers(port: int, path: str) -> Callable[[], bool]:
    """A question to be asked again and again: does this page answer with 200 by now?"""

    def ask() -> bool:
        with closing(http.client.HTTPConnection(HOST, port, timeout=2)) as connection:
            try:
                connection.request("GET", path, headers={"Accept": "application/json"})
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False

    return ask
