"""A running SCORM Cloud stand-in with the player, and courses played in it as a learner would.

Only the public ways are used: courses come in and results come out through the API, and the
learner works in a browser.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from playwright.sync_api import BrowserContext, Dialog, Frame, Page

from tests.waiting import eventually


@dataclass(frozen=True)
class Stage:
    """The stand-in at one port, as the hub's side of the story sees it."""

    port: int

    @property
    def url(self) -> str:
        return f"http://cloud.localhost:{self.port}"

    @property
    def content(self) -> str:
        return f"http://content.cloud.localhost:{self.port}"

    @property
    def afterwards(self) -> str:
        """Where learners are sent on exit."""
        return f"{self.url}/sandbox/?left"

    def api(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(
            method,
            f"http://127.0.0.1:{self.port}/api/v2/{path}",
            auth=("SANDBOX", "sandbox-secret"),
            timeout=30,
            **options,
        )
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def ask(self, method: str, address: str, **options: Any) -> requests.Response:
        """Any request to one of the stand-in's host names, which only browsers can resolve."""
        where = urlsplit(address)
        headers = {"Host": where.netloc, **options.pop("headers", {})}
        here = f"http://127.0.0.1:{self.port}{where.path}"
        return requests.request(
            method, here, headers=headers, allow_redirects=False, timeout=30, **options
        )

    def course(self, package: Path) -> str:
        """Import a package and give the new course's id."""
        course = f"course-{uuid.uuid4().hex}"
        with package.open("rb") as file:
            job = self.api(
                "POST", f"courses/importJobs/upload?courseId={course}", files={"file": file}
            )["result"]
        outcome = eventually(lambda: self._finished(job))
        assert outcome["status"] == "COMPLETE", outcome
        return course

    def _finished(self, job: str) -> Any:
        state = self.api("GET", f"courses/importJobs/{job}")
        return state if state["status"] != "RUNNING" else None

    def enrol(self, package: Path) -> str:
        """Import a package, register Ann Lee for it, and give the registration's id."""
        registration = f"registration-{uuid.uuid4().hex}"
        learner = {"id": "ann", "firstName": "Ann", "lastName": "Lee"}
        body = {
            "courseId": self.course(package),
            "registrationId": registration,
            "learner": learner,
        }
        self.api("POST", "registrations", json=body)
        return registration

    def link(self, registration: str, **wanted: Any) -> str:
        body = {"redirectOnExitUrl": self.afterwards, **wanted}
        answer = self.api("POST", f"registrations/{registration}/launchLink", json=body)
        return str(answer["launchLink"])

    def result(self, registration: str) -> dict[str, Any]:
        """The registration with everything in it."""
        detail = (
            "includeChildResults=true&includeRuntime=true&includeInteractionsAndObjectives=true"
        )
        return dict(self.api("GET", f"registrations/{registration}?{detail}"))

    def outcome(self, registration: str) -> tuple[str, str, float | None]:
        """Completion, success and score in one."""
        shown = self.api("GET", f"registrations/{registration}")
        score = shown.get("score")
        return (
            shown["registrationCompletion"],
            shown["registrationSuccess"],
            score["scaled"] if score else None,
        )

    def launches(self, registration: str) -> list[dict[str, Any]]:
        return list(self.api("GET", f"registrations/{registration}/launchHistory")["launchHistory"])


class Learner:
    """Somebody at a browser, with one course open at a time. Says yes to what a course asks."""

    def __init__(self, stage: Stage, context: BrowserContext) -> None:
        self.stage = stage
        self.context = context
        self.page: Page = context.new_page()
        self.page.on("dialog", self._agree)

    def _agree(self, dialog: Dialog) -> None:
        dialog.accept()

    def open(self, registration: str, **wanted: Any) -> None:
        """Launch the course in a fresh window."""
        if self.page.url != "about:blank":
            self.page.close()
            self.page = self.context.new_page()
            self.page.on("dialog", self._agree)
        self.page.goto(self.stage.link(registration, **wanted))

    def close_window(self) -> None:
        """Close without a word to anybody; unload handlers run as they would."""
        with self.page.expect_event("close"):
            self.page.close(run_before_unload=True)

    def leave(self) -> None:
        """Press Exit and arrive where the hub wanted."""
        self.page.click("#exit")
        self.page.wait_for_url(self.stage.afterwards)

    @property
    def course(self) -> Frame:
        """The document of the item that is open, when its scripts have run."""
        element = self.page.wait_for_selector("#place:not([aria-busy=true]) iframe")
        frame = element.content_frame() if element else None
        assert frame is not None
        frame.wait_for_url(lambda url: "/course/" in url, wait_until="domcontentloaded")
        return frame

    def open_item(self) -> str:
        """Title of the item that is open, by the table of contents."""
        name = self.page.locator("#contents [aria-current] .name").text_content()
        return (name or "").strip()

    def wait_for_item(self, title: str) -> None:
        """Until this item is open and the player can be used again."""
        current = self.page.locator("#contents [aria-current] .name", has_text=title)
        current.wait_for(state="attached")
        self.page.locator("#place:not([aria-busy=true]) iframe").wait_for()

    def until(self, question: Callable[[], Any], seconds: float = 90) -> Any:
        """Wait for something outside of the page, while the browser goes on working."""

        def asked() -> Any:
            if not self.page.is_closed():
                self.page.wait_for_timeout(50)
            return question()

        return eventually(asked, seconds)
