"""What the CRM's webhooks say about contacts: it is asked before anything is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app import connections
from app.clients.crm import Contact
from app.extensions import db
from app.learners import contacts
from app.models import Account, ContactState, Learner, WebhookEvent, acting_for, new_id
from app.webhooks import inbox
from tests.factories import make_account
from tests.fixtures.sandbox import Sandbox
from tests.learners.conftest import learners


@pytest.fixture
def learner(account: Account, grace: Contact) -> Learner:
    with acting_for(account.id):
        learner = contacts.keep(account, grace)
        db.session.commit()
    return learner


def hear(account: Account, kind: str, contact_id: str, **more: Any) -> str:
    """Lets a worker handle an event, as if the CRM had sent it."""
    body = {"type": kind, "id": contact_id, "locationId": account.location_id, **more}
    event = WebhookEvent(
        account_id=account.id, source="crm", key=new_id(), kind=kind, body=json.dumps(body)
    )
    db.session.add(event)
    db.session.flush()
    with acting_for(account.id):
        inbox.handle(event)
        db.session.commit()
    return event.outcome or ""


def test_a_new_name_and_address_are_taken_over_from_the_crm(
    account: Account, learner: Learner, grace: Contact
) -> None:
    connections.crm(account).update_contact(
        grace.id, last_name="Mensah", email="grace@mensah.example"
    )
    said = hear(account, "ContactUpdate", grace.id, lastName="A lie")
    assert said == "Learner brought up to date"
    [found] = learners()
    assert (found.last_name, found.email) == ("Mensah", "grace@mensah.example")


def test_an_echo_of_our_own_write_changes_nothing(
    account: Account, learner: Learner, grace: Contact
) -> None:
    assert hear(account, "ContactUpdate", grace.id) == "Nothing new"


def test_an_echo_that_says_what_is_known_costs_no_call(
    account: Account, learner: Learner, grace: Contact, sandbox: Sandbox
) -> None:
    before = sandbox.crm.get("ledger", since=0)["next"]
    facts = {
        "firstName": grace.first_name,
        "lastName": grace.last_name,
        "email": grace.email,
        "companyName": grace.company_name,
    }
    assert hear(account, "ContactUpdate", grace.id, **facts) == "Nothing new"
    assert sandbox.crm.get("ledger", since=before)["entries"] == []


def test_a_deleted_contact_leaves_the_record(
    account: Account, learner: Learner, grace: Contact, sandbox: Sandbox
) -> None:
    connections.crm(account)._http.call("DELETE", f"/contacts/{grace.id}")
    assert "was deleted" in hear(account, "ContactDelete", grace.id)
    [found] = learners()
    assert (found.contact_state, found.first_name) == (ContactState.DELETED, "Grace")


def test_a_merged_contact_is_followed(
    account: Account, learner: Learner, grace: Contact, sandbox: Sandbox
) -> None:
    crm = connections.crm(account)
    crm._http.call("DELETE", f"/contacts/{grace.id}")
    survivor = crm.create_contact(first_name="Grace", email=grace.email)
    assert "was merged" in hear(account, "ContactDelete", grace.id)
    [found] = learners()
    assert (found.contact_state, found.crm_contact_id) == (ContactState.LINKED, survivor.id)


def test_an_old_message_about_a_deletion_is_not_believed(
    account: Account, learner: Learner, grace: Contact
) -> None:
    assert hear(account, "ContactDelete", grace.id) == "The contact is still there"
    assert learners()[0].contact_state == ContactState.LINKED


def test_contacts_who_are_no_learners_and_other_locations_do_not_matter(
    account: Account, learner: Learner, grace: Contact
) -> None:
    other = make_account("second-location")
    said = "About a contact who is no learner"
    assert hear(account, "ContactUpdate", "somebody") == said
    assert hear(other, "ContactUpdate", grace.id) == said
    assert learners()[0].last_name == "Okafor"
