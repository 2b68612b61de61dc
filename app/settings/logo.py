"""The logo: whatever picture comes, only its pixels are kept.

It is decoded and drawn anew as a PNG, so nothing that hides in a file gets into our documents. That
is done by a program of its own (`confined/picture.py`), within a budget that no picture can leave.
"""

from __future__ import annotations

import hashlib
import io
import logging

from PIL import Image

from app.clients.pictures import LARGEST, PictureError, fetch
from app.errors import BadInput, Unavailable
from app.models import Account
from confined import running
from confined.answers import Busy, OverBudget, Refused
from confined.budget import MEGABYTE, Budget

log = logging.getLogger(__name__)
BUDGET = Budget(memory=64 * MEGABYTE, cpu=2, wall=15)
KEPT_SIZE = (1200, 600)  # enough for print at certificate size
SCREEN_SIZE = (408, 216)  # of a preview
NO_PICTURE = "This is not a picture that can be used. Choose a PNG, JPEG, GIF or WebP."
DRAWING = "An SVG drawing is not a picture that can be printed. Save it as a PNG and choose that."
TOO_MANY_PIXELS = "The logo has too many pixels. Choose a smaller picture."
BUSY = "The picture could not be read just now. Try again in a minute."
TOO_LARGE = "The logo is larger than 2 MB. Choose a smaller picture."


def fetched(address: str) -> bytes:
    """The picture at an address somebody typed, redrawn. BadInput says why it is unusable."""
    try:
        return redrawn(fetch(address), "logo_url")
    except PictureError as error:
        raise BadInput(str(error), "logo_url") from None


def redrawn(file: bytes, field: str = "logo") -> bytes:
    """A PNG with the picture's pixels, made smaller if it is very large. BadInput says why not."""
    if len(file) > LARGEST:
        raise BadInput(TOO_LARGE, field)
    try:
        return running.read("picture", io.BytesIO(file), BUDGET, *map(str, KEPT_SIZE), site=True)
    except Refused as refused:
        raise BadInput(why_refused(file, str(refused)), field) from None
    except OverBudget as trouble:
        log.warning("a picture was given up: %s", trouble)
        raise BadInput(TOO_MANY_PIXELS, field) from None
    except Busy as trouble:
        raise Unavailable(BUSY, field) from trouble


def why_refused(file: bytes, word: str) -> str:
    if word == "pixels":
        return TOO_MANY_PIXELS
    return DRAWING if b"<svg" in file[:2000] else NO_PICTURE


def for_screen(png: bytes) -> bytes:
    """A picture that was redrawn here, no larger than a preview needs."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        picture.thumbnail(SCREEN_SIZE)
        drawn = io.BytesIO()
        picture.save(drawn, "PNG", optimize=True)
        return drawn.getvalue()


def set_logo(account: Account, png: bytes, address: str | None = None) -> None:
    """Keeps a redrawn picture; `address` is where it came from, to be shown in the form."""
    account.logo_png, account.logo_url = png, address
    account.logo_digest = hashlib.sha256(png).hexdigest()


def remove_logo(account: Account) -> None:
    account.logo_png = account.logo_url = account.logo_digest = None
