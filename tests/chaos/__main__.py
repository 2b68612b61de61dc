"""`bin/chaos --minutes N --seed S`: prints VALID, or the counter-example and the seed.

The last line is the verdict. What all programs printed is kept beside it, in .cache/chaos/.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from tests.chaos.learners import Learners
from tests.chaos.stage import prepare, running_stack
from tests.chaos.trouble import Trouble
from tests.chaos.verdict import verdict
from tests.fixtures.stack import Stack
from tools.places import CACHE, ROOT

LOGS = CACHE / "chaos"
MOST_LEARNERS = 40  # per account; the CRM's sandbox has hardly more with an address of their own
STEPS_EACH = 2.5  # enrolled, opened perhaps, completed
Show = Callable[[str], None]


def main() -> int:
    options = read_options()
    database = "PostgreSQL" if options.postgresql else "SQLite"
    name = f"{database.lower()}-seed-{options.seed}"
    with log_file(name) as log:
        started = time.monotonic()

        def show(words: str) -> None:
            line = f"{time.monotonic() - started:7.1f}  {words}"
            print(line, flush=True)
            log("chaos", words)

        with running_stack(options.postgresql, log) as stack:
            show("everything runs; courses are being uploaded")
            run = Run(stack, options, show)
            problems = run.play()
            outcome = run.outcome()
    for problem in problems:
        print(problem)
    if problems:
        print(f"What the programs printed: {(LOGS / name).relative_to(ROOT)}.log")
    word = "COUNTER-EXAMPLE" if problems else "VALID"
    print(f"{word}  {database}, seed {options.seed}, {options.minutes:g} minutes: {outcome}")
    return 1 if problems else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long things break")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the dice")
    parser.add_argument("--learners", type=int, help="per account; by default more in longer runs")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, not on SQLite")
    parser.add_argument(
        "--sync", action="store_true", help="press Sync All at the end, besides the reconciler"
    )
    parser.add_argument(
        "--brief", action="store_true", help="do not wait for what waits a minute on purpose"
    )
    options = parser.parse_args()
    if options.learners is None:
        options.learners = round(10 + 5 * options.minutes)
    options.learners = min(options.learners, MOST_LEARNERS)
    return options


@contextmanager
def log_file(name: str) -> Iterator[Callable[[str, str], None]]:
    """Takes every line with the program that printed it."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("w", encoding="utf-8") as file:

        def write(program: str, line: str) -> None:
            if not file.closed:
                file.write(f"{time.strftime('%H:%M:%S')} {program:>10}  {line}\n")
                file.flush()

        yield write


class Run:
    """Learners are enrolled and complete while things break; the last ones when all is calm."""

    def __init__(self, stack: Stack, options: argparse.Namespace, show: Show) -> None:
        self.stack, self.options, self.show = stack, options, show
        self.companies = prepare(stack)
        self.learners = Learners(self.companies, options.learners, options.seed)
        self.trouble = Trouble(stack, self.learners, options.seed, options.minutes, show)

    def play(self) -> list[str]:
        """Everything that is wrong in the end; somebody who cannot go on for long is wrong too."""
        seconds = self.options.minutes * 60
        self.show(f"chaos begins, seed {self.options.seed}, {self.options.minutes:g} minutes")
        try:
            self.go_on(time.monotonic() + seconds, seconds / (STEPS_EACH * self.learners.all))
            self.show(f"calm; {len(self.learners.done)} completions so far")
            self.learners.finish()
            self.show(f"{len(self.learners.done)} completions; waiting until nothing is owed")
            return [*self.trouble.problems, *self.judged()]
        except (AssertionError, SystemExit, requests.RequestException) as trouble:
            return [*self.trouble.problems, f"A person gave up: {trouble}"]

    def go_on(self, deadline: float, pause: float) -> None:
        self.trouble.start()
        try:
            while time.monotonic() < deadline:
                self.learners.step()
                time.sleep(pause)
        finally:
            self.trouble.stop()

    def judged(self) -> list[str]:
        if self.options.sync:
            for company in self.companies:
                company.sync_all()
        learners, brief = self.learners, self.options.brief
        return verdict(self.stack, self.companies, learners.done, learners.starts, brief)

    def outcome(self) -> str:
        """What happened, in numbers."""
        calls = {entry["call"] for entry in self.stack.sandbox.crm.get("ledger")["entries"]}
        made = self.trouble.made
        faults = ", ".join(f"{name} {number}" for name, number in made.most_common())
        reconnected = sum(company.reconnected for company in self.companies)
        return (
            f"{len(self.learners.done)} completions, {len(self.learners.starts)} workflow starts,"
            f" {len(calls)} calls to the CRM, {reconnected} reconnects;"
            f" {made.total()} faults: {faults}"
        )


if __name__ == "__main__":
    sys.exit(main())
