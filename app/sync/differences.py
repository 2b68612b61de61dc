"""How the CRM differs from what was last written there, in words; pure.

Only what is ours is compared: our tag names, our fields, our records. What somebody added beside
them is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.clients.reading import number, text
from app.sync import crm_state
from app.sync.crm_state import Facts

CONTACT_GONE = "The contact is not in the CRM any more."
RECORD_GONE = "The record was deleted."
NOTE_GONE = "The note was deleted."
RELATION_GONE = "The record is no longer linked to the contact."


def tags(written: Iterable[str], present: Iterable[str]) -> str | None:
    """Tags of ours that are missing, and such that are there though they should not be."""
    wanted, there = set(written), set(present)
    parts = []
    if missing := sorted(wanted - there):
        parts.append(f"Missing: {', '.join(missing)}.")
    if extra := sorted((there & crm_state.OUR_TAGS) - wanted):
        parts.append(f"Should not be there: {', '.join(extra)}.")
    return " ".join(parts) or None


def fields(written: Facts, shown: Mapping[str, Any]) -> str | None:
    """Facts of ours that read otherwise now. Both are keyed by our own names."""
    changed = sorted(
        name.replace("_", " ")
        for name, value in written.items()
        if value is not None and not same(value, shown.get(name))
    )
    return f"Changed: {', '.join(changed)}." if changed else None


def same(ours: Any, theirs: Any) -> bool:
    """Whether the CRM shows our value, however it writes numbers, dates and single choices."""
    if isinstance(theirs, list) and len(theirs) == 1:
        theirs = theirs[0]
    if isinstance(ours, int | float) and not isinstance(ours, bool):
        shown = number(theirs)
        return shown is not None and abs(shown - ours) < 1e-6
    words, shown_words = text(ours), text(theirs)
    return words == shown_words or (is_day(words) and shown_words[:10] == words)


def is_day(words: str) -> bool:
    return len(words) == 10 and words[4] == words[7] == "-"
