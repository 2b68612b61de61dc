"""Packages to try things with: small ones of our own, and a private collection of real ones.

The collection lies beside the project on our own machines and is never part of it. Where it is not,
our own stand for the same kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import own_packages

COLLECTION = Path(__file__).resolve().parents[2] / "shared" / "packages"


@dataclass(frozen=True)
class Sample:
    """A package by its name, such as "broken-no-manifest"."""

    name: str
    content: Callable[[], bytes]

    def saved(self, folder: Path) -> Path:
        path = folder / f"{self.name}.zip"
        path.write_bytes(self.content())
        return path


def own(name: str) -> Sample:
    """One of our own."""
    content = {**own_packages.GOOD, **own_packages.BROKEN}[name][-1]
    return Sample(name, lambda: content)


def real() -> list[Sample]:
    """Those of the collection; none where it is not."""
    return [Sample(path.stem, path.read_bytes) for path in sorted(COLLECTION.glob("*.zip"))]


def valid() -> list[Sample]:
    """Those that a strict import accepts."""
    return [one for one in everything() if not is_broken(one)]


def broken() -> list[Sample]:
    """Those that a strict import refuses."""
    return [one for one in everything() if is_broken(one)]


def everything() -> list[Sample]:
    names = [*own_packages.GOOD, *own_packages.BROKEN]
    return [*map(own, names), *real()]


def is_broken(sample: Sample) -> bool:
    return sample.name.startswith(("broken-", "not-", "cts-"))


def each(samples: Iterable[Sample]) -> pytest.MarkDecorator:
    """Runs a test once for each, as its argument `sample`."""
    return pytest.mark.parametrize("sample", list(samples), ids=name)


def name(argument: object) -> str | None:
    """What a sample adds to a test's name."""
    return argument.name if isinstance(argument, Sample) else ""
