"""What the fault stories share: two accounts on one running stack, and everything done there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.chaos import messages
from tests.chaos.checker import Completion, Start, judge
from tests.chaos.scene import Company, Contact, starts_of
from tests.chaos.verdict import attend, verdict
from tests.fixtures.stack import Stack
from tests.waiting import eventually
from tools.processes import FIRST_GAP

COURSE = "Fire Safety at Work"
PATIENCE = 300.0  # seconds for one story's completions to be in the CRM


@dataclass
class Stage:
    """Each story takes contacts that no other one takes, and notes here what they really do."""

    company: Company
    other: Company  # an account that has nothing to do with the first one
    contacts: Iterator[Contact]
    enrolled: list[Contact] = field(default_factory=list)
    done: list[Completion] = field(default_factory=list)

    @property
    def stack(self) -> Stack:
        return self.company.stack

    @property
    def companies(self) -> list[Company]:
        return [self.company, self.other]

    @property
    def starts(self) -> list[Start]:
        """The starts of workflows that all this should lead to."""
        return list(starts_of([(one.id, COURSE) for one in self.enrolled], self.done))

    def enroll(self, number: int = 1) -> list[Contact]:
        found = [next(self.contacts) for _ in range(number)]
        for contact in found:
            self.enrolled.append(contact)
            self.company.enroll(contact, COURSE)
        return found

    def learners(self, number: int) -> list[Contact]:
        """Enrolled, and known to SCORM Cloud by now."""
        found = self.enroll(number)
        for contact in found:
            self.company.registration(contact, COURSE)
        return found

    def completes(self, contact: Contact, passed: bool = True, score: int = 95) -> None:
        self.done.append(self.company.play(contact, COURSE, passed, score))

    def login_of_the_other(self) -> messages.Login:
        """What the other account's customer proves its postbacks with."""
        contact = self.other.contacts()[0]
        self.other.enroll(contact, COURSE)
        return messages.login(self.other, self.other.registration(contact, COURSE))

    def postbacks_are_stored(self) -> None:
        """All that were sent have been acknowledged, and as many as there are completions."""
        cloud = self.stack.sandbox.cloud

        def stored() -> bool:
            counts = cloud.get("deliveries", limit=1)["counts"]
            return counts.get("delivered", 0) >= len(self.done) and not counts.get("pending")

        eventually(stored)

    def send_again(self) -> None:
        """What SCORM Cloud could not deliver it tries again some minutes later; here at once."""
        self.stack.wait_until_ready()
        self.stack.sandbox.cloud.post("deliveries/retry")

    def calm(self) -> None:
        """Both outside systems behave, and what ends is started again soon."""
        for system in (self.stack.sandbox.crm, self.stack.sandbox.cloud):
            system.faults()
        for company in self.companies:
            self.suspend(company, False)
        for keeper in self.stack.supervisor.keepers.values():
            keeper.gap = FIRST_GAP

    def suspend(self, company: Company, suspended: bool = True) -> None:
        crm = self.stack.sandbox.crm
        crm.post("suspend", location=company.location, suspended=suspended)

    def expect_each_once(self) -> None:
        """Waits until the CRM shows every completion so far exactly once, and nothing else."""
        deadline = time.monotonic() + PATIENCE
        while problems := self.judged():
            assert time.monotonic() < deadline, problems
            attend(self.company)
            time.sleep(0.3)

    def judged(self) -> list[str]:
        return judge(self.stack.sandbox.crm.get("ledger")["entries"], self.done, self.starts)

    def last_word(self) -> list[str]:
        """What is wrong when nothing is owed any more and nothing waits for a person."""
        return verdict(self.stack, self.companies, self.done, self.starts, hurried=True)
