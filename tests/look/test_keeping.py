"""Where the focus goes, what is said, and what lies above: nobody loses hold of what they do.


The pages and their clock are the test's own; the scripts and style sheets are the hub's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, Response, jsonify, make_response, render_template, request
from playwright.sync_api import Locator, Page, expect
from werkzeug.serving import make_server

from app.htmx import toast, wants_fragment
from tests.look.test_look import style_guide

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
A_LOOK_MS = 11_000
SOON_MS = 1_000
LISTEN = """() => {
  window.heard = [];
  for (const region of document.querySelectorAll("[role=status], [role=alert]")) {
    new MutationObserver(() => {
      if (region.textContent) window.heard.push(`${region.role}: ${region.textContent}`);
    }).observe(region, { childList: true, characterData: true, subtree: true });
  }
}"""
FOCUSED = """() => {
  const element = document.activeElement;
  const row = element.closest("tr");
  return [element.tagName, row ? row.id : null, element.textContent.trim().split(/\\s+/)[0]];
}"""
COVERED = """() => {
  const toasts = document.getElementById("toasts").getBoundingClientRect();
  return [...document.querySelectorAll("a, button, input, summary, .fresh")]
    .filter((one) => !one.closest("#toasts, dialog") && one.checkVisibility())
    .filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 1 && box.left < toasts.right && box.right > toasts.left
        && box.top < toasts.bottom && box.bottom > toasts.top;
    }).map((one) => one.outerHTML.slice(0, 80));
}"""


@dataclass
class Class:
    names: list[str] = field(default_factory=lambda: ["Ada", "Bob", "Cyd", "Dan", "Eve"])
    scores: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(["Ada", "Bob", "Cyd", "Dan", "Eve"], "–")
    )
    asked: int = 0  # how often the place was read


def pages(room: Class) -> Flask:
    app = style_guide()

    @app.before_request
    def count() -> None:
        room.asked += request.path == "/class"

    def table(number: int) -> str:
        direction = "descending" if request.args.get("sort") else None
        names = [
            name for name in room.names if request.args.get("q", "").casefold() in name.casefold()
        ]
        return render_template(
            "_class.html" if wants_fragment() else "class.html",
            names=names,
            shown=names[(number - 1) * 3 : number * 3],
            scores=room.scores,
            page=number,
            direction=direction,
            url_of=lambda n: f"/class?page={n}",
            current_account=None,
        )

    @app.get("/class")
    def show() -> str:
        return table(request.args.get("page", 1, int))

    @app.post("/check/<name>")
    def check(name: str) -> Response:
        room.scores[name] = "checked"
        return toast(make_response(table(1)), f"{name} is checked.")

    @app.post("/remove/<name>")
    def remove(name: str) -> Response:
        room.names.remove(name)
        return toast(make_response(""), f"{name} was removed.")

    @app.get("/refused.csv")
    def refused() -> tuple[Response, int]:
        assert request.accept_mimetypes.best == "application/json"
        return jsonify(error="The list is too long for this kind of file."), 422

    @app.get("/class.csv")
    def file() -> Response:
        response = make_response("Ada\r\n")
        response.headers["Content-Disposition"] = 'attachment; filename="class.csv"'
        return response

    return app


@pytest.fixture
def room() -> Class:
    return Class()


@pytest.fixture
def address(room: Class) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, pages(room), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def classroom(page: Page, address: str) -> Iterator[Page]:
    """The class, with the page's clock in the test's hands; a complaint in the console fails it."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text))
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + timedelta(hours=1))
    page.goto(f"{address}/class")
    page.evaluate(LISTEN)
    yield page
    assert [line for line in complaints if "status of 422" not in line] == []


def button(page: Page, name: str) -> Locator:
    return page.locator(f"#row-{name}").get_by_role("button", name="Check")


def heard(page: Page) -> list[str]:
    page.clock.run_for(SOON_MS)
    words: list[str] = page.evaluate("() => window.heard.splice(0)")
    return words


def answered(page: Page, do: Callable[[], Any], path: str) -> int:
    """Does it, and returns the answer's status when it has been put into the page."""
    with page.expect_response(lambda response: path in response.url) as response:
        do()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return response.value.status


def the_clock_asks(page: Page) -> int:
    status = answered(page, lambda: page.clock.run_for(A_LOOK_MS), "/class")
    page.clock.run_for(50)
    return status


def open_menu(page: Page, name: str) -> None:
    page.locator(f"#row-{name} summary").press("Enter")
    expect(page.locator(f"#row-{name} .menu-list")).to_be_visible()


def remove(page: Page, name: str) -> None:
    open_menu(page, name)
    page.locator(f"#row-{name}").get_by_role("button", name="Remove").press("Enter")
    page.clock.run_for(50)
    yes = page.get_by_role("alertdialog").get_by_role("button", name="Remove")
    answered(page, lambda: yes.press("Enter"), "/remove/")
    expect(page.locator(f"#row-{name}")).to_have_count(0)
    page.clock.run_for(50)


# Focus


def test_the_clock_leaves_the_focus_where_it_is(classroom: Page, room: Class) -> None:
    button(classroom, "Bob").focus()
    room.scores["Bob"] = "95 %"
    the_clock_asks(classroom)
    expect(classroom.locator("#row-Bob")).to_contain_text("95 %")
    expect(button(classroom, "Bob")).to_be_focused()


def test_the_button_that_was_pressed_keeps_the_focus(classroom: Page) -> None:
    answered(classroom, lambda: button(classroom, "Bob").press("Enter"), "/check/Bob")
    expect(classroom.locator("#row-Bob")).to_contain_text("checked")
    expect(button(classroom, "Bob")).to_be_focused()


def test_after_a_removal_the_next_row_is_at_hand(classroom: Page) -> None:
    remove(classroom, "Ada")
    expect(classroom.locator("#row-Bob summary")).to_be_focused()


def test_after_the_last_removal_the_one_before_is_at_hand(classroom: Page) -> None:
    remove(classroom, "Cyd")
    expect(classroom.locator("#row-Bob summary")).to_be_focused()


def test_after_the_only_row_the_tables_heading_is_read(classroom: Page, room: Class) -> None:
    for name in ("Cyd", "Bob", "Ada"):
        remove(classroom, name)
    expect(classroom.get_by_role("heading", name="Learners")).to_be_focused()


def test_a_row_that_the_clock_takes_away_hands_the_focus_on(classroom: Page, room: Class) -> None:
    button(classroom, "Bob").focus()
    room.names.remove("Bob")
    the_clock_asks(classroom)
    expect(button(classroom, "Cyd")).to_be_focused()


def test_a_question_that_is_denied_leads_back_to_its_menu(classroom: Page) -> None:
    open_menu(classroom, "Bob")
    classroom.locator("#row-Bob").get_by_role("button", name="Remove").press("Enter")
    expect(classroom.get_by_role("alertdialog")).to_contain_text("Remove Bob from the class?")
    expect(classroom.get_by_role("button", name="Cancel")).to_be_focused()
    classroom.keyboard.press("Escape")
    classroom.clock.run_for(50)
    expect(classroom.locator("#row-Bob summary")).to_be_focused()


def test_escape_leads_from_the_menu_to_its_button(classroom: Page) -> None:
    open_menu(classroom, "Bob")
    classroom.keyboard.press("Tab")
    classroom.keyboard.press("Escape")
    expect(classroom.locator("#row-Bob summary")).to_be_focused()


def test_sorting_keeps_the_heading(classroom: Page) -> None:
    sort = classroom.get_by_role("link", name="Learner")
    answered(classroom, lambda: sort.press("Enter"), "sort=name")
    expect(sort).to_contain_text("sorted descending")
    expect(sort).to_be_focused()


def test_paging_to_the_end_leads_to_the_way_back(classroom: Page) -> None:
    answered(classroom, lambda: classroom.get_by_role("link", name="Next").press("Enter"), "page=2")
    expect(classroom.locator("#row-Dan")).to_be_visible()
    expect(classroom.get_by_role("link", name="Previous")).to_be_focused()


def test_a_dismissed_toast_leads_back_to_where_one_was(classroom: Page) -> None:
    answered(classroom, lambda: button(classroom, "Bob").press("Enter"), "/check/Bob")
    classroom.get_by_role("button", name="Dismiss").press("Enter")
    expect(classroom.locator(".toast")).to_have_count(0)
    expect(button(classroom, "Bob")).to_be_focused()


def test_who_clicks_beside_everything_is_left_alone(classroom: Page, room: Class) -> None:
    button(classroom, "Bob").focus()
    classroom.get_by_role("heading", level=1).click()
    classroom.clock.run_for(50)
    room.scores["Bob"] = "95 %"
    the_clock_asks(classroom)
    expect(classroom.locator("#row-Bob")).to_contain_text("95 %")
    assert classroom.evaluate("document.activeElement.matches('body, #main')")


def test_enter_in_the_search_asks_at_once_and_stays(classroom: Page, address: str) -> None:
    field = classroom.get_by_role("searchbox")
    field.fill("bo")
    answered(classroom, lambda: field.press("Enter"), "q=bo")
    expect(classroom.locator("tbody tr")).to_have_count(1)
    expect(classroom.get_by_role("heading", name="Class")).to_be_visible()
    expect(field).to_be_focused()
    expect(classroom).to_have_url(f"{address}/class?q=bo")


# What is said


def test_a_search_says_how_many_it_found(classroom: Page) -> None:
    field = classroom.get_by_role("searchbox")
    field.fill("a")
    answered(classroom, lambda: field.press("Enter"), "q=a")
    assert any(said.startswith("status: 2 learners") for said in heard(classroom))
    field.fill("an")
    answered(classroom, lambda: field.press("Enter"), "q=an")
    assert any(said.startswith("status: 1 learner") for said in heard(classroom))


def test_the_clock_says_what_has_changed_and_nothing_else(classroom: Page, room: Class) -> None:
    the_clock_asks(classroom)
    assert heard(classroom) == []
    room.scores["Bob"] = "95 %"
    the_clock_asks(classroom)
    assert heard(classroom) == ["status: Bob: 95 %"]


def test_paging_says_where_one_is(classroom: Page) -> None:
    answered(classroom, lambda: classroom.get_by_role("link", name="Next").press("Enter"), "page=2")
    [said] = heard(classroom)
    assert "Page 2 of 2" in said


def test_a_toast_is_said(classroom: Page) -> None:
    answered(classroom, lambda: button(classroom, "Bob").press("Enter"), "/check/Bob")
    [said] = heard(classroom)
    assert said.startswith("status: Bob is checked.")
    assert "Bob: checked" in said


def test_a_refused_file_says_why_in_the_page(classroom: Page) -> None:
    link = classroom.get_by_role("link", name="Refused")
    answered(classroom, lambda: link.press("Enter"), "refused.csv")
    expect(classroom.locator(".toast.bad")).to_contain_text("The list is too long")
    assert "alert: The list is too long for this kind of file." in heard(classroom)
    expect(link).to_be_focused()


def test_a_file_keeps_the_name_that_it_brings(classroom: Page) -> None:
    with classroom.expect_download() as download:
        classroom.get_by_role("link", name="File").press("Enter")
    assert download.value.suggested_filename == "class.csv"
    assert download.value.path().read_bytes() == b"Ada\r\n"


# The clock


def test_an_unchanged_place_costs_nothing(classroom: Page, room: Class) -> None:
    classroom.locator("#row-Bob").evaluate("(row) => { row.dataset.same = 'yes'; }")
    assert the_clock_asks(classroom) == 204
    expect(classroom.locator("#row-Bob[data-same]")).to_have_count(1)
    room.scores["Bob"] = "95 %"
    assert the_clock_asks(classroom) == 200


def test_nobody_asks_while_the_tab_is_hidden(classroom: Page, room: Class) -> None:
    asked = room.asked
    classroom.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true })"
    )
    classroom.clock.run_for(3 * A_LOOK_MS)
    assert room.asked == asked
    classroom.evaluate("delete document.hidden")
    the_clock_asks(classroom)
    assert room.asked > asked


def test_marked_words_are_left_alone(classroom: Page, room: Class) -> None:
    classroom.evaluate("getSelection().selectAllChildren(document.querySelector('#row-Bob th'))")
    room.scores["Bob"] = "95 %"
    classroom.clock.run_for(2 * A_LOOK_MS)
    assert classroom.evaluate("String(getSelection())") == "Bob"
    classroom.evaluate("getSelection().removeAllRanges()")
    the_clock_asks(classroom)
    expect(classroom.locator("#row-Bob")).to_contain_text("95 %")


# Toasts and menus


@pytest.mark.parametrize("width", [1280, 375])
def test_a_toast_lies_on_nothing_that_can_be_pressed(classroom: Page, width: int) -> None:
    classroom.set_viewport_size({"width": width, "height": 800})
    button(classroom, "Ada").press("Enter")
    expect(classroom.locator(".toast")).to_be_visible()
    for down in (0, 150, 150):
        classroom.mouse.wheel(0, down)
        classroom.clock.run_for(500)
        assert classroom.evaluate(COVERED) == []


def test_escape_dismisses_the_toast(classroom: Page) -> None:
    answered(classroom, lambda: button(classroom, "Bob").press("Enter"), "/check/Bob")
    expect(classroom.locator(".toast")).to_have_count(1)
    classroom.keyboard.press("Escape")
    expect(classroom.locator(".toast")).to_have_count(0)
    expect(button(classroom, "Bob")).to_be_focused()


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_menu_lies_inside_a_narrow_window(classroom: Page, side: str) -> None:
    classroom.set_viewport_size({"width": 375, "height": 500})
    menu = classroom.locator("#row-Ada details")
    menu.evaluate(
        "(menu, side) => { menu.style.position = 'fixed'; menu.style[side] = 0;"
        " menu.style.bottom = 0; }",
        side,
    )
    menu.locator("summary").press("Enter")
    expect(menu.locator(".menu-list")).to_have_css("position", "fixed")
    box = menu.locator(".menu-list").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 500
