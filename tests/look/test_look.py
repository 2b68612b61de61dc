"""The look of all pages, on one page that holds every macro: readable, reachable, steady.

A tiny app of its own, so that a part can be judged before any page uses it; the style guide can be
read in a browser by `python -m tests.look.test_look`.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
from flask import Flask, Response, g, render_template
from playwright.sync_api import Browser, Locator, Page, expect
from werkzeug.serving import make_server

from app import htmx, icons

HERE = Path(__file__).parent
APP = HERE.parent.parent / "app"
LEARNERS = [
    ("Ada Lovelace", "ada@example.com", "Completed", "Passed", "92 %"),
    ("Grace Brewster Murray Hopper", f"{'long' * 12}@example.com", "Completed", "Failed", "0 %"),
    ("Nguyễn Thị Minh Khai", "khai@example.vn", "In Progress", None, "–"),
    ("Zoë", "zoe@example.nl", "Not Started", None, "–"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL_TARGETS = """
() => [...document.querySelectorAll("a.button, button, input, select, summary, nav a, .quiet a")]
  .filter((e) => e.offsetParent && !e.closest("dialog, .toasts"))
  .filter((e) => e.type !== "checkbox" && e.type !== "hidden")
  .filter((e) => e.getBoundingClientRect().height < 43.5)
  .map((e) => e.outerHTML.slice(0, 90))
"""


def style_guide() -> Flask:
    app = Flask(__name__, static_folder=str(APP / "static"), template_folder=str(APP / "templates"))
    app.jinja_loader.searchpath.append(str(HERE / "templates"))  # type: ignore[union-attr]
    icons.init_app(app)
    htmx.init_app(app)
    app.jinja_env.globals.update(
        csp_nonce=lambda: g.nonce,
        csrf_token=lambda: "token",
        csrf_field=lambda: "",
        framed=lambda: False,
    )

    @app.before_request
    def nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'nonce-{g.nonce}'; style-src 'self' 'nonce-{g.nonce}';"
            " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'"
        )
        return response

    @app.get("/")
    def page() -> str:
        account = SimpleNamespace(display_name="Northwind Learning Group of the North")
        return render_template("style_guide.html", learners=LEARNERS, current_account=account)

    @app.post("/slow")
    def slow() -> tuple[str, dict[str, str]]:
        return "", {"HX-Trigger": '{"toast": {"text": "It is done.", "tone": "good"}}'}

    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, style_guide(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


Open = Callable[..., Page]


@pytest.fixture
def style_guide_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the style guide; anything the browser complains of meanwhile fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def guide(style_guide_page: Open) -> Page:
    return style_guide_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 900, 375])
def test_all_can_read_and_reach_it(
    style_guide_page: Open, axe: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = style_guide_page(width, scheme)
    page.evaluate(axe)
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), "it scrolls sideways"
    if width == 375:
        assert page.evaluate(SMALL_TARGETS) == []


CONTRAST = """(button) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const over = (element) => {
    if (element !== document.documentElement) over(element.parentElement);
    pen.fillStyle = getComputedStyle(element).backgroundColor;
    pen.fillRect(0, 0, 1, 1);
  };
  const light = () => {
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  over(button);
  const ground = light();
  pen.fillStyle = getComputedStyle(button).color;
  pen.fillRect(0, 0, 1, 1);
  const words = light();
  return (Math.max(ground, words) + 0.05) / (Math.min(ground, words) + 0.05);
}"""
KINDS = ("primary", "secondary", "danger", "plain")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_button_can_be_read_in_every_state(
    style_guide_page: Open, scheme: Literal["light", "dark"]
) -> None:
    page = style_guide_page(scheme=scheme)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for kind in KINDS:
        button = page.locator(f"#kinds .button.{kind}")
        for state in reached(page, button):
            page.wait_for_timeout(50)
            contrast = page.evaluate(CONTRAST, button.element_handle())
            assert contrast >= 4.5, f"{kind} {state} in {scheme}: {contrast:.2f}"


def reached(page: Page, button: Locator) -> Iterator[str]:
    """Brings the button into one state after the other."""
    page.mouse.move(0, 0)
    yield "at rest"
    button.hover()
    yield "under the pointer"
    page.mouse.down()
    yield "pressed"
    page.mouse.up()
    page.mouse.move(0, 0)
    button.focus()
    yield "in focus"
    button.evaluate("(one) => one.setAttribute('aria-busy', 'true')")
    yield "busy"
    button.hover(force=True)
    yield "busy under the pointer"
    button.evaluate("(one) => { one.ariaBusy = null; one.ariaDisabled = 'true'; }")
    yield "disabled under the pointer"
    page.mouse.move(0, 0)
    yield "disabled"


def test_an_answer_is_announced_and_its_button_free_again(guide: Page) -> None:
    guide.get_by_role("button", name="Sync All").click()
    expect(guide.get_by_role("status").filter(has_text="It is done.")).to_be_visible()
    expect(guide.locator("#slow")).not_to_have_attribute("aria-busy", "true")


def test_a_question_is_asked_before_deleting(guide: Page) -> None:
    sent: list[str] = []
    guide.on("request", lambda request: sent.append(request.url))
    guide.locator("#delete").click()
    question = guide.get_by_role("alertdialog")
    expect(question).to_contain_text("Delete the course?")
    guide.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(guide.locator("#delete")).to_be_focused()
    assert not [url for url in sent if url.endswith("/slow")]
    guide.locator("#delete").click()
    with guide.expect_request("**/slow"):
        question.get_by_role("button", name="Delete").click()


def test_copying_says_so_without_a_clipboard(guide: Page) -> None:
    guide.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    guide.clock.install()
    guide.clock.pause_at(guide.evaluate("Date.now() / 1000 + 60"))  # it says so for three seconds
    guide.get_by_role("button", name="Copy Course link").click()
    expect(guide.get_by_role("button", name="Copied Course link")).to_be_visible()
    assert guide.evaluate("document.getElementById('copy').selectionEnd") > 20


def test_a_disabled_button_explains_itself_and_does_nothing(guide: Page) -> None:
    button = guide.get_by_role("button", name="Upload (Connect SCORM Cloud first.)")
    expect(button).to_be_disabled()
    button.focus()
    expect(button).to_be_focused()


def test_enter_moves_a_switch_and_the_page_stays(guide: Page) -> None:
    with guide.expect_request("**/slow") as saved:
        guide.get_by_role("switch", name="Tag syncing").press("Enter")
    assert "tags=on" not in (saved.value.post_data or "")
    expect(guide.get_by_role("status").filter(has_text="It is done.")).to_be_visible()
    expect(guide.get_by_role("heading", name="Style guide", level=1)).to_be_visible()


def test_a_menu_opens_and_closes_by_keyboard(guide: Page) -> None:
    menu = guide.locator("details.menu").first
    menu.locator("summary").press("Enter")
    expect(menu.get_by_role("button", name="Remove")).to_be_visible()
    guide.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Remove")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


if __name__ == "__main__":
    style_guide().run()
