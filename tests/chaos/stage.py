"""All that a chaos run needs, running: hub, sandbox, Redis, and a database that may break."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.chaos.scene import Company
from tests.fixtures.databases import PostgresqlDatabases, SqliteFiles, fresh_name, migrate
from tests.fixtures.stack import START_SECONDS, Stack, start_stack
from tools import postgresql
from tools.environment import Ports
from tools.processes import Program, Supervisor
from tools.programs import work_programs

LOCATIONS = ("demo-location", "second-location")
# The lease is longer than any call may last, as in production: nobody takes a row that is being
# written. What was dropped is found by the reconciler, which comes every three minutes.
SETTINGS = {"SWEEP_SECONDS": "2", "LEASE_SECONDS": "45"}


@contextmanager
def running_stack(on_postgresql: bool, log: Callable[[str, str], None]) -> Iterator[Stack]:
    """Two workers, two clocks, one web process, Redis, both sandbox systems, and a PostgreSQL of
    our own that keeps what it has acknowledged. `log` gets every line that a program prints."""
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        elsewhere = tempfile.TemporaryDirectory(prefix="chaos-pg-", ignore_cleanup_errors=True)
        place = Path(cleanup.enter_context(elsewhere))
        supervisor = Supervisor(log)
        cleanup.callback(supervisor.close)
        if on_postgresql:
            url = new_postgresql(supervisor, place)
        else:
            url = SqliteFiles(folder).create(fresh_name())
        migrate(url, Ports(1, 2, 3), folder)
        yield start_stack(supervisor, folder, url, SETTINGS, second_hands)


def new_postgresql(supervisor: Supervisor, place: Path) -> str:
    server_url, program = postgresql.throw_away(place, durable=True)
    supervisor.start(replace(program, restarts=True, stops_last=True))
    supervisor.wait_until_ready(START_SECONDS)
    return PostgresqlDatabases(server_url).create(fresh_name())


def second_hands(env: Mapping[str, str]) -> list[Program]:
    """One more worker and one more clock."""
    return [replace(program, name=f"{program.name}-2") for program in work_programs(env)]


def prepare(stack: Stack) -> list[Company]:
    """Two accounts with courses, whose workflows in the CRM wait for our events."""
    companies = [Company(stack, location) for location in LOCATIONS]
    with ThreadPoolExecutor() as hands:
        list(hands.map(prepare_one, companies))
    return companies


def prepare_one(company: Company) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company.prepare(Path(folder))
    company.use_in_workflows()
