"""The logo: whatever picture comes, only its pixels are kept.

It is decoded and drawn anew as a PNG, so nothing that hides in a file gets into our documents.
"""

from __future__ import annotations

import hashlib
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from app.clients.pictures import LARGEST, PictureError, fetch
from app.errors import BadInput
from app.models import Account

MOST_PIXELS = 25_000_000
KEPT_SIZE = (1200, 600)  # enough for print at certificate size
SCREEN_SIZE = (408, 216)  # of a preview
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
NO_PICTURE = "This is not a picture that can be used. Choose a PNG, JPEG, GIF or WebP."
DRAWING = "An SVG drawing is not a picture that can be printed. Save it as a PNG and choose that."
TOO_MANY_PIXELS = "The logo has too many pixels. Choose a smaller picture."
TOO_LARGE = "The logo is larger than 2 MB. Choose a smaller picture."


def fetched(address: str) -> bytes:
    """The picture at an address somebody typed, redrawn. BadInput says why it is unusable."""
    try:
        return redrawn(fetch(address), "logo_url")
    except PictureError as error:
        raise BadInput(str(error), "logo_url") from None


def redrawn(file: bytes, field: str = "logo") -> bytes:
    """A PNG with the picture's pixels, made smaller if it is very large."""
    if len(file) > LARGEST:
        raise BadInput(TOO_LARGE, field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(file), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise BadInput(TOO_MANY_PIXELS, field)
                return as_png(picture, KEPT_SIZE)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadInput(TOO_MANY_PIXELS, field) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise BadInput(DRAWING if b"<svg" in file[:2000] else NO_PICTURE, field) from None


def for_screen(png: bytes) -> bytes:
    """A kept picture, no larger than a preview needs."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        return as_png(picture, SCREEN_SIZE)


def as_png(picture: Image.Image, largest: tuple[int, int]) -> bytes:
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(largest)
    drawn = io.BytesIO()
    upright.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def set_logo(account: Account, png: bytes, address: str | None = None) -> None:
    """Keeps a redrawn picture; `address` is where it came from, to be shown in the form."""
    account.logo_png, account.logo_url = png, address
    account.logo_digest = hashlib.sha256(png).hexdigest()


def remove_logo(account: Account) -> None:
    account.logo_png = account.logo_url = account.logo_digest = None
