"""scratch"""
from __future__ import annotations
import pytest
from playwright.sync_api import Page, expect
from tests.accounts.test_frame_story import connect
from tests.fixtures.stack import Stack
pytestmark = pytest.mark.flow

def test_look(page: Page, stack: Stack) -> None:
    messages = []
    page.on("console", lambda m: messages.append(m.text))
    connect(page, stack)
    page.goto(f"{stack.url}/settings/branding")
    page.get_by_label("Organization name").fill("Harbour Safety Training")
    page.get_by_label("Primary color").fill("#0b3d2e")
    page.locator("#certificate-preview").screenshot(path="/tmp/prev-1.png")
    page.get_by_label("Organization name").fill("The Extraordinarily Long Named International Institute for Occupational Health and Safety of Northern Europe")
    page.get_by_label("Primary color").fill("#ffd400")
    page.locator("#certificate-preview").screenshot(path="/tmp/prev-2.png")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 375):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"/tmp/brand-{scheme}-{width}.png", full_page=True)
            print(scheme, width, page.evaluate("document.documentElement.scrollWidth"))
    print(messages, len(page.locator("#certificate-preview").evaluate("e => e.outerHTML")))
