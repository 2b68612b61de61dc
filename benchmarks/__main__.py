"""`bin/bench [NAME]`: runs one benchmark or all; prints one JSON line per figure."""

from __future__ import annotations

import importlib
import sys

NAMES = ["postbacks", "syncall", "completion"]


def main() -> None:
    names = sys.argv[1:] or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"There is no benchmark named {unknown[0]}; there are: {', '.join(NAMES)}.")
    for name in names:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
