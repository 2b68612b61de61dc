"""bin/bench [NAME]: the same set-up as bin/dev, then the benchmarks; stdout holds figures only."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout

from tools.places import PYTHON, ROOT
from tools.setup import TO_TEST, set_up


def main() -> None:
    with redirect_stdout(sys.stderr):
        set_up(TO_TEST)
    os.chdir(ROOT)
    os.execv(PYTHON, [PYTHON, "-m", "benchmarks", *sys.argv[1:]])
