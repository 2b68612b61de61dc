"""What the programs print, line by line, each under the name of its program."""

from __future__ import annotations

import sys
import threading

COLOURS = [36, 33, 32, 35, 34, 31]
WIDTH = 6


class Output:
    """Lines of several threads, one after the other, in colour where there is a terminal."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.colours: dict[str, int] = {}

    def show(self, name: str, line: str) -> None:
        with self.turn:
            print(f"{self.label(name)} {line}", flush=True)

    def label(self, name: str) -> str:
        text = f"{name:<{WIDTH}} |"
        if not sys.stdout.isatty():
            return text
        colour = self.colours.setdefault(name, COLOURS[len(self.colours) % len(COLOURS)])
        return f"\033[{colour}m{text}\033[0m"
