"""A short chaos run: two accounts, two workers, two clocks, and everything breaks at random."""

from __future__ import annotations

import os
import subprocess

import pytest

from tools.places import PYTHON, ROOT

pytestmark = [pytest.mark.flow, pytest.mark.database]
SHORT = ["--minutes", "0.4", "--learners", "6", "--sync", "--brief"]


@pytest.mark.timeout(900)  # however busy the machine is: the run itself knows when to give up
def test_every_completion_is_in_the_crm_once() -> None:
    """With a new seed each time; a counter-example names it."""
    command = [PYTHON, "-m", "tests.chaos", *SHORT]
    if os.environ.get("TEST_DATABASE_URL"):
        command.append("--postgresql")  # a server of its own, which may be stopped
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout.splitlines()[-1].startswith("VALID")
