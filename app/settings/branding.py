"""Branding: the organisation's name and colour, on certificates and on learners' pages."""

from __future__ import annotations

import re
import unicodedata

from app.errors import BadInput
from app.models import Account

COLOUR = re.compile(r"#[0-9a-f]{6}")
LONGEST_NAME = 120


def name_in(typed: str) -> str | None:
    """Without invisible characters; None means the CRM's name. BadInput if it is too long."""
    composed = unicodedata.normalize("NFC", typed)
    clean = " ".join("".join(letter for letter in composed if visible(letter)).split())
    if len(clean) > LONGEST_NAME:
        raise BadInput(
            f"The name has {len(clean)} characters; {LONGEST_NAME} are possible.",
            "organization_name",
        )
    return clean or None


def visible(letter: str) -> bool:
    """Not a control character, and none that turns the direction of what follows. The joiners are
    invisible too, but some scripts cannot be written without them."""
    return letter in " \u200c\u200d" or unicodedata.category(letter) not in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    )


def colour_in(typed: str) -> str:
    """`#` and six digits in lower case. BadInput for anything else, above all for other CSS."""
    colour = typed.strip().casefold()
    if not COLOUR.fullmatch(colour):
        raise BadInput(
            "Enter the color as # and six digits or letters a to f, such as #1f4fd8.",
            "primary_color",
        )
    return colour


State = tuple[str, str, str]


def state_of(account: Account) -> State:
    """Name, color and logo, as far as they can be compared."""
    return account.display_name, account.primary_color, account.logo_digest or ""


def changes(before: State, after: State) -> str:
    """What was changed, for the list of who did what; empty if nothing was."""
    told = [
        f"{what} “{was}” is now “{is_}”"
        for what, was, is_ in zip(("name", "color"), before, after, strict=False)
        if was != is_
    ]
    if before[2] != after[2]:
        told.append("new logo" if after[2] else "logo removed")
    return ", ".join(told)
