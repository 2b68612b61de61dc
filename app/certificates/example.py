"""The example certificate on the branding page: what its drawing in SVG needs of the real paper.

The template draws at the paper's own measures, so that both look alike; only the engraved curves,
the code and the size of the issuer's name have to be worked out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import segno
from markupsafe import Markup

from app import connections
from app.certificates import drawing, paper

NUMBER = "ABCDE-FGHJK-23456-MNPQR-STVWXY"
UNIT = 1000  # curves are drawn at this radius in whole numbers, and scaled
STEPS = 44  # for each turn; finer than a screen shows


@dataclass(frozen=True)
class Curve:
    """A curve of radius 1000 around its centre, and the scales at which it is drawn."""

    name: str
    path: str
    scales: tuple[float, ...]


def example(issuer: str) -> dict[str, Any]:
    """What the template takes, for an organisation of this name."""
    address = connections.public_address(f"/verify/{NUMBER}")
    return {
        "number": NUMBER,
        "address": address,
        "code": code(address),
        "panel": curves("panel", paper.ON_PANEL),
        "watermark": curves("watermark", paper.ON_PAPER),
        "issuer_size": drawing.issued_by(issuer).size,
    }


@lru_cache(maxsize=8)
def curves(name: str, wanted: paper.Curves) -> tuple[Curve, ...]:
    return tuple(
        Curve(
            f"{name}-{petals}",
            outline(petals, depth),
            tuple(round(radius / UNIT, 4) for radius in radii),
        )
        for petals, depth, radii in wanted
    )


def outline(petals: int, depth: float) -> str:
    """The curve as an SVG path, in steps from point to point."""
    points = [(round(x), round(y)) for x, y in paper.rosette(UNIT, petals, depth, STEPS)]
    steps = " ".join(
        f"{x - before_x} {y - before_y}" for (before_x, before_y), (x, y) in pairwise(points)
    )
    return f"M{points[0][0]} {points[0][1]}l{steps}z".replace(" -", "-")


@lru_cache(maxsize=8)
def code(address: str) -> Markup:
    """The QR code as an SVG of its own, without a size."""
    drawing = segno.make(address, error="m", micro=False)
    return Markup(drawing.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None))
