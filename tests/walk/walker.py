"""Walks a page: presses each control in each way, and looks at what comes of it.

Each press starts from the page as it was first shown, over the same rows. What a press has brought
onto the page (a menu, a question, search results, a filter's table) is pressed in its turn.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Download, Error, Frame, Page, Request, Response

from tests.walk.controls import Control, Press, by_keyboard, by_mouse
from tests.walk.hub import Hub
from tests.walk.pages import EVERYTHING, Route

DEEPEST = 4  # presses one after the other: open a menu, choose, be asked, confirm
IN_THE_CRM = "crm:"  # an address of the CRM's desktop, whose frame is looked at
REACHED_MS = 10_000  # for a control to be where a mouse can press it
A_MOMENT = 1.0  # seconds until what has changed was announced at the latest
PATIENCE = 30.0
BLAMES_THE_NETWORK = (
    "could not be reached",
    "Check your connection",
    "Something went wrong on our side",
)
ASKED_OF_US = {409, 422, 429}  # refusals that may stand, if the page says why


@dataclass(frozen=True)
class Way:
    """How somebody looks at the hub: in the CRM's frame or a tab, through a window this wide."""

    name: str
    width: int
    framed: bool = False
    signed_in: bool = True

    def __str__(self) -> str:
        return f"{self.name}, {self.width} px"


IN_A_TAB = Way("in a tab", 1280)
IN_THE_FRAME = Way("in the frame", 375, framed=True)
AS_LEARNER = Way("as a learner", 375, signed_in=False)
WITHOUT_COOKIES = Way("as a learner with all cookies blocked", 1280, signed_in=False)


Step = tuple[Control, Press]


@dataclass
class Happened:
    """What the browser told of while something was pressed."""

    answers: list[Response] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # methods
    console: list[str] = field(default_factory=list)
    tabs: list[Page] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)


class Walker:
    """One person in front of one window, who remembers what was pressed already."""

    def __init__(self, hub: Hub, context: BrowserContext, way: Way) -> None:
        self.hub, self.context, self.way = hub, context, way
        context.set_default_timeout(REACHED_MS)
        self.page = context.new_page()
        self.happened = Happened()
        self.loading: set[Request] = set()
        self.faces: set[str] = set()
        self.faces_in_state: set[tuple[str, str]] = set()
        self.pressed: set[tuple[str, ...]] = set()
        self.complaints: list[str] = []
        self.fresh = True  # the next page is loaded, and not visited from the last one
        self.changed = False  # something was sent that may have changed the rows
        self.before = ""  # the words of the page before the press
        self.listen()

    def listen(self) -> None:
        self.page.on("request", self.on_request)
        self.page.on("requestfinished", self.on_end)
        self.page.on("requestfailed", self.on_end)
        self.page.on("response", lambda answer: self.happened.answers.append(answer))
        self.page.on("pageerror", lambda error: self.happened.console.append(str(error)))
        self.page.on("console", self.on_console)
        self.page.on("download", lambda one: self.happened.downloads.append(one))
        self.page.on("popup", lambda one: self.happened.tabs.append(one))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def on_request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.loading.add(request)  # what scripts ask for the page counts itself
        self.happened.sent.append(request.method)
        self.changed = self.changed or request.method != "GET"

    def on_end(self, request: Request) -> None:
        self.loading.discard(request)

    def on_console(self, message: Any) -> None:
        # What was refused is judged by its answer.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.happened.console.append(message.text)

    # Where we are

    @property
    def view(self) -> Frame:
        """The hub's own document: the frame in the CRM's page, or the page itself."""
        if self.way.framed:
            for frame in self.page.frames[1:]:
                if frame.parent_frame == self.page.main_frame:
                    return frame
        return self.page.main_frame

    def open(self, address: str) -> None:
        """Shows the page as somebody finds it who comes there."""
        self.loading.clear()
        if address.startswith(IN_THE_CRM):
            self.page.goto(self.hub.ports.crm_url + address.removeprefix(IN_THE_CRM))
        elif not self.way.signed_in:
            self.context.clear_cookies()
            self.page.goto(self.hub.url + address)
        elif not self.visited(address):
            if self.way.framed:
                self.page.goto(f"{self.hub.ports.crm_url}/v2/location/demo-location/app")
                self.quiet()
                assert self.visited(address)
            else:
                self.page.goto(self.hub.url + address)
        self.quiet()

    def load(self, address: str) -> None:
        """The same by the browser's own means, never from within the last page."""
        self.fresh = True
        self.open(address)

    def visited(self, address: str) -> bool:
        """As a link would take us there; False if this document does not know how."""
        if self.left_us or self.fresh:
            self.fresh = False
            return False
        try:
            return bool(
                self.view.evaluate("(path) => window.walk ? walk.visit(path) : false", address)
            )
        except Error:
            return False

    def quiet(self) -> None:
        """Returns when nothing is loading, asked for or being put in place."""
        deadline = time.monotonic() + PATIENCE
        calm = 0
        while calm < 1:
            assert time.monotonic() < deadline, f"{self.page.url} does not become quiet"
            try:
                busy = self.view.evaluate("() => window.walk ? walk.busy() : true")
            except Error:
                busy = True  # the document is being exchanged
            calm = 0 if busy or self.loading else calm + 1

    def mark(self) -> None:
        self.happened = Happened()
        self.before = self.view.evaluate("() => walk.mark()")

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = self.view.evaluate("() => walk.report()")
        return report

    def settled_report(self) -> dict[str, Any]:
        """What follows the last swap a moment later is in it: the focus, what is announced."""
        deadline = time.monotonic() + A_MOMENT
        report = self.report()
        while not report["renewed"] and time.monotonic() < deadline:
            if not report["swaps"] or (report["heard"] and not report["lostFocus"]):
                break
            self.page.wait_for_timeout(30)
            report = self.report()
        return report

    def controls(self) -> list[Control]:
        return [Control(**facts) for facts in self.view.evaluate("() => walk.controls()")]

    # Walking

    def walk_route(self, route: Route) -> list[str]:
        """What is wrong with the pages of a route, in the state of the account that it names."""
        self.complaints.clear()
        for name, address in route.addresses(self.hub.world.places):
            self.walk(f"{name}, account {route.state}", address, route.state)
        return list(self.complaints)

    def walk_alone(self, address: str, state: str = EVERYTHING, expected: int = 200) -> list[str]:
        """What is wrong with a page that the map of addresses does not name."""
        self.complaints.clear()
        self.walk(address, address, state, expected)
        return list(self.complaints)

    def walk(self, name: str, address: str, state: str, expected: int = 200) -> None:
        """Presses whatever stands at the address; notes what is not as it should be. `expected` is
        the status that the page itself is answered by."""
        self.hub.be(state)
        self.changed = False
        self.happened = Happened()
        self.fresh = not self.way.framed
        self.open(address)
        here = urlsplit(self.view.url).path
        face = self.view.evaluate("() => walk.face()")
        again = face in self.faces  # under another address, or in another state of the account
        if again and (face, state) in self.faces_in_state:
            return
        self.faces.add(face)
        self.faces_in_state.add((face, state))
        self.happened.answers = [
            one for one in self.happened.answers if one.status != expected or expected < 400
        ]
        self.complain_about_page(f"{name} · {self.way}")
        known: set[str] = set()
        waiting = deque(self.new_steps((), known, name, state))
        if again:  # it shows nothing new; what it sends may still end otherwise
            waiting = deque(step for step in waiting if step[-1][0].sends and not step[-1][0].typed)
        while waiting:
            steps = waiting.popleft()
            if not self.perform(steps, name, address, state):
                continue
            if len(steps) < DEEPEST and urlsplit(self.view.url).path == here:
                waiting.extend(self.new_steps(steps, known, name, state))

    def new_steps(
        self, before: tuple[Step, ...], known: set[str], name: str, state: str
    ) -> Iterator[tuple[Step, ...]]:
        """Whatever stands on the page now and was not there before, in every way to press it."""
        for control in self.controls():
            if control.kind in known:
                continue
            known.add(control.kind)
            if control.leads_out and control.target != "_blank":
                continue
            memory = self.memory(control, name, state)
            if memory in self.pressed:
                continue
            self.pressed.add(memory)
            for press in self.presses(control):
                yield (*before, (control, press))

    def memory(self, control: Control, name: str, state: str) -> tuple[str, ...]:
        """What is the same wherever it stands is pressed once: the links around the page."""
        if control.tag == "a" and control.stands != "page":
            return (control.address, control.name)
        if control.tag == "a" and not control.download:
            return (control.kind, name.partition(" (")[0])
        return (control.kind, name, state)

    def presses(self, control: Control) -> list[Press]:
        """A link does the same however it is pressed, in any browser: once is enough for it."""
        if control.tag == "a" and not control.download and control.target != "_blank":
            return by_mouse(control) if self.way.framed else by_keyboard(control)
        return by_mouse(control) + by_keyboard(control, "Space" if self.way.framed else "Enter")

    def perform(self, steps: tuple[Step, ...], name: str, address: str, state: str) -> bool:
        """Does the steps on the page as it was, and judges the last; False if one is in the way."""
        where = f"{name} · {' → '.join(f'{c}: {p.words}' for c, p in steps)} · {self.way}"
        if self.changed:
            self.hub.be(state)
            self.changed = False
        self.open(address)
        for control, press in steps:
            if trouble := self.do(control, press):
                self.complaints.append(f"{where}: {control} {trouble}")
                return False
        self.judge(where, *steps[-1])
        return True

    def do(self, control: Control, press: Press) -> str:
        """Presses and waits until it is quiet; returns what was in the way, if anything."""
        found = self.view.evaluate_handle("(kind) => walk.control(kind)", control.kind)
        element = found.as_element()
        if element is None:
            return "is gone when the page is opened again"
        self.mark()
        try:
            press.do(element)
        except Error as error:
            return f"cannot be pressed: {error.message.splitlines()[0]}"
        if control.delay:
            self.page.wait_for_timeout(control.delay + 20)  # the field itself waits so long
        self.quiet()
        return ""

    # Judging

    def judge(self, where: str, control: Control, press: Press) -> None:
        happened = self.happened
        if control.download or happened.downloads:
            self.judge_downloads(where, control)
            return
        if control.target == "_blank" and not self.arrives(happened.tabs):
            self.complaints.append(f"{where}: no new tab opens")
        for tab in happened.tabs:
            self.judge_tab(where, tab, control)
        self.complain_about_page(where)
        if self.left_us:
            return
        report = self.settled_report()
        self.judge_focus(where, report)
        self.judge_announcement(where, report)
        self.judge_effect(where, report, control, press)
        if report.get("menu") and not report["renewed"] and press.leads_somewhere and control.opens:
            self.judge_escape(where)

    @property
    def left_us(self) -> bool:
        return not self.view.url.startswith(self.hub.url)

    def complain_about_page(self, where: str) -> None:
        """What must hold of whatever the window shows."""
        if self.left_us:
            return
        report = self.report()
        say = [f"no whole page: {one} is missing" for one in report["missing"]]
        if self.way.width <= 375:
            say += [f"outside the window: {one}" for one in report["outside"]]
        say += [f"against the content policy: {one}" for one in report["policy"]]
        say += [
            f"blames the network: {toast}"
            for toast in report["toasts"]
            if any(words in toast for words in BLAMES_THE_NETWORK)
        ]
        say += [f"console: {text}" for text in self.happened.console]
        said = report["renewed"] and report["main"] != self.before
        explained = report["alerts"] or report["toasts"] or said
        may_stand = ASKED_OF_US if self.way.signed_in else ASKED_OF_US | {401}
        for answer in self.happened.answers:
            if answer.status >= 400 and not (answer.status in may_stand and explained):
                path = urlsplit(answer.url).path
                say.append(f"{answer.request.method} {path} is answered by {answer.status}")
        self.complaints += [f"{where}: {one}" for one in say]

    def judge_focus(self, where: str, report: dict[str, Any]) -> None:
        if not report["renewed"] and report["lostFocus"] and (report["swaps"] or report["changes"]):
            self.complaints.append(f"{where}: the keyboard's focus falls to the body")

    def judge_announcement(self, where: str, report: dict[str, Any]) -> None:
        """A part of the page was exchanged: whoever does not see it must hear of it."""
        if report["renewed"]:
            return
        parts = [one for one in report["swaps"] if one["target"] != "body" and not one["polled"]]
        seen = report["main"] != self.before  # an empty list that stays empty is no news
        if parts and seen and not report["heard"]:
            names = ", ".join(sorted({one["target"] for one in parts}))
            self.complaints.append(f"{where}: {names} changed and nothing was announced")

    def judge_effect(
        self, where: str, report: dict[str, Any], control: Control, press: Press
    ) -> None:
        if not press.leads_somewhere or self.happened.tabs:
            return
        if report["renewed"]:
            said = report["toasts"] or report["main"] != self.before
            if "POST" in self.happened.sent and not said:
                self.complaints.append(f"{where}: it was sent, and the page says nothing about it")
            return
        moved = report["movedFocus"] or report["changedValues"] or report["movedAddress"]
        if not (moved or report["changes"] or self.happened.sent):
            self.complaints.append(f"{where}: nothing happens")

    def judge_escape(self, where: str) -> None:
        self.page.keyboard.press("Escape")
        self.quiet()
        report = self.report()
        if report["menu"]:
            self.complaints.append(f"{where}, then Escape: it stays open")
        if report["lostFocus"]:
            self.complaints.append(f"{where}, then Escape: the keyboard's focus falls to the body")

    def arrives(self, expected: list[Any]) -> bool:
        """Waits for what a browser tells of a little later: a new tab, a download."""
        deadline = time.monotonic() + PATIENCE
        while not expected and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        return bool(expected)

    def judge_downloads(self, where: str, control: Control) -> None:
        if not self.arrives(self.happened.downloads):
            self.complaints.append(f"{where}: no file arrives")
        for download in self.happened.downloads:
            if trouble := download.failure():
                self.complaints.append(f"{where}: the download fails: {trouble}")
        self.complain_about_page(where)

    def judge_tab(self, where: str, tab: Page, control: Control) -> None:
        try:
            if control.leads_out:
                return  # whether it is there is not for us to say
            tab.wait_for_url(lambda url: url != "about:blank", wait_until="commit")
            tab.wait_for_load_state("domcontentloaded")
            words = tab.evaluate("() => document.body.innerText.trim().length + frames.length")
            if tab.url.startswith("chrome-error"):
                self.complaints.append(f"{where}: the new tab shows the browser's own error")
            elif not words:
                self.complaints.append(f"{where}: the new tab stays empty ({tab.url})")
            elif tab.url.startswith(self.hub.url):
                missing = tab.evaluate("() => window.walk ? walk.skeleton() : []")
                self.complaints += [f"{where}: in the new tab {one} is missing" for one in missing]
        except Error as error:
            self.complaints.append(f"{where}: the new tab: {error.message.splitlines()[0]}")
        finally:
            tab.close()
