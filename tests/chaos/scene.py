"""An account of the hub with courses and learners, worked with from outside as people would.

Everything goes through pages and controls; what somebody would try again, is tried again here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests

from sandbox.courses.build import build
from sandbox.demo import Admin, local
from tests.chaos.checker import Completion, Start
from tests.fixtures.stack import Stack
from tests.waiting import eventually

T = TypeVar("T")
KEYS = {
    "demo-location": ("SANDBOX", "sandbox-secret"),
    "second-location": ("SECOND", "second-secret"),
}
COURSE_ROW = re.compile(
    r'<tr id="course-([0-9a-f]{32})".*?class="cell-main"[^>]*>([^<]+)<.*?'
    r'data-label="Status">(.*?)</td>',
    re.DOTALL,
)
LINK = re.compile(r"http://[^\"\s]+/e/[\w-]+")
CONTACT_ROW = re.compile(r'/contacts/(\w+)">([^<]*)</a></td>\s*<td>([^<\s]+@[^<\s]+)</td>')
EVENTS = ("enrolled", "course_completed", "course_failed")
SECRET = {"X-Workflow-Secret": "sandbox-workflow-secret"}
PATIENCE = 90.0  # seconds
# While Redis is away nobody asks the CRM, and a busy machine needs a minute to start a program.
PERSISTENCE = 300.0


@dataclass(frozen=True)
class Contact:
    id: str
    name: str
    email: str


@dataclass
class Company:
    """One account, its contacts in the CRM, and the courses that are ready, by title."""

    stack: Stack
    location: str = "demo-location"
    courses: dict[str, str] = field(default_factory=dict)
    reconnected: int = 0

    def __post_init__(self) -> None:
        self.admin = Admin(self.stack.url, self.stack.ports.crm_url, self.location)

    def prepare(self, folder: Path) -> None:
        """Installed, connected, provisioned, live, and with our two sample courses."""
        self.admin.install()
        self.admin.connect_scorm_cloud(*KEYS[self.location])
        self.admin.provision_objects()
        packages = build(folder)
        for package in packages:
            self.admin.upload(package)
        self.admin.post("/settings/account-mode/go-live")
        eventually(
            lambda: self.admin.sees("Everything is there", "/settings/custom-objects"), PATIENCE
        )
        self.courses = eventually(lambda: self._all_ready(len(packages)), PATIENCE)

    def _all_ready(self, number: int) -> dict[str, str] | None:
        """The courses once so many are Ready: until then a course is called like its file."""
        ready = ready_courses(self.admin.get("/courses").text)
        return ready if len(ready) == number else None

    def use_in_workflows(self) -> None:
        """A workflow of the CRM for each of our events starts on it from now on."""
        crm = self.stack.sandbox.crm
        for event in EVENTS:
            crm.post(
                "trigger-subscription",
                location=self.location,
                key=event,
                url=f"{self.stack.url}/api/workflows/triggers",
                headers=SECRET,
            )
        eventually(lambda: not crm.get("deliveries", limit=1)["counts"].get("pending"), PATIENCE)

    def contacts(self) -> list[Contact]:
        """Those with an e-mail address of their own, in the CRM's order."""
        page = f"{local(self.stack.ports.crm_url)}/v2/location/{self.location}/contacts"
        rows = CONTACT_ROW.findall(requests.get(page, timeout=30).text)
        found = [Contact(id, html.unescape(name), email) for id, name, email in rows]
        emails = [contact.email.casefold() for contact in found]
        return [one for one in found if emails.count(one.email.casefold()) == 1]

    def self_enrollment_link(self, course: str) -> str:
        page = self.admin.get(f"/courses/{self.courses[course]}").text
        return str(LINK.search(page)[0])  # type: ignore[index]

    def enroll(self, contact: Contact, course: str) -> None:
        """By the button on the course's page, pressed again until it works."""
        path = f"/courses/{self.courses[course]}/enrollments"
        persist(lambda: self._press(path, contact=contact.id))

    def registered(self, contact: Contact, course: str) -> str | None:
        """The id under which SCORM Cloud knows the enrolment now, if it does."""
        return self._registrations(course).get(contact.email.casefold())

    def registration(self, contact: Contact, course: str) -> str:
        """The same, waiting until it does."""
        try:
            return eventually(lambda: self.registered(contact, course) or "", PERSISTENCE)
        except AssertionError as error:
            raise AssertionError(
                f"SCORM Cloud knows nobody at {contact.email} on “{course}” in {self.location},"
                f" only {self._registrations(course)}: {error}"
            ) from None

    def known_registrations(self) -> list[str]:
        """The ids of all that SCORM Cloud has of our courses."""
        return [id for course in self.courses for id in self._registrations(course).values()]

    def open_course(self, contact: Contact, course: str) -> None:
        """Begins the course and leaves it again."""
        registration = self.registration(contact, course)
        outcome = {"completion": "INCOMPLETE", "success": "UNKNOWN", "seconds": 20}
        self.stack.sandbox.cloud.post("play", registrationId=registration, **outcome)

    def play(
        self, contact: Contact, course: str, passed: bool = True, score: int = 95
    ) -> Completion:
        """The robot learner plays the course to its end."""
        registration = self.registration(contact, course)
        return self.play_registration(contact, registration, course, passed, score)

    def play_registration(
        self, contact: Contact, registration: str, course: str, passed: bool = True, score: int = 95
    ) -> Completion:
        success = "PASSED" if passed else "FAILED"
        outcome = {"completion": "COMPLETED", "success": success, "score": score, "seconds": 60}
        self.stack.sandbox.cloud.post("play", registrationId=registration, **outcome)
        return Completion(self.location, contact.id, course, passed, score)

    def sync_all(self) -> None:
        for course_id in self.courses.values():
            persist(lambda path=f"/courses/{course_id}/sync": self._press(path))  # type: ignore[misc]

    def heed_banner(self) -> None:
        """Presses Reconnect if the hub's pages ask for it."""
        if self.admin.sees("Reconnect", "/activity"):
            self.admin.install()
            self.reconnected += 1

    def _press(self, path: str, **fields: str) -> None:
        """One press of a button, and what the answer asks for if it does not work."""
        try:
            self.admin.post(path, **fields)
        except SystemExit as refusal:
            if "Reconnect" in str(refusal):
                self.heed_banner()
            raise

    def _registrations(self, course: str) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.stack.ports.cloud}/api/v2/registrations"
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        while True:
            try:
                answer = requests.get(url, auth=KEYS[self.location], params=more, timeout=30).json()
            except (requests.RequestException, ValueError):
                return {}
            for one in answer.get("registrations", []):
                if one["course"]["title"] == course and one["learner"].get("email"):
                    found[one["learner"]["email"].casefold()] = one["id"]
            if not answer.get("more"):
                return found
            more = {"more": answer["more"]}


def ready_courses(page: str) -> dict[str, str]:
    """The ids, by title, of the courses that the list on this page shows as Ready."""
    rows = COURSE_ROW.findall(page)
    return {html.unescape(title): id for id, title, status in rows if ">Ready<" in status}


def starts_of(enrolled: Iterable[tuple[str, str]], done: Iterable[Completion]) -> Iterator[Start]:
    """What workflows should have been started: by enrolments (contact, course) and completions."""
    for contact, course in enrolled:
        yield Start("enrolled", contact, course)
    for one in done:
        yield Start("course_completed", one.contact, one.course)
        if not one.passed:
            yield Start("course_failed", one.contact, one.course)


def persist(attempt: Callable[[], T]) -> T:
    """What a patient person does: the same again until it works. Says at last why it did not."""
    trouble: list[str] = []

    def try_once() -> list[T]:
        try:
            return [attempt()]
        except (SystemExit, requests.RequestException) as error:
            trouble.append(str(error))
            return []

    try:
        return eventually(try_once, PERSISTENCE)[0]
    except AssertionError as error:
        raise AssertionError(f"{error}; {len(trouble)} tries, the last: {trouble[-3:]}") from None
