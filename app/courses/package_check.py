"""A first look into an uploaded package, so that the common mistakes get their own sentence.

The look itself is in `confined/package.py`: a program of its own reads the package, within a budget
that it cannot leave, and says what is wrong. Nothing is unpacked to disk, no name in the package is
used as a path, and whatever the package does to its reader, the worker goes on.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import BinaryIO

from app.errors import BadInput, Hold
from confined import running
from confined.answers import ADVICE, Busy, OverBudget, Refused
from confined.budget import MEGABYTE, Budget

__all__ = ["ADVICE", "UnusablePackage", "check_package"]

log = logging.getLogger(__name__)
BUDGET = Budget(memory=50 * MEGABYTE, cpu=2, wall=20)
TOO_COSTLY = (
    "The package could not be read with the memory and time that reading a package may take, so it "
    f"was not opened. {ADVICE}"
)


class UnusablePackage(BadInput):
    """Carries the sentence that the course shows as its reason."""


def check_package(file: BinaryIO) -> str | None:
    """Raises UnusablePackage with a plain reason; returns for anything that may well be SCORM.

    The answer is what to call a course whose organization has no title, empty if its manifest has
    none anywhere; None if it has one. Raises Hold where the machine has no time for it now.
    """
    try:
        title: str | None = json.loads(running.read("package", file, BUDGET))["title"]
    except Refused as refused:
        raise UnusablePackage(str(refused)) from None
    except OverBudget as trouble:
        log.warning("a package was given up: %s", trouble)
        raise UnusablePackage(TOO_COSTLY) from None
    except Busy as trouble:
        raise Hold("The package could not be read yet.", timedelta(seconds=10)) from trouble
    return title
