"""Copy buttons inside the CRM's frame, where browsers may keep their clipboard to themselves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

from tests.accounts.framing import framed, on_the_courses, settings
from tests.fixtures.stack import Stack

pytestmark = pytest.mark.flow

NO_CLIPBOARD = """Object.defineProperty(navigator, "clipboard", { value: {
  writeText: () => Promise.reject(new DOMException("", "NotAllowedError")),
} });"""
PRESS = re.compile("^Press (Ctrl|⌘)")
NOTHING_COPIES = NO_CLIPBOARD + "document.execCommand = () => false;"


def press_copy(
    page: Page, stack: Stack, said: str | re.Pattern[str], allowed: bool = True
) -> FrameLocator:
    """Goes to a text with a copy button inside the frame and presses it."""
    frame = framed(page, stack)
    if not allowed:
        page.evaluate(
            "() => { const frame = document.getElementById('app');"
            " frame.removeAttribute('allow'); frame.src = frame.src; }"
        )
    on_the_courses(frame)
    frame.get_by_role("link", name="Documentation").click()
    frame.get_by_role("button", name="Copy Postback address").click()
    expect(frame.locator("#announcements")).to_have_text(said)  # the button says so, too, for 3 s
    return frame


def pasted(page: Page, frame: FrameLocator, stack: Stack) -> None:
    """What a person pastes elsewhere is the address."""
    address = f"{stack.url}/api/webhooks/scorm-cloud"
    expect(frame.get_by_label("Postback address")).to_have_value(address)
    settings(frame, "Branding")
    field = frame.get_by_label("Organization name")
    field.focus()
    page.keyboard.press("ControlOrMeta+V")
    expect(field).to_have_value(address)


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "not-allowed"])
def test_copying_in_the_frame(installed: Stack, page: Page, allowed: bool) -> None:
    pasted(page, press_copy(page, installed, "Copied", allowed), installed)


def test_copying_without_the_browsers_clipboard(installed: Stack, context: BrowserContext) -> None:
    context.add_init_script(NO_CLIPBOARD)
    page = context.new_page()
    pasted(page, press_copy(page, installed, "Copied"), installed)


def test_where_nothing_copies_the_text_stands_selected(
    installed: Stack, context: BrowserContext
) -> None:
    context.add_init_script(NOTHING_COPIES)
    page = context.new_page()
    frame = press_copy(page, installed, PRESS)
    field = frame.get_by_label("Postback address")
    expect(field).to_be_focused()
    assert field.evaluate("one => one.selectionEnd - one.selectionStart === one.value.length")
    page.keyboard.press("ControlOrMeta+C")
    pasted(page, frame, installed)
