"""bin/mutants [NAME …]: changes the code a little, again and again, and wants a test to notice.

mutmut makes the changes, in the files that `[tool.mutmut]` of pyproject.toml names, and runs the
tests that call the changed function. All of it happens in a copy of the project in .cache/mutants;
what was tried there is not tried again until the code or its tests change. It fails when a change
survives that docs/mutants.md does not list with its reason.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.places import CACHE, NODE_MODULES, ROOT, VENV
from tools.setup import TO_TEST, set_up

COPY = CACHE / "mutants"
CHANGED = COPY / "mutants"  # where mutmut puts what it changes
LISTED = ROOT / "docs" / "mutants.md"
NAME = re.compile(r"[\w.]+\.x[\wǁ]+__mutmut_\d+")
SURVIVED = ("survived", "no tests", "suspicious")


def main() -> int:
    set_up(TO_TEST)
    copy_project()
    mutmut("run", *sys.argv[1:])
    found = survivors(mutmut("results", read=True))
    unexplained = sorted(found - set(NAME.findall(LISTED.read_text())))
    for name in unexplained:
        print(mutmut("show", name, read=True))
    print(f"{len(found)} changes survived, {len(unexplained)} of them without a reason.")
    return 1 if unexplained else 0


def copy_project() -> None:
    """What git knows of or would take, beside what is installed. mutmut itself copies app/, which
    it changes, into a folder of the copy; whatever the tests need besides is put there as well."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    start_over_if_some_are_gone(names)
    for name in names:
        for folder in (COPY, CHANGED) if not name.startswith("app/") else (COPY,):
            copy(ROOT / name, folder / name)
    for folder in (COPY, CHANGED):
        for installed in (VENV, NODE_MODULES, ROOT / "app" / "static" / "vendor"):
            link(installed, folder / installed.relative_to(ROOT))


def start_over_if_some_are_gone(names: set[str]) -> None:
    stamp = COPY / ".copied"
    before = set(stamp.read_text().splitlines()) if stamp.exists() else set()
    if COPY.exists() and (not before or before - names):
        shutil.rmtree(COPY)
    COPY.mkdir(parents=True, exist_ok=True)
    stamp.write_text("\n".join(sorted(names)))


def copy(file: Path, place: Path) -> None:
    """Unless it is the same, so that mutmut sees what is new."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists() or place.read_bytes() != file.read_bytes():
        shutil.copy2(file, place)


def link(installed: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(installed)


def mutmut(*words: str, read: bool = False) -> str:
    """Runs it in the copy; returns what it prints if that is to be read."""
    command = [str(VENV / "bin" / "mutmut"), *words]
    env = {**os.environ, "PYTHONPATH": "."}
    done = subprocess.run(
        command, cwd=COPY, env=env, capture_output=read, text=True, check=not read
    )
    return done.stdout or ""


def survivors(results: str) -> set[str]:
    lines = [line.strip().rpartition(": ") for line in results.splitlines()]
    return {name for name, _, verdict in lines if verdict in SURVIVED}
