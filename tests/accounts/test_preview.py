"""The example certificate on the branding page, in a real browser, while somebody types."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.accounts.brand import readable_on_white, text_on
from tests.accounts.test_frame_story import connect
from tests.fixtures.stack import Stack

pytestmark = pytest.mark.flow
LONG = "The International Institute for Occupational Health and Safety of the Northern Countries"
SIZE = "font-size"


@pytest.mark.parametrize("colour", ["#0b3d2e", "#ffd400"])
def test_it_follows_name_and_colour(page: Page, stack: Stack, colour: str) -> None:
    connect(page, stack)
    page.goto(f"{stack.url}/settings/branding")
    drawing = page.locator("#certificate-preview")
    name, room = drawing.locator("[data-text=name]"), drawing.locator("foreignObject")
    page.get_by_label("Organization name").fill("Harbour")
    expect(name).to_have_text("Harbour")
    expect(room).to_have_attribute(SIZE, "17")
    page.get_by_label("Organization name").fill(LONG)
    expect(name).to_have_text(LONG)
    assert 9 <= float(room.get_attribute(SIZE) or 0) < 17
    assert name.evaluate("text => text.scrollWidth <= text.clientWidth")
    page.get_by_label("Primary color").fill(colour)
    expect(drawing.locator("[data-brand='fill:colour']")).to_have_attribute("fill", colour)
    on_panel = drawing.locator("[data-brand='color:onColour']")
    expect(on_panel).to_have_attribute("color", text_on(colour))
    ink = [int(readable_on_white(colour)[at : at + 2], 16) for at in (1, 3, 5)]
    heading = drawing.get_by_text("CERTIFICATE OF COMPLETION")
    expect(heading).to_have_attribute("fill", f"rgb({ink[0]} {ink[1]} {ink[2]})")
