"""`bin/chaos --minutes N --seed S`: prints VALID, or the counter-example and the seed."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.chaos.checker import Completion, judge
from tests.chaos.quiet import parked, unfinished
from tests.chaos.scene import Company, Contact
from tests.chaos.trouble import Trouble
from tests.fixtures.databases import PostgresqlDatabases, SqliteFiles, fresh_name, migrate
from tests.fixtures.stack import Stack, start_stack
from tools import postgresql
from tools.environment import Ports
from tools.processes import Program, Supervisor
from tools.programs import work_programs

Learner = tuple[Company, Contact, str]  # whose contact takes which course
LOCATIONS = ("demo-location", "second-location")
# The lease is longer than any call may last, as in production: nobody takes a row that is being
# written. What was dropped is found by the reconciler, which comes every three minutes.
SETTINGS = {"SWEEP_SECONDS": "2", "LEASE_SECONDS": "45"}
PATIENCE = 420.0  # seconds after the last trouble: a lease, a reconciler's round, growing gaps
SILENCE = 6.0  # seconds in which nothing more may happen


def main() -> int:
    options = read_options()
    started = time.monotonic()

    def show(words: str) -> None:
        print(f"{time.monotonic() - started:7.1f}  {words}", flush=True)

    with running_stack(options.postgresql) as stack:
        show("everything runs; courses are being uploaded")
        companies = prepare(stack)
        show(f"chaos begins, seed {options.seed}, {options.minutes:g} minutes")
        done = play(stack, companies, options, show)
        show(f"calm; {len(done)} completions; waiting until nothing is owed any more")
        problems = verdict(stack, done, companies if options.sync else [])
        entries = stack.sandbox.crm.get("ledger")["entries"]
    show(f"the CRM was called {len({entry['call'] for entry in entries})} times")
    for problem in problems:
        print(problem)
    word = "COUNTER-EXAMPLE" if problems else "VALID"
    print(f"{word}  seed {options.seed}, {len(done)} completions")
    return 1 if problems else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long things break")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the dice")
    parser.add_argument("--learners", type=int, default=20, help="per account, at most 40")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, not on SQLite")
    parser.add_argument(
        "--sync", action="store_true", help="press Sync All at the end, not wait for the reconciler"
    )
    return parser.parse_args()


@contextmanager
def running_stack(on_postgresql: bool) -> Iterator[Stack]:
    """Two workers, two clocks, one web process, Redis and both sandbox systems."""
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        if on_postgresql:
            place = PostgresqlDatabases(cleanup.enter_context(postgresql.server()))
        else:
            place = SqliteFiles(folder)  # type: ignore[assignment]
        url = place.create(fresh_name())
        migrate(url, Ports(1, 2, 3), folder)
        supervisor = Supervisor(lambda name, line: None)
        cleanup.callback(supervisor.close)
        yield start_stack(supervisor, folder, url, SETTINGS, second_hands)


def second_hands(env: Mapping[str, str]) -> list[Program]:
    """One more worker and one more clock."""
    return [replace(program, name=f"{program.name}-2") for program in work_programs(env)]


def prepare(stack: Stack) -> list[Company]:
    companies = [Company(stack, location) for location in LOCATIONS]
    for company in companies:
        with tempfile.TemporaryDirectory() as folder:
            company.prepare(Path(folder))
    return companies


def play(
    stack: Stack,
    companies: list[Company],
    options: argparse.Namespace,
    show: Callable[[str], None],
) -> list[Completion]:
    """Learners are enrolled and complete while things break; the last ones when all is calm."""
    dice = random.Random(f"learners {options.seed}")
    waiting = [
        (company, contact, course)
        for company in companies
        for contact in company.contacts()[: options.learners]
        for course in dice.sample(sorted(company.courses), dice.choice([1, 1, 1, 2]))
    ]
    dice.shuffle(waiting)
    pause = options.minutes * 60 / (3 * len(waiting))
    enrolled: list[Learner] = []
    done: list[Completion] = []
    trouble = Trouble(stack, options.seed, show)
    trouble.start()
    deadline = time.monotonic() + options.minutes * 60
    while time.monotonic() < deadline:
        if waiting and (not enrolled or dice.random() < 0.5):
            enrolled.append(enroll(*waiting.pop()))
        elif enrolled:
            go_on(dice.choice(enrolled), dice, enrolled, done)
        time.sleep(pause)
    trouble.stop()
    show(f"calm; {len(done)} completions so far, {len(enrolled)} learners still at it")
    while enrolled:
        complete(enrolled[0], dice, enrolled, done)
    return done


def enroll(company: Company, contact: Contact, course: str) -> Learner:
    company.enroll(contact, course)
    return company, contact, course


def go_on(
    learner: Learner, dice: random.Random, enrolled: list[Learner], done: list[Completion]
) -> None:
    """Opens the course or completes it, if SCORM Cloud knows the learner by now."""
    company, contact, course = learner
    if not company.registered(contact, course):
        return
    if dice.random() < 0.3:
        company.open_course(contact, course)
    else:
        complete(learner, dice, enrolled, done)


def complete(
    learner: Learner, dice: random.Random, enrolled: list[Learner], done: list[Completion]
) -> None:
    company, contact, course = learner
    score = dice.randrange(40, 101)
    done.append(company.play(contact, course, passed=score >= 80, score=score))
    enrolled.remove(learner)


def verdict(stack: Stack, done: list[Completion], companies: list[Company]) -> list[str]:
    """Waits until all is right or patience is over, then looks whether more is written after."""
    for company in companies:
        company.sync_all()
    deadline = time.monotonic() + PATIENCE
    problems = look(stack, done)
    while problems and time.monotonic() < deadline:
        time.sleep(2)
        problems = look(stack, done)
    time.sleep(SILENCE)
    return look(stack, done)


def look(stack: Stack, done: list[Completion]) -> list[str]:
    """What is wrong now; work that is still owed counts, and work that waits for a person."""
    entries = stack.sandbox.crm.get("ledger")["entries"]
    return [
        *judge(entries, done),
        *(f"still owed: {number} {table}" for table, number in unfinished(stack).items()),
        *(f"parked: {number} {table}" for table, number in parked(stack).items()),
    ]


if __name__ == "__main__":
    sys.exit(main())
