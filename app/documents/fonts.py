"""Which font has a letter: DejaVu for Latin, Greek and Cyrillic, Noto for every other script.

Noto comes from npm as many small files, each with a part of a script and a list of its characters.
A file is opened when one of its letters is drawn for the first time.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import uharfbuzz as hb
from fontTools import unicodedata as scripts

FOLDER = Path(__file__).parent.parent / "static" / "vendor" / "fonts"
REGULAR, BOLD = 400, 700
# The family that draws a script, by the script's ISO 15924 code.
FAMILIES = {
    "Arab": "noto-sans-arabic",
    "Armn": "noto-sans-armenian",
    "Beng": "noto-sans-bengali",
    "Deva": "noto-sans-devanagari",
    "Ethi": "noto-sans-ethiopic",
    "Geor": "noto-sans-georgian",
    "Gujr": "noto-sans-gujarati",
    "Guru": "noto-sans-gurmukhi",
    "Hebr": "noto-sans-hebrew",
    "Khmr": "noto-sans-khmer",
    "Knda": "noto-sans-kannada",
    "Laoo": "noto-sans-lao",
    "Mlym": "noto-sans-malayalam",
    "Mymr": "noto-sans-myanmar",
    "Sinh": "noto-sans-sinhala",
    "Taml": "noto-sans-tamil",
    "Telu": "noto-sans-telugu",
    "Thai": "noto-sans-thai",
    "Hang": "noto-sans-kr",
    "Hira": "noto-sans-jp",
    "Kana": "noto-sans-jp",
    "Bopo": "noto-sans-tc",
}
EAST_ASIAN = ("noto-sans-sc", "noto-sans-tc", "noto-sans-jp", "noto-sans-kr")
# Han signs have other shapes in each country; the first encoding that holds them all decides.
HAN_BY_ENCODING = (
    ("gb2312", "noto-sans-sc"),
    ("big5", "noto-sans-tc"),
    ("shift_jis", "noto-sans-jp"),
    ("euc_kr", "noto-sans-kr"),
)
# Where a company works says the same of signs that several encodings hold.
HAN_BY_ZONE = {
    "Asia/Tokyo": ("shift_jis", "noto-sans-jp"),
    "Asia/Seoul": ("euc_kr", "noto-sans-kr"),
    "Asia/Taipei": ("big5", "noto-sans-tc"),
    "Asia/Hong_Kong": ("big5", "noto-sans-tc"),
    "Asia/Macau": ("big5", "noto-sans-tc"),
}
LAST_RESORTS = (*EAST_ASIAN, "noto-emoji", *sorted(set(FAMILIES.values()) - set(EAST_ASIAN)))
FITS_ANY_SCRIPT = {"Zyyy", "Zinh"}  # punctuation, digits and marks that many scripts share
NEVER_DRAWN = re.compile(
    r"[\s\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True)
class Face:
    """One font file at one weight."""

    file: Path
    weight: int

    @cached_property
    def font(self) -> Any:
        """The font as HarfBuzz reads it."""
        font = hb.Font(hb.Face(hb.Blob(_plain(self.file))))
        if font.face.axis_infos:
            font.set_variations({"wght": self.weight})
        return font

    @cached_property
    def units(self) -> int:
        return int(self.font.face.upem)

    def has(self, character: str) -> bool:
        return self.font.get_nominal_glyph(ord(character)) is not None


def _plain(file: Path) -> bytes:
    """The file as TrueType, which is what HarfBuzz reads; WOFF2 is that, compressed."""
    if file.suffix != ".woff2":
        return file.read_bytes()
    from fontTools.ttLib import TTFont

    target = io.BytesIO()
    font = TTFont(file, recalcTimestamp=False)
    font.flavor = None
    font.save(target)
    return target.getvalue()


@lru_cache(maxsize=256)
def face(file: Path, weight: int) -> Face:
    return Face(file, weight)


def base(serif: bool, weight: int) -> Face:
    """DejaVu, for Latin, Greek, Cyrillic and a great many signs."""
    name = f"DejaVu{'Serif' if serif else 'Sans'}{'-Bold' if weight >= BOLD else ''}.ttf"
    return face(FOLDER / name, weight)


@lru_cache(maxsize=64)
def files_of(family: str) -> dict[str, Path]:
    """The file that has a character, for all characters of a Noto family."""
    folder = FOLDER / family
    found: dict[str, Path] = {}
    for part, ranges in json.loads((folder / "unicode.json").read_text()).items():
        file = folder / f"{family}-{part.strip('[]')}-wght-normal.woff2"
        if file.exists():
            found.update(dict.fromkeys(_characters(ranges), file))
    return found


def _characters(ranges: str) -> Iterator[str]:
    for one in ranges.split(","):
        first, _, last = one.strip().upper().removeprefix("U+").partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


def in_family(family: str, character: str, weight: int) -> Face | None:
    file = files_of(family).get(character)
    found = face(file, weight) if file else None
    return found if found is not None and found.has(character) else None


def face_for(character: str, han: str, serif: bool, weight: int) -> Face | None:
    """The face that draws a character; None when no font of ours has it.

    `han` is the family that draws Han signs in this text.
    """
    script = scripts.script(character)
    family = han if script == "Hani" else FAMILIES.get(script)
    if family and (found := in_family(family, character, weight)):
        return found
    for plain in (base(serif, weight), base(False, weight)):
        if plain.has(character):
            return plain
    others = (han, *LAST_RESORTS)
    return next(filter(None, (in_family(one, character, weight) for one in others)), None)


def script_of(character: str) -> str:
    """The ISO 15924 code of a character's script."""
    return str(scripts.script(character))


def han_family(*texts: str, zone: str = "") -> str:
    """The family whose shapes fit the Han signs of texts that belong together.

    Kana, Hangul and Bopomofo decide; then the company's time zone and what encodings hold.
    """
    text = "".join(texts)
    for character in text:
        family = FAMILIES.get(script_of(character))
        if family in EAST_ASIAN:
            return family
    signs = "".join(one for one in text if script_of(one) == "Hani")
    here = [HAN_BY_ZONE[zone]] if zone in HAN_BY_ZONE else []
    for encoding, family in (*here, *HAN_BY_ENCODING):
        try:
            signs.encode(encoding)
        except UnicodeEncodeError:
            continue
        return family
    return EAST_ASIAN[0]


def missing(text: str) -> list[str]:
    """The characters of a text that no font of ours can draw, each once, in their order."""
    han = han_family(text)
    found = dict.fromkeys(
        one
        for one in unicodedata.normalize("NFC", text)
        if not NEVER_DRAWN.match(one) and face_for(one, han, False, REGULAR) is None
    )
    return list(found)
