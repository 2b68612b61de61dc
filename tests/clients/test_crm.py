"""The client of the CRM against the sandbox: contacts, tags, notes, and what surrounds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.clients.crm import Contact, Crm, OutsideError, Token, trigger_path
from tests.clients.examples import LOCATION
from tests.clients.odd_server import Planned, odd_server
from tests.fixtures.sandbox import Sandbox


@pytest.fixture
def zoe(crm: Crm) -> Contact:
    return crm.create_contact(
        first_name="Zoë", last_name="Quartermain", email="Zoe.Q+Test@Example.test", tags=["Pupil"]
    )


def test_a_contact_comes_back_as_it_was_made(crm: Crm, zoe: Contact) -> None:
    found = crm.contact(zoe.id)
    assert (found.first_name, found.last_name, found.full_name) == (
        "Zoë",
        "Quartermain",
        "Zoë Quartermain",
    )
    assert found.email.lower() == "zoe.q+test@example.test"
    assert found.tags == {"pupil"}
    assert found.added is not None


@pytest.mark.parametrize(
    "query",
    [
        "Zoë",
        "quarterm",
        "zoë quarter",
        "Zoë Quartermain",
        "ZOE.Q+TEST@example.test",
        "zoe.q+te",
        "  zoë   quartermain ",
    ],
)
def test_search_finds_by_parts_of_name_and_address(crm: Crm, zoe: Contact, query: str) -> None:
    assert zoe.id in [contact.id for contact in crm.search_contacts(query)]


def test_search_answers_calmly(crm: Crm) -> None:
    assert crm.search_contacts("") == []
    assert crm.search_contacts("nobody-is-called-this") == []
    assert crm.search_contacts("Nobodyiscalledthis") == []
    assert crm.search_contacts("x" * 500) == []
    assert len(crm.search_contacts("a", limit=3)) == 3


def test_a_contact_is_found_by_address_in_any_case(crm: Crm, zoe: Contact) -> None:
    found = crm.contact_by_email(" ZOE.q+test@EXAMPLE.test ")
    assert found is not None
    assert found.id == zoe.id
    assert crm.contact_by_email("zoe.q@example.test") is None


def test_a_double_names_the_one_that_is_there(crm: Crm, zoe: Contact) -> None:
    with pytest.raises(OutsideError) as caught:
        crm.create_contact(first_name="Z", email="zoe.q+test@example.test")
    assert caught.value.already_exists
    assert caught.value.existing_id == zoe.id


def test_only_what_is_given_changes(crm: Crm, zoe: Contact) -> None:
    changed = crm.update_contact(zoe.id, last_name="Quill")
    assert (changed.first_name, changed.last_name, changed.tags) == ("Zoë", "Quill", {"pupil"})


def test_contact_fields_are_made_and_filled(crm: Crm, zoe: Contact) -> None:
    field = crm.create_contact_field("SCORM progress", "NUMERICAL")
    assert field.id in [known.id for known in crm.contact_fields()]
    crm.update_contact(zoe.id, custom_fields={field.id: 50})
    assert crm.contact(zoe.id).custom_fields[field.id] == 50


def test_tags_are_added_and_removed_one_by_one(crm: Crm, zoe: Contact) -> None:
    assert crm.add_tags(zoe.id, ["SCORM_Passed", "pupil"]) == {"pupil", "scorm_passed"}
    assert crm.remove_tags(zoe.id, ["scorm_passed", "never_there"]) == {"pupil"}
    assert crm.contact(zoe.id).tags == {"pupil"}


def test_tags_of_many_are_changed_by_one_call(crm: Crm, zoe: Contact) -> None:
    ann = crm.create_contact(first_name="Ann", email="ann@example.test")
    before = crm.tag_many([zoe.id, "nobody", ann.id], ["SCORM_Passed"])
    assert before == {zoe.id: {"pupil"}, ann.id: frozenset()}
    assert crm.contact(ann.id).tags == {"scorm_passed"}
    assert crm.untag_many([ann.id, "nobody"], ["scorm_passed", "never_there"]) == [ann.id]
    assert crm.contact(ann.id).tags == frozenset()
    assert crm.contact(zoe.id).tags == {"pupil", "scorm_passed"}


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"responses": None},
        {"responses": [{"contactId": "a", "type": "error", "message": "contact is deleted"}]},
        {"responses": [{"contactId": "a", "type": "success"}]},
        {"responses": [{"contactId": "stranger", "type": "success", "oldTags": []}]},
    ],
)
def test_whoever_is_not_confirmed_counts_as_not_tagged(told: dict[str, Any]) -> None:
    with odd_server() as odd:
        odd.plan(Planned(201, told))
        assert Crm(odd.url, "token", LOCATION).tag_many(["a"], ["x"]) == {}


def test_notes_are_written_and_found_again(crm: Crm, zoe: Contact) -> None:
    written = crm.create_note(zoe.id, "Completed <Forklift>\nRef SH-1")
    assert crm.note(zoe.id, written.id).body == "Completed <Forklift>\nRef SH-1"
    assert [note.id for note in crm.notes(zoe.id)] == [written.id]
    assert written.added is not None


def test_a_contact_that_is_not_there_is_gone(crm: Crm) -> None:
    for call in (
        lambda: crm.contact("nobody"),
        lambda: crm.add_tags("nobody", ["x"]),
        lambda: crm.create_note("nobody", "x"),
        lambda: crm.update_contact("nobody", first_name="x"),
    ):
        with pytest.raises(OutsideError) as caught:
            call()
        assert caught.value.is_gone
        assert not caught.value.can_retry
        assert caught.value.trace_id


def test_a_contact_of_another_location_is_gone(
    sandbox: Sandbox, zoe: Contact, install: Callable[..., Token]
) -> None:
    token = install(location="second-location").access_token
    with pytest.raises(OutsideError) as caught:
        Crm(sandbox.crm.url, token, "second-location").contact(zoe.id)
    assert caught.value.is_gone


def test_a_token_does_not_open_another_location(sandbox: Sandbox, crm: Crm) -> None:
    crm.location_id = "second-location"
    with pytest.raises(OutsideError) as caught:
        crm.search_contacts("a")
    assert caught.value.is_forbidden
    assert not caught.value.is_unauthorised


def test_the_location_and_its_people_are_known(crm: Crm) -> None:
    location = crm.location()
    assert (location.id, location.company_id) == (LOCATION, "demo-company")
    assert location.timezone
    users = crm.users()
    assert users
    assert crm.user(users[0].id).id == users[0].id
    assert {user.role for user in users} <= {"admin", "user"}
    assert all(business.name for business in crm.businesses())
    assert all(workflow.name for workflow in crm.workflows())
    with pytest.raises(OutsideError) as caught:
        crm.user("nobody")
    assert caught.value.is_gone


def test_triggers_are_fired_at_the_crm_only(sandbox: Sandbox, crm: Crm, zoe: Contact) -> None:
    target = f"{sandbox.crm.url}/workflows-marketplace/triggers/execute/a1/b2"
    crm.fire(target, {"contactId": zoe.id})
    assert len(sandbox.crm.effects("trigger_fired")) == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/workflows-marketplace/triggers/execute/a/b",
        "http://api.test/workflows-marketplace/triggers/execute/a/b",
        "https://api.test.evil.test/workflows-marketplace/triggers/execute/a/b",
        "https://api.test@evil.test/workflows-marketplace/triggers/execute/a/b",
        "https://api.test:444/workflows-marketplace/triggers/execute/a/b",
        "https://api.test/workflows-marketplace/triggers/execute/../../contacts",
        "https://api.test/contacts/",
        "https://api.test/workflows-marketplace/triggers/execute/a/b?x=1",
        "//api.test/workflows-marketplace/triggers/execute/a/b",
        "",
    ],
)
def test_no_token_is_sent_to_strange_addresses(target: str) -> None:
    assert trigger_path("https://api.test", target) is None
    with pytest.raises(OutsideError, match="no address of a workflow trigger") as caught:
        Crm("https://api.test", "token", LOCATION).fire(target, {})
    assert not caught.value.can_retry


def test_a_renewed_token_carries_on(sandbox: Sandbox, install: Callable[..., Token]) -> None:
    good = install(location=LOCATION).access_token
    refused: list[str] = []

    def renew(token: str) -> str:
        refused.append(token)
        return good

    crm = Crm(sandbox.crm.url, "stale", LOCATION, on_unauthorised=renew)
    assert crm.location().id == LOCATION
    assert crm.location().id == LOCATION
    assert refused == ["stale"]


def test_a_lost_answer_leaves_the_outcome_open(sandbox: Sandbox, crm: Crm, zoe: Contact) -> None:
    sandbox.crm.faults(timeout_after=1, hold_s=0.1, match="^POST ")
    with pytest.raises(OutsideError) as caught:
        crm.create_note(zoe.id, "once only")
    assert caught.value.outcome_unknown
    sandbox.crm.faults()
    assert [note.body for note in crm.notes(zoe.id)] == ["once only"]


def test_too_many_calls_say_how_long_to_wait(sandbox: Sandbox, crm: Crm) -> None:
    sandbox.crm.faults(rate_429=1, retry_after_s=7)
    with pytest.raises(OutsideError) as caught:
        crm.location()
    assert caught.value.can_retry
    assert caught.value.retry_after == 7


def test_a_good_answer_without_content_is_trouble_and_not_a_contact() -> None:
    with odd_server() as odd:
        odd.plan(Planned(body={"contact": None}), Planned(201))
        crm = Crm(odd.url, "token", LOCATION)
        for call, in_doubt in (
            (lambda: crm.contact("c1"), False),
            (lambda: crm.create_contact(email="a@example.test"), True),
        ):
            with pytest.raises(OutsideError) as caught:
                call()
            assert caught.value.can_retry
            assert caught.value.outcome_unknown is in_doubt
