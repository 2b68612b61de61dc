"""bin/test: sets up what the tests need and runs every check, on SQLite and on PostgreSQL.

`bin/test quick` leaves out browsers, stories and PostgreSQL, for a look between two edits. Other
arguments go to pytest, and nothing else runs: `bin/test tests/courses -k upload`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tools import postgresql, redis_server, system
from tools.places import CACHE, PYTHON, ROOT
from tools.progress import SetupError, say
from tools.setup import TO_TEST, set_up

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
BROWSERS = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
# Most tests wait for other processes most of the time, so there are more workers than cores. Their
# order and groups are those of tests/conftest.py.
SIDE_BY_SIDE = ["-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder"]
QUICK = [*SIDE_BY_SIDE, "-m", "not browser and not flow and not slow"]
# What never touches the hub's database says nothing new on a second one.
ON_BOTH = ["-m", "database"]


@dataclass
class Results:
    """How each part ended, and the tests counted over all runs."""

    parts: list[tuple[str, bool, float]] = field(default_factory=list)
    tests: Counter[str] = field(default_factory=Counter)

    def run(self, name: str, command: Sequence[str], **env: str) -> bool:
        say(f"\n--- {name}: {' '.join(command)}")
        started = time.monotonic()
        finished = subprocess.run(
            [PYTHON, "-m", *command], cwd=ROOT, env={**os.environ, **env}, check=False
        )
        self.parts.append((name, finished.returncode == 0, time.monotonic() - started))
        return finished.returncode == 0

    def run_tests(self, database: str, url: str, browser: str, options: Sequence[str]) -> None:
        report = CACHE / f"tests-{database.lower()}.xml"
        report.unlink(missing_ok=True)
        command = ["pytest", f"--junit-xml={report.relative_to(ROOT)}", *options]
        env = {"TEST_DATABASE_URL": url, "CHROMIUM": browser}
        passed = self.run(f"tests on {database}", command, **env)
        counts = count(report)
        if not passed and not counts["failed"]:
            counts["failed"] = 1  # pytest itself did not get through
        self.tests += counts

    @property
    def good(self) -> bool:
        return all(passed for _, passed, _ in self.parts)

    def summary(self) -> str:
        lines = [
            f"{'passed' if passed else 'FAILED'}  {name} ({seconds:.0f} s)"
            for name, passed, seconds in self.parts
        ]
        totals = ", ".join(f"{self.tests[word]} {word}" for word in ("passed", "failed", "skipped"))
        return "\n".join(["", *lines, totals])


def count(report: Path) -> Counter[str]:
    """The tests in a JUnit report; an error in a fixture counts as a failed test."""
    counts: Counter[str] = Counter()
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            number = {name: int(suite.get(name, 0)) for name in ("tests", "skipped")}
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            counts["failed"] += failed
            counts["skipped"] += number["skipped"]
            counts["passed"] += number["tests"] - failed - number["skipped"]
    return counts


def main() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    # Hundreds of processes are started: compiling our modules for each would be a tenth of it all.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    databases, options = read_options()
    everything = not options and databases == [SQLITE, POSTGRESQL]
    quick = options == QUICK
    set_up(TO_TEST)
    browser = set_up_system(with_browser=not quick)
    results = Results()
    try:
        if everything or quick:
            results.run("format", ["ruff", "format", "--check", "."])
            results.run("lint", ["ruff", "check", "."])
            results.run("types", ["mypy"])
        run_tests(results, databases, browser, options or SIDE_BY_SIDE)
    except KeyboardInterrupt:
        sys.exit(130)
    say(results.summary())
    sys.exit(0 if results.good else 1)


def read_options() -> tuple[list[str], list[str]]:
    """The databases to test on and the arguments for pytest (none: everything)."""
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description=__doc__,
        epilog="All other arguments go to pytest; then the tests run on SQLite unless told so.",
    )
    parser.add_argument("--sqlite", action="store_true", help="run the tests on SQLite only")
    parser.add_argument("--postgresql", action="store_true", help="... on PostgreSQL only")
    if sys.argv[1:] == ["quick"]:
        return [SQLITE], QUICK
    chosen, options = parser.parse_known_args()
    if chosen.sqlite or chosen.postgresql:
        wanted = {SQLITE: chosen.sqlite, POSTGRESQL: chosen.postgresql}
        return [name for name, yes in wanted.items() if yes], options
    return ([SQLITE] if options else [SQLITE, POSTGRESQL]), options


def run_tests(
    results: Results, databases: Sequence[str], browser: str, options: Sequence[str]
) -> None:
    if SQLITE in databases:
        results.run_tests(SQLITE, "", browser, options)
    if POSTGRESQL in databases:
        try:
            limits = ON_BOTH if SQLITE in databases and options == SIDE_BY_SIDE else []
            with postgresql.server() as url:
                results.run_tests(POSTGRESQL, url, browser, [*options, *limits])
        except SetupError as error:
            say(str(error))
            results.parts.append((f"tests on {POSTGRESQL}", False, 0))


def set_up_system(with_browser: bool) -> str:
    """Sees to the programs that no Python package brings; returns the browser's path, or nothing
    without one."""
    redis_server.server()
    system.program(
        ["pdftotext"],
        ["poppler-utils"],
        why="to look into the PDF files we make",
        elsewhere="poppler (macOS: brew install poppler)",
    )
    if not with_browser:
        return ""
    return system.program(
        BROWSERS,
        ["chromium", "fonts-liberation"],
        why="for the stories in a real browser",
        elsewhere="Chromium or Google Chrome",
    )
