"""Branding: the organisation's name and colour, on certificates and on learners' pages."""

from __future__ import annotations

import re
import unicodedata

from app.errors import BadInput

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
