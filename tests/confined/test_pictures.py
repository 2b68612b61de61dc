"""Pictures made to hurt whoever opens them, and the largest that are taken."""

from __future__ import annotations

import io
import signal
import struct
import sys
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.errors import BadInput
from app.settings.logo import BUDGET, KEPT_SIZE, NO_PICTURE, TOO_MANY_PIXELS, redrawn
from confined.answers import REFUSED, TOO_MUCH
from tests.confined.spending import spent

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own count is asked")


def picture(size: tuple[int, int], kind: str, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 1 if mode in ("P", "L", "1") else "red").save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png(across: int, high: int, rows: int, depth: int = 8, colors: int = 2) -> bytes:
    """A PNG of zeros whose head may promise more than there is; `rows` in bytes of pixels."""
    squeezer = zlib.compressobj(9)
    data = b"".join(squeezer.compress(bytes(1_000_000)) for _ in range(rows // 1_000_000 + 1))
    head = struct.pack(">LLBBBBB", across, high, depth, colors, 0, 0, 0)
    return b"".join([b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head),
                     chunk(b"IDAT", data + squeezer.flush()), chunk(b"IEND", b"")])  # fmt: skip


def with_chunk(kind: bytes, data: bytes) -> bytes:
    small = picture((10, 10), "PNG")
    return small[:33] + chunk(kind, data) + small[33:]


def scans_again(times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each goes over all pixels."""
    plain = picture((2400, 2400), "JPEG", progressive=True)
    last = plain.rindex(b"\xff\xda")
    return plain[:last] + plain[last:-2] * times + plain[-2:]


def texts() -> bytes:
    info = PngInfo()
    for number in range(60):
        info.add_text(f"k{number}", "x" * 1_000_000, zip=True)
    return picture((10, 10), "PNG", pnginfo=info)


BOMBS: dict[str, Callable[[], bytes]] = {
    "1 x 25,000,000": lambda: png(1, 25_000_000, 50_000_000, colors=0),
    "25,000,000 x 1": lambda: png(25_000_000, 1, 25_000_000, colors=0),
    "65,535 x 65,535": lambda: png(65_535, 65_535, 1_000_000),
    "2^31 x 2^31": lambda: png(2**31 - 1, 2**31 - 1, 1_000),
    "as many pixels as in print": lambda: picture((6000, 6000), "PNG"),
    "a GIF of 65,535 x 65,535": lambda: b"GIF89a" + b"\xff\xff\xff\xff\xf0\0\0" + bytes(6)
    + b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02L\x01\x00;",
    "a WebP of 16,384 x 16,384": lambda: b"RIFF" + struct.pack("<L", 100) + b"WEBPVP8X"
    + struct.pack("<L", 10) + b"\x10\0\0\0" + b"\xff\x3f\0" * 2 + bytes(80),
    "a lossless WebP of 16,383": lambda: b"RIFF" + struct.pack("<L", 100) + b"WEBPVP8L"
    + struct.pack("<LBL", 80, 0x2F, 16_382 | 16_382 << 14) + bytes(80),
    "a WebP of 12 million pixels": lambda: picture((4000, 3000), "WEBP"),
    "a JPEG of 65,500 x 65,500": lambda: picture((16, 16), "JPEG").replace(
        b"\x00\x10\x00\x10\x03", b"\xff\xdc\xff\xdc\x03"
    ),
    "a progressive JPEG of 25 million": lambda: picture((5000, 5000), "JPEG", progressive=True),
}  # fmt: skip
TROUBLE: dict[str, Callable[[], bytes]] = {
    "scans without end": lambda: scans_again(1500),
    "texts that swell": texts,
    "a profile that swells": lambda: with_chunk(
        b"iCCP", b"x\0\0" + zlib.compress(bytes(200_000_000), 9)
    ),
    "a text that swells": lambda: with_chunk(
        b"zTXt", b"x\0\0" + zlib.compress(bytes(200_000_000), 9)
    ),
    "fewer pixels than promised": lambda: png(3000, 3000, 1_000),
    "more pixels than promised": lambda: png(30, 30, 300_000_000),
    "a drawing": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 500_000,
    "a broken end": lambda: picture((3000, 1500), "PNG")[:-200],
    "a broken JPEG": lambda: picture((3000, 1500), "JPEG")[:9000],
    "odd EXIF": lambda: picture((30, 30), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "nothing": lambda: b"",
    "a thousand frames": lambda: picture(
        (600, 600), "GIF", "P", save_all=True,
        append_images=[Image.new("P", (600, 600), n % 250) for n in range(300)],
    ),
}  # fmt: skip
LARGEST: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: picture((3000, 3000), "PNG", "RGBA"),
    "PNG in few colors": lambda: picture((5000, 5000), "PNG", "P"),
    "PNG, very wide": lambda: picture((16_000, 560), "PNG", "RGBA"),
    "PNG, interlaced": lambda: png(2990, 2990, 27_000_000),
    "JPEG": lambda: picture((5000, 5000), "JPEG"),
    "JPEG, progressive": lambda: picture((2449, 2449), "JPEG", progressive=True, subsampling=0),
    "JPEG for print": lambda: picture((3000, 2000), "JPEG", "CMYK"),
    "GIF": lambda: picture((5000, 5000), "GIF", "P"),
    "WebP": lambda: picture((1920, 1080), "WEBP"),
    "WebP, lossless": lambda: picture((1920, 1080), "WEBP", "RGBA", lossless=True),
}


@linux_only
@pytest.mark.parametrize("name", [*BOMBS, *TROUBLE, *LARGEST])
def test_no_picture_takes_more_than_its_budget(name: str) -> None:
    file = {**BOMBS, **TROUBLE, **LARGEST}[name]()
    told = spent("picture", file, BUDGET, *map(str, KEPT_SIZE))
    assert told.status in (0, REFUSED, TOO_MUCH, -signal.SIGXCPU), told
    assert told.memory < 50, told
    assert told.seconds <= 2, told


def test_scans_without_end_are_ended() -> None:
    with pytest.raises(BadInput) as refused:
        redrawn(scans_again(1500))
    assert refused.value.sentence == TOO_MANY_PIXELS


@pytest.mark.parametrize("name", BOMBS)
def test_too_many_pixels_are_refused_before_any_is_unpacked(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        redrawn(BOMBS[name]())
    assert refused.value.sentence == TOO_MANY_PIXELS


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_pictures_are_taken(name: str) -> None:
    with Image.open(io.BytesIO(redrawn(LARGEST[name]()))) as kept:
        assert kept.width <= KEPT_SIZE[0]
        assert kept.height <= KEPT_SIZE[1]
        assert max(kept.width / KEPT_SIZE[0], kept.height / KEPT_SIZE[1]) == 1


@pytest.mark.parametrize("name", ["nothing", "a broken end", "fewer pixels than promised"])
def test_what_is_broken_is_no_picture(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        redrawn(TROUBLE[name]())
    assert refused.value.sentence == NO_PICTURE


def test_colors_edges_and_the_way_up_stay() -> None:
    clear = Image.new("RGBA", (3000, 1500), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 1500, 1500))
    file = io.BytesIO()
    clear.save(file, "PNG")
    with Image.open(io.BytesIO(redrawn(file.getvalue()))) as kept:
        assert kept.size == (1200, 600)
        assert kept.getpixel((300, 300)) == (0, 0, 255, 255)
        assert kept.getpixel((900, 300))[3] == 0  # type: ignore[index]
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (3000, 1000), "red").save(turned, "JPEG", exif=exif)
    with Image.open(io.BytesIO(redrawn(turned.getvalue()))) as kept:
        assert kept.size == (200, 600)
