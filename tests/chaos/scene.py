"""An account of the hub with courses and learners, worked with from outside as people would.

Everything goes through pages and controls; what somebody would try again, is tried again here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests

from sandbox.courses.build import build
from sandbox.demo import Admin, local
from tests.chaos.checker import Completion
from tests.fixtures.stack import Stack
from tests.waiting import eventually

T = TypeVar("T")
KEYS = {
    "demo-location": ("SANDBOX", "sandbox-secret"),
    "second-location": ("SECOND", "second-secret"),
}
COURSE_LINK = re.compile(r'href="/courses/([0-9a-f]{32})">([^<]+)<')
LINK = re.compile(r"http://[^\"\s]+/e/[\w-]+")
CONTACT_ROW = re.compile(r'/contacts/(\w+)">([^<]*)</a></td>\s*<td>([^<\s]+@[^<\s]+)</td>')
PATIENCE = 90.0  # seconds


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

    def __post_init__(self) -> None:
        self.admin = Admin(self.stack.url, self.stack.ports.crm_url, self.location)

    def prepare(self, folder: Path) -> None:
        """Installed, connected, provisioned, live, and with our two sample courses."""
        self.admin.install()
        self.admin.connect_scorm_cloud(*KEYS[self.location])
        self.admin.provision_objects()
        for package in build(folder):
            self.admin.upload(package)
        self.admin.post("/settings/account-mode/go-live")
        eventually(
            lambda: self.admin.sees("Everything is there", "/settings/custom-objects"), PATIENCE
        )
        eventually(lambda: self.admin.get("/courses").text.count("Ready") >= 2, PATIENCE)
        found = COURSE_LINK.findall(self.admin.get("/courses").text)
        self.courses = {title: id for id, title in found}

    def contacts(self) -> list[Contact]:
        """Those with an e-mail address of their own, in the CRM's order."""
        page = f"{local(self.stack.ports.crm_url)}/v2/location/{self.location}/contacts"
        rows = CONTACT_ROW.findall(requests.get(page, timeout=30).text)
        found = [Contact(*row) for row in rows]
        emails = [contact.email.casefold() for contact in found]
        return [one for one in found if emails.count(one.email.casefold()) == 1]

    def self_enrollment_link(self, course: str) -> str:
        page = self.admin.get(f"/courses/{self.courses[course]}").text
        return str(LINK.search(page)[0])  # type: ignore[index]

    def enroll(self, contact: Contact, course: str) -> None:
        """By the button on the course's page, pressed again until it works."""
        path = f"/courses/{self.courses[course]}/enrollments"
        persist(lambda: self.admin.post(path, contact=contact.id))

    def registered(self, contact: Contact, course: str) -> str | None:
        """The id under which SCORM Cloud knows the enrolment now, if it does."""
        return self._registrations(course).get(contact.email.casefold())

    def registration(self, contact: Contact, course: str) -> str:
        """The same, waiting until it does."""
        return eventually(lambda: self.registered(contact, course) or "", PATIENCE * 2)

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
            persist(lambda path=f"/courses/{course_id}/sync": self.admin.post(path))  # type: ignore[misc]

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
        return eventually(try_once, PATIENCE)[0]
    except AssertionError as error:
        raise AssertionError(f"{error}; {len(trouble)} tries, the last: {trouble[-3:]}") from None
