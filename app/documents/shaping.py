"""Letters become glyphs: joined, reordered and stacked by HarfBuzz, in the order they are read.

Measures are in ems, the size of the type: 0.5 is half the type's size.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz as hb
from bidi import algorithm

from app.documents import fonts
from app.documents.fonts import Face

INSIDE_A_LETTER = re.compile(
    r"[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff]"
)
JOINS_THE_NEXT = re.compile(r"[\u200d\u17d2\u1039\u0eC0-\u0eC4\u0e40-\u0e44]")
RIGHT_TO_LEFT = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


@dataclass(frozen=True)
class Style:
    """A typeface of our documents."""

    serif: bool = False
    bold: bool = False

    @property
    def weight(self) -> int:
        return fonts.BOLD if self.bold else fonts.REGULAR


@dataclass(frozen=True)
class Glyph:
    """One outline and where its origin stands, from the start of the line and above its foot."""

    face: Face
    number: int
    x: float
    y: float


@dataclass(frozen=True)
class Shaped:
    """A line of text as it is drawn; `visual` is its letters from left to right."""

    glyphs: tuple[Glyph, ...]
    width: float
    visual: str


@dataclass(frozen=True)
class _Run:
    """Letters side by side with one font and one direction, in the order they are read."""

    face: Face
    level: int
    text: str


@lru_cache(maxsize=20_000)  # titles, companies and words come again and again
def shape(text: str, style: Style, han: str, base_level: int = 0) -> Shaped:
    """Shape one line. `base_level` is 1 where its paragraph is read from the right."""
    glyphs: list[Glyph] = []
    x, visual = 0.0, []
    for run in _in_visual_order(list(_runs(text, style, han, base_level))):
        x = _shape_run(run, x, glyphs)
        visual.append(run.text[::-1] if run.level % 2 else run.text)
    return Shaped(tuple(glyphs), x, "".join(visual))


def base_level(text: str) -> int:
    """1 for a paragraph that is read from the right, by its first letter that says so."""
    return int(algorithm.get_base_level(text))


def _runs(text: str, style: Style, han: str, base: int) -> Iterator[_Run]:
    start, current = 0, None
    for at, one in enumerate(zip(_faces(text, style, han), _levels(text, base), strict=True)):
        if one != current:
            if current is not None:
                yield _Run(*current, text[start:at])
            start, current = at, one
    if current is not None:
        yield _Run(*current, text[start:])


def _faces(text: str, style: Style, han: str) -> list[Face]:
    """The face of each letter. What belongs to no script stays in the face of what is before it,
    if that has it."""
    found: list[Face] = []
    previous = fonts.base(style.serif, style.weight)
    for one in text:
        stays = fonts.script_of(one) in fonts.FITS_ANY_SCRIPT or INSIDE_A_LETTER.match(one)
        if not (stays and (previous.has(one) or fonts.NEVER_DRAWN.match(one))):
            previous = fonts.face_for(one, han, style.serif, style.weight) or previous
        found.append(previous)
    return found


def _levels(text: str, base: int) -> list[int]:
    """The embedding level of each letter, by the Unicode bidirectional algorithm."""
    if not base and not RIGHT_TO_LEFT.search(text):
        return [0] * len(text)
    storage = algorithm.get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, ("L", "R")[base]
    algorithm.get_embedding_levels(text, storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    resolved = iter(storage["chars"])
    levels: list[int] = []
    for one in text:  # the algorithm leaves out joiners: they are where their neighbor is
        left_out = unicodedata.bidirectional(one) in algorithm.X9_REMOVED
        levels.append((levels or [base])[-1] if left_out else next(resolved)["level"])
    return levels


def _in_visual_order(runs: list[_Run]) -> list[_Run]:
    """Rule L2: from the highest level down, each stretch of that level or above is reversed."""
    levels = {run.level for run in runs}
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(runs):
            end = start
            while end < len(runs) and runs[end].level >= level:
                end += 1
            runs[start:end] = runs[start:end][::-1]
            start = max(end, start + 1)
    return runs


def _shape_run(run: _Run, x: float, glyphs: list[Glyph]) -> float:
    """Append the glyphs of a run that begins at `x`; return where it ends."""
    buffer = hb.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    hb.shape(run.face.font, buffer)
    em = run.face.units
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append(Glyph(run.face, info.codepoint, x + place.x_offset / em, place.y_offset / em))
        x += place.x_advance / em
    return x


def letters(word: str) -> list[str]:
    """A word cut where a line may break inside it: never within what people see as one letter."""
    found: list[str] = []
    for one in word:
        continues = unicodedata.category(one).startswith("M") or INSIDE_A_LETTER.match(one)
        if found and (continues or JOINS_THE_NEXT.match(found[-1][-1])):
            found[-1] += one
        else:
            found.append(one)
    return found
