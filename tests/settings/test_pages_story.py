"""All settings pages in a real browser: readable and reachable by everybody, at any width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.accounts.framing import connect
from tests.fixtures.stack import Stack
from tests.look.test_look import RULES, SMALL_TARGETS
from tests.settings.test_pages import PAGES

pytestmark = pytest.mark.flow
ROOT = "document.documentElement"


def test_everybody_can_read_and_reach_the_settings(page: Page, stack: Stack, axe: str) -> None:
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    connect(page, stack)
    for width, scheme in ((1280, "light"), (375, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for name in PAGES:
            page.goto(f"{stack.url}/settings/{name}")
            page.evaluate(axe)
            found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
            wrong = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]]
            assert (name, scheme, wrong) == (name, scheme, [])
            assert page.evaluate(f"{ROOT}.scrollWidth <= {ROOT}.clientWidth"), f"{name}: sideways"
            if width == 375:
                assert (name, page.evaluate(SMALL_TARGETS)) == (name, [])
    assert complaints == []
