"""How an organisation looks to its learners: name, colour, logo, always readable.

Any colour may be chosen. Text upon it is black or white, whichever can be read, and text in it is
darkened until it can be read on white paper.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.extensions import db
from app.models import Account

READABLE = 4.5  # contrast of text, WCAG 2.2 AA
DARK, LIGHT = "#111111", "#ffffff"
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Brand:
    """What pages and documents take. `logo_url` is an address of this hub, or None."""

    name: str
    colour: str
    on_colour: str
    ink: str
    logo_url: str | None


def brand(account: Account) -> Brand:
    """The look that is saved."""
    kept = f"/logos/{account.logo_digest}.png" if account.logo_digest else None
    return look(account.display_name, account.primary_color, kept)


def look(name: str, colour: str, logo_url: str | None) -> Brand:
    """How an organisation of this name and colour would look."""
    return Brand(name, colour, text_on(colour), readable_on_white(colour), logo_url)


def logo(digest: str) -> bytes | None:
    """The stored picture with this digest."""
    return db.session.scalar(select(Account.logo_png).where(Account.logo_digest == digest).limit(1))


def text_on(colour: str) -> str:
    """Black or white, whichever stands out more on the colour."""
    return max((DARK, LIGHT), key=lambda text: contrast(text, colour))


def readable_on_white(colour: str) -> str:
    """The colour itself, or the nearest darker one that can be read on white."""
    rgb = _rgb(colour)
    while contrast(_hex(rgb), LIGHT) < READABLE:
        rgb = tuple(int(part * 0.94) for part in rgb)  # type: ignore[assignment]
    return _hex(rgb)


def in_words(brand: Brand) -> str:
    """What is done so that everything can be read, for whoever chooses the color."""
    text = "white" if brand.on_colour == LIGHT else "black"
    if brand.ink == brand.colour:
        return (
            f"Text on this color is printed in {text}, and headings on white in the color itself."
        )
    return (
        f"Text on this color is printed in {text}. On white it would be too pale to read, so "
        f"headings and lines are printed in a darker shade of it, {brand.ink}."
    )


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG, from 1 to 21."""
    lighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(rgb: Rgb) -> float:
    parts = (part / 255 for part in rgb)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Rgb:
    value = int(colour.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def _hex(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)
