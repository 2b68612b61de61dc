"""Answers that come late, or in another order than they were asked for, meet a quick person.

The page's clock and the answers move only when a test says so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, render_template, request
from playwright.sync_api import Locator, Page, expect
from werkzeug.serving import make_server

from tests.holding import held
from tests.look.test_look import style_guide

CLOCK = "**/place"
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
A_LOOK_MS = 11_000  # the place reads itself again every ten seconds
COUNTS = """() => {
  let answers = 0;
  document.addEventListener("htmx:beforeRequest", ({ detail: { xhr } }) => {
    xhr.addEventListener("loadend", () => {
      document.documentElement.dataset.answers = ++answers;
    });
  });
}"""


def pages() -> Flask:
    app = style_guide()

    @app.get("/order")
    @app.get("/visit/<words>")
    def visit(words: str = "Order") -> str:
        return render_template("order.html", heading=words, words="at first", current_account=None)

    @app.get("/place")
    def place() -> str:
        asked = request.args.get("q")
        words = f"found {asked}" if asked else "by the clock"
        return render_template("place.html", words=words)

    @app.post("/<deed>")
    def deed(deed: str) -> str:
        return render_template("place.html", words=f"after {deed}")

    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, pages(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def place(page: Page, address: str) -> Page:
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + timedelta(hours=1))
    page.goto(f"{address}/order")
    page.evaluate(COUNTS)
    return page


def words(page: Page) -> Locator:
    return page.locator("#words")


def the_clock_asks(page: Page) -> None:
    with page.expect_request(CLOCK):
        page.clock.run_for(A_LOOK_MS)


def answers(page: Page, number: int) -> None:
    """Returns when so many answers have come and whatever they lead to is done."""
    expect(page.locator(f"html[data-answers='{number}']")).to_have_count(1)


def test_a_place_reads_itself_again(place: Page) -> None:
    the_clock_asks(place)
    expect(words(place)).to_have_text("by the clock")
    the_clock_asks(place)  # and goes on


def test_an_open_menu_stays_under_the_finger(place: Page) -> None:
    with held(place, CLOCK):
        the_clock_asks(place)
        place.locator("summary").click()
    answers(place, 1)
    expect(place.get_by_role("button", name="Remove")).to_be_visible()
    place.keyboard.press("Escape")
    the_clock_asks(place)  # closed again, so it is read again
    expect(words(place)).to_have_text("by the clock")


def test_a_question_may_be_thought_about(place: Page) -> None:
    with held(place, CLOCK):
        the_clock_asks(place)
        place.locator("summary").click()
        place.get_by_role("button", name="Remove").click()
        expect(place.get_by_role("alertdialog")).to_contain_text("Remove Ada?")
    answers(place, 1)
    place.clock.run_for(A_LOOK_MS)
    place.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(words(place)).to_have_text("after remove")


def test_a_button_that_is_pressed_down_is_not_taken_away(place: Page) -> None:
    retry = place.get_by_role("button", name="Retry")
    with held(place, CLOCK):
        the_clock_asks(place)
        retry.hover()
        place.mouse.down()
    answers(place, 1)
    place.mouse.up()
    expect(words(place)).to_have_text("after retry")


def test_a_button_works_while_the_clock_asks(place: Page) -> None:
    """Its answer stays, although the clock asked before and is answered after."""
    with held(place, CLOCK):
        the_clock_asks(place)
        place.get_by_role("button", name="Retry").click()
        expect(words(place)).to_have_text("after retry")
    answers(place, 2)
    expect(words(place)).to_have_text("after retry")


@pytest.mark.parametrize("while_it_is_typed", [True, False])
def test_what_was_searched_for_is_shown(place: Page, while_it_is_typed: bool) -> None:
    """Whether the clock asks before somebody does, or wants to while the answer is on its way."""
    asked_by_the_clock = held(place, CLOCK)
    with held(place, "**/place?q=*"):
        if while_it_is_typed:
            with asked_by_the_clock:
                the_clock_asks(place)
                search(place)
            answers(place, 1)
        else:
            search(place)
            place.clock.run_for(A_LOOK_MS)
    expect(words(place)).to_have_text("found ada")


def search(page: Page) -> None:
    page.get_by_role("searchbox").fill("ada")
    with page.expect_request("**/place?q=ada"):
        page.clock.run_for(400)


def test_of_two_visits_the_later_counts(place: Page, address: str) -> None:
    heading = place.get_by_role("heading", level=1)
    with held(place, "**/visit/first"):
        visit(place, "first")
        visit(place, "second")
        expect(heading).to_have_text("second")
    answers(place, 2)
    expect(heading).to_have_text("second")
    expect(place).to_have_url(f"{address}/visit/second")


def test_of_two_wishes_for_one_place_the_later_counts(place: Page) -> None:
    """Also when the earlier answer replaces what the later one was to replace."""
    with held(place, "**/place?q=*"):
        with held(place, "**/retry"):
            place.get_by_role("button", name="Retry").click()
            search(place)
        answers(place, 1)
    expect(words(place)).to_have_text("found ada")


def visit(page: Page, name: str) -> None:
    """Follows a link of this page, as a boosted one."""
    with page.expect_request(f"**/visit/{name}"):
        page.get_by_role("link", name=name).click()
