"""What the fault stories share: two accounts on one running stack, and everything done there."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos import messages
from tests.chaos.checker import Completion, Entry, Start, judge
from tests.chaos.scene import Company, Contact, starts_of
from tests.chaos.verdict import attend, verdict
from tests.fixtures.stack import Stack
from tests.waiting import eventually
from tools.processes import FIRST_GAP

COURSE = "Fire Safety at Work"
RECORDS = ("record_created", "record_updated")
PATIENCE = 300.0  # seconds for one story's completions to be in the CRM


@dataclass
class Stage:
    """Each story takes contacts that no other one takes, and notes here what they really do.

    A story waits for its own learners only. What earlier ones have left in doubt comes right while
    the next ones play, and is judged with everything else in the end.
    """

    company: Company
    other: Company  # an account that has nothing to do with the first one
    enrolled: list[Contact] = field(default_factory=list)
    done: list[Completion] = field(default_factory=list)
    before: int = 0  # how many had been enrolled when the present story began

    def __post_init__(self) -> None:
        self.contacts = {one.location: iter(one.contacts()) for one in self.companies}

    @property
    def stack(self) -> Stack:
        return self.company.stack

    @property
    def companies(self) -> list[Company]:
        return [self.company, self.other]

    def begin(self) -> None:
        """The next story begins, when everything answers."""
        self.stack.wait_until_ready()
        self.before = len(self.enrolled)

    def enroll(self, number: int = 1, company: Company | None = None) -> list[Contact]:
        company = company or self.company
        found = [next(self.contacts[company.location]) for _ in range(number)]
        for contact in found:
            self.enrolled.append(contact)
            company.enroll(contact, COURSE)
        return found

    def learners(self, number: int, company: Company | None = None) -> list[Contact]:
        """Enrolled, and known to SCORM Cloud by now."""
        company = company or self.company
        found = self.enroll(number, company)
        for contact in found:
            company.registration(contact, COURSE)
        return found

    def completes(
        self,
        contact: Contact,
        passed: bool = True,
        score: int = 95,
        company: Company | None = None,
    ) -> None:
        self.done.append((company or self.company).play(contact, COURSE, passed, score))

    def login_of_the_other(self) -> messages.Login:
        """What the other account's customer proves its postbacks with."""
        [contact] = self.learners(1, self.other)
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
        """Waits until the CRM shows every completion of this story exactly once, and nothing else
        of its learners."""
        deadline = time.monotonic() + PATIENCE
        while problems := self.judged():
            assert time.monotonic() < deadline, problems
            for company in self.companies:
                attend(company)
            time.sleep(0.3)

    def judged(self) -> list[str]:
        mine = {one.id for one in self.enrolled[self.before :]}
        done = [one for one in self.done if one.contact in mine]
        entries = self.stack.sandbox.crm.get("ledger")["entries"]
        return judge(without_others(entries, mine), done, starts(mine, done))

    def last_word(self) -> list[str]:
        """What is wrong with anybody of all stories when nothing is owed any more and nothing
        waits for a person."""
        everybody = [one.id for one in self.enrolled]
        expected = starts(everybody, self.done)
        return verdict(self.stack, self.companies, self.done, expected, hurried=True)


def starts(enrolled: Iterable[str], done: Iterable[Completion]) -> list[Start]:
    """The starts of workflows that all this should lead to."""
    return list(starts_of([(contact, COURSE) for contact in enrolled], done))


def without_others(entries: Iterable[Entry], contacts: set[str]) -> list[Entry]:
    """Without what was done for other contacts. Calls without an effect stay, and records, which
    belong to a contact only once they are related to it."""

    def concerns(entry: Entry) -> bool:
        effect = entry["effect"]
        return not effect or effect["kind"] in RECORDS or effect["contact"] in contacts

    return [entry for entry in entries if concerns(entry)]
