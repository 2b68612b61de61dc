"""Draws a picture anew: whatever comes, only its pixels are kept, as a PNG of moderate size.

Its head is read first, so that what is too large is refused before a single pixel is unpacked. Then
it is made smaller strip by strip, because a second whole copy would cost as much as the first.
"""

from __future__ import annotations

import io
import sys
from contextlib import suppress

from PIL import Image, PngImagePlugin

from confined.answers import Refused

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MOST_PIXELS, LONGEST_SIDE, MOST_BYTES = 25_000_000, 16_000, 36_000_000
# Bytes that unpacking takes for each pixel: all that the decoders hold at the same time.
PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # by the mode of a PNG or GIF; 4 for the others
BASELINE, PROGRESSIVE, WEBP = 1, 6, 17  # a baseline JPEG is made smaller while it is read
TOO_MANY_PIXELS, NO_PICTURE = "pixels", "no picture"  # what is refused, in a word
STRIP = 262_144  # pixels
ORIENTATION = 0x0112  # in EXIF
LYING = 5  # from here on width and height change places
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Image.preinit()
Image.MAX_IMAGE_PIXELS = None  # its limit is a warning; ours stands in `opened`
PngImagePlugin.MAX_TEXT_MEMORY = 1_048_576  # of what is written beside the picture


def answer(across: str, high: str) -> bytes:
    """The program's work: the picture is on standard input, the PNG is the answer."""
    file = io.BytesIO(sys.stdin.buffer.read())
    try:
        return redrawn(file, (int(across), int(high)))
    except (Refused, MemoryError):
        raise
    except Exception:  # Pillow raises all kinds for what is broken
        raise Refused(NO_PICTURE) from None


def redrawn(file: io.BytesIO, largest: tuple[int, int]) -> bytes:
    """A PNG no larger than this room. Raises Refused, and whatever Pillow makes of broken files."""
    upright = taken(file, largest)
    upright.thumbnail(largest)
    drawn = io.BytesIO()
    upright.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def taken(file: io.BytesIO, largest: tuple[int, int]) -> Image.Image:
    """The picture as it is to be held, not much larger than the room; the whole is let go."""
    with opened(file) as picture:
        turn = orientation(picture)
        small = reduced(picture, largest if turn < LYING else (largest[1], largest[0]))
    return small.transpose(TURNS[turn]) if turn in TURNS else small


def opened(file: io.BytesIO) -> Image.Image:
    """The picture as its head describes it, if that is bearable."""
    if size := webp_size(file.getvalue()[:30]):  # Pillow makes room for it as soon as it opens it
        bear(*size, WEBP)
    picture = Image.open(file, formats=FORMATS)
    bear(*picture.size, bytes_per_pixel(picture))
    return picture


def bear(across: int, high: int, cost: int) -> None:
    pixels = across * high
    if pixels > MOST_PIXELS or pixels * cost > MOST_BYTES or max(across, high) > LONGEST_SIDE:
        raise Refused(TOO_MANY_PIXELS)


def bytes_per_pixel(picture: Image.Image) -> int:
    if picture.format == "WEBP":
        return WEBP
    if picture.format == "JPEG":
        return PROGRESSIVE if "progressive" in picture.info else BASELINE
    return PER_PIXEL.get(picture.mode, 4)


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height by the first bytes of a WebP, in each of its three forms; else None."""
    if len(head) < 30 or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    form, low = head[12:16], 0x3FFF
    if form == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & low), 1 + (bits >> 14 & low)
    return int.from_bytes(head[26:28], "little") & low, int.from_bytes(head[28:30], "little") & low


def orientation(picture: Image.Image) -> int:
    """How a camera was held; 1 where that is not known."""
    with suppress(Exception):
        return int(picture.getexif().get(ORIENTATION, 1))
    return 1


def reduced(picture: Image.Image, room: tuple[int, int]) -> Image.Image:
    """The pixels as RGBA, made smaller by whole steps, but not yet quite to the room."""
    step = steps(picture, room)
    picture.draft(None, (picture.width // step, picture.height // step))  # a JPEG unpacks to less
    step = steps(picture, room)
    across, high = picture.size
    rows = max(1, STRIP // across // step) * step
    small = Image.new("RGBA", (-(-across // step), -(-high // step)))
    for top in range(0, high, rows):
        strip = picture.crop((0, top, across, min(top + rows, high))).convert("RGBA")
        small.paste(strip.reduce(step) if step > 1 else strip, (0, top // step))
    return small


def steps(picture: Image.Image, room: tuple[int, int]) -> int:
    """How many pixels across become one, so that the picture is still no smaller than the room."""
    return max(1, int(max(picture.width / room[0], picture.height / room[1])))
