"""Ways to break a running stack: programs paused or restarted in turn, the database away."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg
from sqlalchemy import make_url

from tests.fixtures.stack import Stack
from tests.waiting import eventually
from tools import sessions
from tools.processes import Keeper

OURS = ("web", "worker", "worker-2", "clock", "clock-2")
DATABASE = "postgresql"  # the program, where the stack has a server of its own
PATIENCE = 300.0  # seconds for a program to be back, on a busy machine


def ours(stack: Stack) -> list[str]:
    """The hub's own programs: all that a deployment restarts."""
    return [name for name in OURS if name in stack.supervisor.keepers]


@contextmanager
def paused(stack: Stack, name: str) -> Iterator[None]:
    """A program that does nothing for a while, and is not dead."""
    processes = sessions.members([stack.supervisor[name].process.pid])
    try:
        for process in processes:
            sessions.send(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            sessions.send(process, signal.SIGCONT)


@contextmanager
def paused_between_writes(stack: Stack, name: str) -> Iterator[None]:
    """The same, caught at a moment when it keeps nobody else from writing: on SQLite a program
    that stands still in the middle of a commit does."""
    with ExitStack() as pause:

        def caught() -> bool:
            pause.close()
            pause.enter_context(paused(stack, name))
            return writable(stack)

        eventually(caught, PATIENCE)
        yield


def writable(stack: Stack) -> bool:
    url = stack.env["DATABASE_URL"]
    if not url.startswith("sqlite"):
        return True  # other databases lock rows, and nobody else writes those
    with closing(sqlite3.connect(str(make_url(url).database), timeout=1)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


def roll(stack: Stack, *names: str) -> None:
    """A rolling restart: each is asked to stop and is back before the next one is asked."""
    for name in names:
        keeper = stack.supervisor[name]
        soon(keeper)
        with restarting(keeper):
            sessions.send(keeper.process.pid, signal.SIGTERM)


def restart_database(stack: Stack, seconds: float, abruptly: bool = False) -> None:
    """The database ends with work under way, serves nobody for a while, and comes back.

    A server of our own is really stopped, or killed. On one that others use too, all connections to
    our database are cut and new ones refused, which is the same from where the hub stands. SQLite
    lives in our processes: all are killed, and when they come back somebody else holds the file.
    """
    if DATABASE in stack.supervisor.keepers:
        restart_server(stack.supervisor[DATABASE], seconds, abruptly)
    elif stack.env["DATABASE_URL"].startswith("sqlite"):
        lock_file(stack, seconds)
    else:
        refuse_connections(stack.env["DATABASE_URL"], seconds)


def restart_server(keeper: Keeper, seconds: float, abruptly: bool) -> None:
    soon(keeper, seconds)
    with restarting(keeper):
        if abruptly:
            keeper.kill()
        else:
            os.kill(keeper.process.pid, signal.SIGINT)  # its "fast" way to stop
    soon(keeper)


def lock_file(stack: Stack, seconds: float) -> None:
    file = make_url(stack.env["DATABASE_URL"]).database
    for name in ours(stack):
        stack.kill(name)
    with closing(sqlite3.connect(str(file), timeout=60, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)  # as long as it is away


def refuse_connections(url: str, seconds: float) -> None:
    address = make_url(url)
    name = str(address.database)
    elsewhere = address.set(database="postgres", drivername="postgresql")
    server = psycopg.connect(elsewhere.render_as_string(hide_password=False), autocommit=True)
    with closing(server) as session:
        try:
            session.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            time.sleep(seconds)  # as long as it is away
        finally:
            session.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def restarting(keeper: Keeper) -> Iterator[None]:
    """Returns when the program, ended by the block, has been started again and answers."""
    starts = keeper.starts
    yield
    eventually(lambda: keeper.starts > starts and keeper.ready, PATIENCE)


def soon(keeper: Keeper, seconds: float = 0.5) -> None:
    """How long the program stays away when it ends next, however often it has ended before."""
    keeper.gap = seconds
