"""The branding page in a real browser, while somebody types, picks a color and chooses a logo."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from app.accounts.brand import readable_on_white, text_on
from tests.accounts.framing import connect, framed
from tests.fixtures.stack import Stack
from tests.settings.forms import picture

pytestmark = pytest.mark.flow
LONG = "The International Institute for Occupational Health and Safety of the Northern Countries"
SIZE = "font-size"


@pytest.fixture
def branding(page: Page, stack: Stack) -> Page:
    connect(page, stack)
    page.goto(f"{stack.url}/settings/branding")
    return page


def certificate(page: Page) -> Locator:
    return page.locator("#certificate-preview")


def report(page: Page) -> Locator:
    return page.locator("#report-preview")


@pytest.mark.parametrize("colour", ["#0b3d2e", "#ffd400"])
def test_both_documents_follow_name_and_colour(branding: Page, colour: str) -> None:
    name, room = certificate(branding).locator("p"), certificate(branding).locator("foreignObject")
    branding.get_by_label("Organization name").fill("Harbour")
    expect(name).to_have_text("Harbour")
    expect(report(branding).get_by_text("Harbour", exact=True)).to_be_visible()
    expect(room).to_have_attribute(SIZE, "17")
    branding.get_by_label("Organization name").fill(LONG)
    expect(name).to_have_text(LONG)
    assert 9 <= float(room.get_attribute(SIZE) or 0) < 17
    assert name.evaluate("text => text.scrollWidth <= text.clientWidth")
    branding.get_by_label("Primary color", exact=True).fill(colour)
    ink = readable_on_white(colour)
    for drawing in (certificate(branding), report(branding)):
        expect(drawing.locator(f"rect[fill='{colour}']")).to_have_count(1)
    heading = certificate(branding).get_by_text("CERTIFICATE OF COMPLETION")
    expect(heading).to_have_attribute("fill", ink)
    expect(report(branding).get_by_text("Learner", exact=True)).to_have_attribute("fill", ink)
    on_colour = report(branding).get_by_text("Training report", exact=True)
    expect(on_colour).to_have_attribute("fill", text_on(colour))
    words = "too pale to read" if ink != colour else "printed in white"
    expect(branding.locator("#color-guard").filter(has_text=words)).to_be_visible()
    branding.reload()  # nothing of this was saved
    expect(name).to_have_text("Demo Location")


def test_the_picker_and_the_code_keep_in_step(branding: Page) -> None:
    code, picker = (
        branding.get_by_label("Primary color", exact=True),
        branding.get_by_label("Pick the primary color"),
    )
    code.fill("#0B3D2E")
    expect(picker).to_have_value("#0b3d2e")
    expect(report(branding).locator("rect[fill='#0b3d2e']")).to_have_count(1)
    picker.fill("#aa3377")  # what the browser's own dialog does
    expect(code).to_have_value("#aa3377")
    expect(report(branding).locator("rect[fill='#aa3377']")).to_have_count(1)
    code.focus()
    branding.keyboard.press("Tab")
    expect(picker).to_be_focused()
    code.fill("#aa")
    expect(branding.locator("#color-guard").get_by_text("Not a color yet")).to_be_visible()
    expect(picker).to_have_value("#aa3377")
    code.fill("#aa3377")
    branding.get_by_role("button", name="Save branding").click()
    expect(branding.get_by_text("Branding is saved")).to_be_visible()
    expect(code).to_have_value("#aa3377")
    expect(picker).to_have_value("#aa3377")


def test_a_chosen_logo_is_seen_in_the_frame_and_kept_through_a_mistake(
    branding: Page, stack: Stack
) -> None:
    frame = framed(branding, stack)
    frame.get_by_role("link", name="Settings").click()
    frame.get_by_role("link", name="Branding").click()
    file = {"name": "logo.png", "mimeType": "image/png", "buffer": picture().getvalue()}
    frame.get_by_label("Primary color", exact=True).fill("#aa3377")  # both at once
    frame.get_by_label("…or a logo file").set_input_files([file])  # type: ignore[list-item]
    logos = frame.locator("#branding-preview image")
    expect(logos).to_have_count(2)
    expect(frame.locator("#report-preview rect[fill='#aa3377']")).to_have_count(1)
    expect(frame.locator("#logo-choice").get_by_text("The picture you chose")).to_be_visible()
    expect(logos).to_have_count(2)
    frame.get_by_label("Organization name").fill("x" * 121)
    frame.get_by_role("button", name="Save branding").click()
    expect(frame.get_by_text("The name has 121 characters")).to_be_visible()
    expect(logos).to_have_count(2)
    frame.get_by_label("Organization name").fill("Harbour")
    frame.get_by_role("button", name="Save branding").click()
    expect(frame.get_by_text("Branding is saved")).to_be_visible()
    expect(frame.get_by_role("img", name="Logo of Harbour")).to_be_visible()
    svg = {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    frame.get_by_label("…or a logo file").set_input_files([svg])  # type: ignore[list-item]
    expect(frame.locator("#logo-choice").get_by_text("An SVG drawing")).to_be_visible()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(branding: Page) -> None:
    sent: list[str] = []
    branding.on("request", lambda request: sent.append(request.method))
    branding.get_by_label("Organization name").fill("Still here")
    expect(report(branding).get_by_text("Still here", exact=True)).to_be_visible()
    sent.clear()
    chosen = branding.get_by_label("…or a logo file")
    huge = {"name": "huge.png", "mimeType": "image/png", "buffer": bytes(2 * 1024 * 1024 + 1)}
    chosen.set_input_files([huge])  # type: ignore[list-item]
    said = chosen.evaluate("input => input.validationMessage")
    assert said == "This file is larger than 2 MB. Choose a smaller picture."
    branding.get_by_role("button", name="Save branding").click()
    expect(chosen).to_be_focused()  # where the browser says it
    assert "POST" not in sent
    chosen.set_input_files([])
    branding.get_by_role("button", name="Save branding").click()
    expect(branding.get_by_text("Branding is saved")).to_be_visible()
