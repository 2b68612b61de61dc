"""What a program that reads a foreign file can answer."""

from __future__ import annotations

REFUSED, TOO_MUCH = 3, 4  # exit statuses; 0 is a good answer, anything else a crash
ADVICE = (
    "Export the course as SCORM 1.2 or SCORM 2004 from your authoring tool and upload that .zip."
)


class Refused(Exception):
    """The file is not what it should be; the text says why, and what to do."""


class OverBudget(Exception):
    """The file wanted more memory or time than it may have, or brought the program down."""


class Busy(Exception):
    """The machine could not read the file in good time; that says nothing of the file."""
