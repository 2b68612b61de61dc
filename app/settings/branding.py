"""Branding: the organisation's name, colour and logo, on certificates and on learners' pages.

Whatever picture comes, only its pixels are kept: it is decoded and drawn anew as a PNG, so nothing
that hides in a file gets into our documents.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from app.clients.pictures import LARGEST, PictureError, fetch
from app.errors import BadInput
from app.models import Account

COLOUR = re.compile(r"#[0-9a-f]{6}")
LONGEST_NAME = 120
MOST_PIXELS = 25_000_000
KEPT_SIZE = (1200, 600)  # enough for print at certificate size
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


def set_name(account: Account, name: str) -> None:
    """Without invisible characters; empty means the CRM's name. BadInput if it is too long."""
    clean = "".join(
        letter for letter in unicodedata.normalize("NFC", name) if visible(letter)
    ).strip()
    if len(clean) > LONGEST_NAME:
        raise BadInput(
            f"The name has {len(clean)} characters; {LONGEST_NAME} are possible.",
            "organization_name",
        )
    account.organization_name = " ".join(clean.split()) or None


def visible(letter: str) -> bool:
    """Not a control character, and none that turns the direction of what follows."""
    return letter == " " or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def set_colour(account: Account, colour: str) -> None:
    colour = colour.strip().casefold()
    if not COLOUR.fullmatch(colour):
        raise BadInput(
            "Enter the color as # and six digits or letters a to f, such as #1f4fd8.",
            "primary_color",
        )
    account.primary_color = colour


def fetched(address: str) -> bytes:
    """The picture at an address somebody typed, redrawn. BadInput says why it is unusable."""
    try:
        return redrawn(fetch(address.strip()), "logo_url")
    except PictureError as error:
        raise BadInput(str(error), "logo_url") from None


def redrawn(file: bytes, field: str = "logo") -> bytes:
    """A PNG with the picture's pixels, made smaller if it is very large."""
    if len(file) > LARGEST:
        raise BadInput("The logo is larger than 2 MB. Choose a smaller picture.", field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(file), formats=FORMATS) as picture:
                return as_png(picture, field)
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise BadInput(
            "This is not a picture that can be used. Choose a PNG, JPEG, GIF or WebP.", field
        ) from None


def as_png(picture: Image.Image, field: str) -> bytes:
    if picture.width * picture.height > MOST_PIXELS:
        raise BadInput("The logo has too many pixels. Choose a smaller picture.", field)
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(KEPT_SIZE)
    drawn = io.BytesIO()
    upright.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def set_logo(account: Account, png: bytes, address: str | None = None) -> None:
    """Keeps a redrawn picture; `address` is where it came from, to be shown in the form."""
    account.logo_png, account.logo_url = png, address
    account.logo_digest = hashlib.sha256(png).hexdigest()


def remove_logo(account: Account) -> None:
    account.logo_png = account.logo_url = account.logo_digest = None
