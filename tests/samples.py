"""Courses to try things with: our own, built from sources, and a private collection of real ones.

The collection lies beside the project on our own machines and is never part of it.
"""

from __future__ import annotations

from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2] / "shared" / "packages"


def shared_packages(verdict: str) -> list[Path]:
    """Those that a strict import accepts ("valid") or must refuse ("broken"); none if not there."""
    names = sorted(PACKAGES.glob("*.zip"))
    broken = ("broken-", "not-", "cts-")
    return [path for path in names if path.name.startswith(broken) == (verdict == "broken")]
