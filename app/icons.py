"""Icons inside our pages: `icon("circle-check")` in any template.

The drawings are Lucide's, copied to static/vendor/icons/ at set-up from the names in
static/icons.txt. They are put into the page itself, so that they take the colour of the text and
cost no request. A name that is not listed, or whose file is missing, stops the page with a
sentence that says what to do: a silently absent icon would only be noticed by a customer.
"""

import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from markupsafe import Markup

_DRAWING = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
_OPENING = (
    '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round" stroke-linejoin="round" focusable="false" {meaning}>'
)


class IconMissingError(LookupError):
    """A template asked for an icon that set-up has not provided."""


def init_app(app: Flask) -> None:
    static = Path(app.static_folder or "")
    app.jinja_env.globals["icon"] = icon_reader(static / "icons.txt", static / "vendor" / "icons")


def icon_reader(listed_in: Path, drawings: Path) -> Callable[..., Markup]:
    """The template function `icon(name, label=None)`; each drawing is read once."""
    names = set(listed_in.read_text().split())
    read: dict[str, str] = {}

    def icon(name: str, label: str | None = None) -> Markup:
        """The SVG: hidden from screen readers unless a `label` says what it means."""
        if name not in names:
            raise IconMissingError(f"Add {name!r} to {listed_in.name}, then run set-up again.")
        if name not in read:
            read[name] = _drawing(drawings / f"{name}.svg")
        meaning = (
            Markup('role="img" aria-label="{}"').format(label)
            if label
            else Markup('aria-hidden="true"')
        )
        return Markup(_OPENING).format(meaning=meaning) + Markup(read[name] + "</svg>")

    return icon


def _drawing(path: Path) -> str:
    """What stands between <svg> and </svg>; the vendor's own attributes are replaced by ours."""
    if not path.is_file():
        raise IconMissingError(f"{path.name} is not in {path.parent.name}/: run set-up again.")
    found = _DRAWING.search(path.read_text())
    if found is None:
        raise IconMissingError(f"{path.name} is not an SVG drawing.")
    return found.group(1).strip()
