"""bin/chaos: the same set-up as bin/test, then the chaos run of tests/chaos/."""

from __future__ import annotations

import os
import sys

from tools import redis_server
from tools.places import PYTHON, ROOT
from tools.setup import TO_TEST, set_up


def main() -> None:
    set_up(TO_TEST)
    redis_server.server()
    os.chdir(ROOT)
    os.execv(PYTHON, [PYTHON, "-m", "tests.chaos", *sys.argv[1:]])
