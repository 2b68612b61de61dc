"""Proof by picture: each script on paper looks as Chromium draws it with the same font."""

from __future__ import annotations

import base64
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page
from reportlab.lib.colors import black
from reportlab.pdfgen.canvas import Canvas

from app.documents import fonts, text
from app.documents.fonts import Face
from app.documents.text import SANS
from tests.documents.scripts import NAMES

PIXELS = 64  # the size of type in both pictures
NEAR = 18.0  # of 255: the same shapes differ by 2 to 13, letters without shaping by 24 and more


@pytest.fixture(scope="module")
def blank_page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1600, "height": 200})
    yield page
    page.close()


def in_chromium(page: Page, name: str) -> Image.Image:
    """The name as the browser shapes it, with the very files that the PDF's outlines come from."""
    han = fonts.han_family(name)
    drawn = fonts.NEVER_DRAWN.sub("", name)
    found = (fonts.face_for(letter, han, False, fonts.REGULAR) for letter in drawn)
    rules = "".join(map(rule, dict.fromkeys(filter(None, found))))
    level = text.base_level(name)
    page.set_content(
        f"<style>{rules} body {{ margin: 40px; font: 400 {PIXELS}px hub; white-space: nowrap }}"
        f"</style><span dir={'rtl' if level else 'ltr'}>{name}</span>"
    )
    page.evaluate("document.fonts.ready.then(() => document.fonts.size)")
    return ink(Image.open(io.BytesIO(page.screenshot())).convert("L"))


def rule(face: Face) -> str:
    """For all characters of the file: shaping may need ones that the name does not spell."""
    data = base64.b64encode(face.file.read_bytes()).decode()
    family = face.file.parent.name
    own = (
        [one for one, file in fonts.files_of(family).items() if file == face.file]
        if (face.file.suffix == ".woff2")
        else list(map(chr, range(0x20, 0x530)))
    )
    covered = ",".join(f"U+{ord(letter):X}" for letter in {*own, " ", "\u200c", "\u200d"})
    return (
        f"@font-face {{ font-family: hub; src: url(data:font/woff2;base64,{data});"
        f" font-weight: 100 900; unicode-range: {covered} }}"
    )


def on_paper(name: str, folder: Path) -> Image.Image:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(1600, 200))
    text.draw(canvas, name, 40, 80, PIXELS, black)
    return rasterized(canvas, target, folder)


def unshaped(name: str, folder: Path) -> Image.Image:
    """Each letter for itself, as a program without shaping draws them."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(1600, 200))
    x = 40.0
    for letter in name:
        text.draw(canvas, letter, x, 80, PIXELS, black)
        x += text.width(letter, SANS) * PIXELS
    return rasterized(canvas, target, folder)


def rasterized(canvas: Canvas, target: io.BytesIO, folder: Path) -> Image.Image:
    canvas.save()
    file = folder / "page.pdf"
    file.write_bytes(target.getvalue())
    command = ["pdftoppm", "-r", "72", "-png", "-singlefile", str(file), str(folder / "page")]
    subprocess.run(command, check=True)
    return ink(Image.open(folder / "page.png").convert("L"))


def ink(picture: Image.Image) -> Image.Image:
    """The part that is not white."""
    box = ImageChops.invert(picture).point(lambda level: 255 if level > 60 else 0).getbbox()
    assert box is not None, "nothing was drawn"
    return picture.crop(box)


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart, with the edges' smoothing and half a pixel left out."""
    size = (max(one.width, other.width), max(one.height, other.height))
    sheets = []
    for picture in (one, other):
        sheet = Image.new("L", size, 255)
        sheet.paste(picture, (0, 0))
        sheets.append(sheet.resize((size[0] // 4 + 1, size[1] // 4 + 1), Image.Resampling.BOX))
    return float(ImageStat.Stat(ImageChops.difference(*sheets)).mean[0])


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_each_script_is_shaped_as_the_browser_shapes_it(
    name: str, blank_page: Page, tmp_path: Path
) -> None:
    name = text.in_one_line(name)
    theirs, ours = in_chromium(blank_page, name), on_paper(name, tmp_path)
    assert ours.width == pytest.approx(theirs.width, abs=max(3, theirs.width * 0.01))
    assert ours.height == pytest.approx(theirs.height, abs=3)
    assert difference(ours, theirs) < NEAR


@pytest.mark.parametrize("script", ["Arabic", "Devanagari", "Tamil", "Khmer", "Sinhala"])
def test_the_comparison_notices_letters_that_were_not_shaped(
    script: str, blank_page: Page, tmp_path: Path
) -> None:
    name = NAMES[script]
    theirs, wrong = in_chromium(blank_page, name), unshaped(name, tmp_path)
    assert abs(wrong.width - theirs.width) > theirs.width * 0.01 or difference(wrong, theirs) > NEAR
