"""Activity → Received: what the outside told, about whom, without the echoes of our own writes."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Account, WebhookEvent, acting_for, new_id
from app.models.webhook_event import NO_LEARNER, NOT_OF_INTEREST, NOTHING_NEW
from app.sync import activity, events
from tests.factories import make_account, make_course, make_enrollment, make_learner, sign_in


@pytest.fixture
def own(app: Flask) -> Account:
    return make_account(name="Harbour")


def received(account: Account, kind: str, outcome: str, source: str = "crm", **body: str) -> None:
    event = WebhookEvent(
        account_id=account.id, source=source, kind=kind, key=new_id(), body=json.dumps(body)
    )
    event.handled(outcome)
    db.session.add(event)
    db.session.flush()


def enrolled(account: Account, contact_id: str = "c-1") -> str:
    learner = make_learner(account, first_name="Grace", last_name="Hopper", contact_id=contact_id)
    return make_enrollment(make_course(account, title="Ladders"), learner).registration_id


def test_it_names_learner_and_course(client: FlaskClient, own: Account) -> None:
    registration = enrolled(own)
    received(own, "registration", "Progress recorded", "scorm_cloud", id=registration)
    received(own, "ContactUpdate", "Learner brought up to date", id="c-1")
    sign_in(client, own)
    page = client.get("/activity?show=received").text
    assert "Grace Hopper · Ladders" in page
    assert "Progress of a learner" in page
    assert "from SCORM Cloud" in page
    assert "A contact was changed" in page
    assert "ContactUpdate" not in page
    assert "Progress recorded" in page


def test_echoes_are_hidden_until_they_are_wanted(client: FlaskClient, own: Account) -> None:
    enrolled(own)
    received(own, "ContactUpdate", "Learner brought up to date", id="c-1")
    for number in range(30):
        received(own, "ContactTagUpdate", NOT_OF_INTEREST, id="c-1", n=str(number))
        received(own, "ContactUpdate", NOTHING_NEW, id="c-1", n=str(number))
        received(own, "ContactUpdate", NO_LEARNER, id="other", n=str(number))
    received(own, "registration", NOTHING_NEW, "scorm_cloud", id="r")  # a postback always shows
    other = make_account("second-location")
    received(other, "ContactUpdate", NOTHING_NEW, id="c-1")
    sign_in(client, own)
    page = client.get("/activity?show=received").text
    assert "Not shown are 90 events" in page
    assert "Page 1 of" not in page
    assert "tags were changed" not in page
    shown = client.get("/activity?show=received&everything=yes").text
    assert "with 90 events" in shown
    assert "tags were changed" in shown
    assert "Page 1 of 4" in shown
    assert "everything=yes" in shown.partition("Page 1 of 4")[2]  # the next page shows them too
    with acting_for(own.id):
        assert activity.counts(own).received_today == 2


def test_another_accounts_learner_of_the_same_contact_is_not_named(
    client: FlaskClient, own: Account
) -> None:
    """Ids of contacts are only unique within a location, as far as anybody promises."""
    other = make_account("second-location")
    enrolled(other, "c-9")
    received(own, "ContactUpdate", "The contact is still there", id="c-9")
    sign_in(client, own)
    assert "Grace" not in client.get("/activity?show=received").text


def test_kinds_that_nobody_here_knows_are_words_all_the_same() -> None:
    assert events.words("OpportunityStageUpdate") == "Opportunity stage update"
    assert events.words("PLAN_CHANGE") == "The plan was changed"
