"""An account that is really installed at the sandbox CRM, and eyes that look into that CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app import connections
from app.clients.crm import Contact, Crm
from app.extensions import db
from app.models import Account, Course, Enrollment, Learner, acting_for
from app.sync import push
from tests.factories import install_account, make_course, make_enrollment, make_learner
from tests.fixtures.sandbox import Sandbox

Work = Callable[..., None]


class InCrm:
    """What the CRM shows, asked as any other app would, and what its ledger says we wrote."""

    def __init__(self, account: Account, sandbox: Sandbox) -> None:
        self.account_id, self.location_id, self.sandbox = account.id, account.location_id, sandbox
        self.seen = 0

    @property
    def crm(self) -> Crm:
        account = db.session.get(Account, self.account_id)
        assert account is not None
        return connections.crm(account)

    def tags(self, contact_id: str) -> set[str]:
        return {tag for tag in self.crm.contact(contact_id).tags if tag.startswith("scorm")}

    def notes(self, contact_id: str) -> list[str]:
        return [note.body for note in self.crm.notes(contact_id)]

    def records(self, kind: str = "training_record") -> list[dict[str, Any]]:
        return [
            effect["value"]["properties"]
            for effect in self.sandbox.crm.effects("record_created")
            if effect["value"]["objectKey"] == f"custom_objects.{kind}"
        ]

    def written(self) -> list[str]:
        """The kinds of effects since the last look."""
        return [effect["kind"] for effect in self._news() if effect]

    def calls(self) -> int:
        """How many calls that change something reached the CRM since the last look."""
        entries = self._entries()
        return len({entry["call"] for entry in entries if entry["method"] != "GET"})

    def _news(self) -> list[dict[str, Any]]:
        return [entry["effect"] for entry in self._entries() if entry["applied"]]

    def _entries(self) -> list[dict[str, Any]]:
        answer = self.sandbox.crm.get("ledger", since=self.seen)
        self.seen = answer["next"]
        return [one for one in answer["entries"] if "/oauth/" not in one["path"]]


@pytest.fixture
def account(app: Flask, sandbox: Sandbox) -> Iterator[Account]:
    account = install_account(sandbox)
    with acting_for(account.id):
        yield account


@pytest.fixture
def in_crm(account: Account, sandbox: Sandbox) -> InCrm:
    return InCrm(account, sandbox)


@pytest.fixture
def contact(in_crm: InCrm) -> Contact:
    """A contact of the demo location that belongs to a company."""
    found = in_crm.crm.contact_by_email("zoe.angstrom@example.org")
    found = found or in_crm.crm.search_contacts("zoe")[0]
    return in_crm.crm.contact(found.id)


@pytest.fixture
def course(account: Account) -> Course:
    return make_course(account, title="First aid")


@pytest.fixture
def learner(account: Account, contact: Contact) -> Learner:
    return make_learner(
        account,
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=contact.email,
        contact_id=contact.id,
        business_id=contact.business_id,
        company_name=contact.company_name,
    )


@pytest.fixture
def enrollment(course: Course, learner: Learner) -> Enrollment:
    return make_enrollment(course, learner)


@pytest.fixture
def provisioned(account: Account, work: Work) -> Account:
    push.provision(account)
    work()
    return account
