"""Icons: what templates ask for is there, and what is not there is noticed at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.icons import IconMissingError, icon_reader

APP = Path(__file__).parent.parent / "app"
LISTED = APP / "static" / "icons.txt"
DRAWINGS = APP / "static" / "vendor" / "icons"


def used_in_templates() -> set[str]:
    """Names given to icon() or as icon_name=; those chosen by a variable are checked when drawn."""
    given = re.compile(r"""\bicon(?:_name=|\()\s*["']([a-z0-9-]+)["']""")
    return {
        name
        for page in (APP / "templates").rglob("*.html")
        for name in given.findall(page.read_text())
    }


@pytest.mark.parametrize("name", sorted(used_in_templates() | set(LISTED.read_text().split())))
def test_each_icon_is_drawn(name: str) -> None:
    drawn = icon_reader(LISTED, DRAWINGS)(name)
    assert drawn.startswith('<svg class="icon"')
    assert drawn.count("<svg") == drawn.count("</svg>") == 1


def test_an_icon_is_silent_unless_it_has_a_meaning() -> None:
    icon = icon_reader(LISTED, DRAWINGS)
    assert 'aria-hidden="true"' in icon("award")
    assert 'role="img" aria-label="Certificate &amp; more"' in icon("award", "Certificate & more")


def test_an_unlisted_icon_says_what_to_do() -> None:
    with pytest.raises(IconMissingError, match=r"Add 'sparkles' to icons\.txt"):
        icon_reader(LISTED, DRAWINGS)("sparkles")


def test_a_listed_icon_that_setup_did_not_bring_says_so(tmp_path: Path) -> None:
    with pytest.raises(IconMissingError, match="run set-up again"):
        icon_reader(LISTED, tmp_path)("award")
