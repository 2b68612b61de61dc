"""A short chaos run: two accounts, two workers, two clocks, and everything breaks at random."""

from __future__ import annotations

import os
import subprocess

import pytest

from tools.places import PYTHON, ROOT

pytestmark = pytest.mark.flow
SHORT = ["--minutes", "0.5", "--learners", "8", "--sync"]


def test_every_completion_is_in_the_crm_once() -> None:
    """With a new seed each time; a counter-example names it."""
    command = [PYTHON, "-m", "tests.chaos", *SHORT]
    env = dict(os.environ)
    if server := env.get("TEST_DATABASE_URL"):
        command.append("--postgresql")
        env["TEST_POSTGRESQL_URL"] = server
    finished = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "VALID" in finished.stdout
