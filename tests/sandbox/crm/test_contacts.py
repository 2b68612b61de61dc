"""Contacts: strict input, search, doubles, tags, notes, tasks and companies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm.conftest import Api, Crm

PLACE = "demo-location"


def search(api: Api, **body: Any) -> Any:
    return api("POST", "/contacts/search", json={"locationId": PLACE, "pageLimit": 100, **body})


def names(found: Any) -> set[str]:
    return {one["contactName"] for one in found["contacts"]}


def person(api: Api, query: str) -> Any:
    return search(api, query=query)["contacts"][0]


def test_everything_wrong_is_listed_at_once(api: Api) -> None:
    body = {"nickname": "x", "email": "no mail", "tags": "a", "dnd": "yes", "pageSize": 1}
    answer = api("POST", "/contacts/", 422, json=body)
    assert answer["error"] == "Unprocessable Entity"
    assert set(answer["message"]) == {
        "property nickname should not exist",
        "property pageSize should not exist",
        "email must be an email",
        "tags must be an array",
        "dnd must be a boolean value",
        "locationId should not be empty",
        "locationId must be a string",
    }


def test_an_update_takes_fewer_fields_than_a_create(api: Api) -> None:
    id = person(api, "Zoë")["id"]
    body = {"locationId": PLACE, "companyName": "X", "gender": "female"}
    assert len(api("PUT", f"/contacts/{id}", 422, json=body)["message"]) == 3


def test_search_by_words_finds_names_with_and_without_accents(api: Api) -> None:
    assert names(search(api, query="zoe angstrom")) == {"Zoë Ångström"}
    assert names(search(api, query="Zoë")) == {"Zoë Ångström"}
    assert names(search(api, query="田中")) == {"Yuki 田中"}
    assert names(search(api, query="grace.okafor+training")) == {"Grace Okafor"}
    assert search(api, query="nobody of that name")["total"] == 0


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{"field": "tags", "operator": "eq", "value": "vip"}], {"Madonna"}),
        ([{"field": "tags", "operator": "contains", "value": "no-em"}], {"Tomás Ó Súilleabháin"}),
        ([{"field": "email", "operator": "not_exists"}], {"Tomás Ó Súilleabháin"}),
        (
            [{"field": "email", "operator": "eq", "value": "GRACE.okafor+training@example.com"}],
            {"Grace Okafor"},
        ),
        (
            [
                {"field": "country", "operator": "eq", "value": "IE"},
                {
                    "group": "OR",
                    "filters": [
                        {"field": "city", "operator": "contains", "value": "dub"},
                        {"field": "firstNameLowerCase", "operator": "eq", "value": "seán"},
                    ],
                },
            ],
            {"Siobhan Fitzgerald", "Seán O'Brien"},
        ),
        (
            [{"field": "dateAdded", "operator": "range", "value": {"lt": "2026-06-01T12:00:00Z"}}],
            {"Zoë Ångström"},
        ),
    ],
)
def test_search_by_filters(api: Api, filters: list[Any], expected: set[str]) -> None:
    assert names(search(api, filters=filters)) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"pageSize": 10},
        {"pageLimit": 501},
        {"query": "x" * 76},
        {"sort": [{"field": "email", "direction": "up"}]},
        {"sort": [{"field": "email", "direction": "asc"}] * 3},
        {"filters": [{"field": "email", "operator": "contains", "value": "x"}]},
        {"filters": [{"field": "shoeSize", "operator": "eq", "value": 44}]},
        {"filters": [{"field": "tags", "operator": "exists", "value": "x"}]},
        {"filters": [{"field": "tags", "operator": "contains", "value": "a@b"}]},
        {"filters": [{"field": "dateAdded", "operator": "range", "value": {"above": 1}}]},
        {"filters": [{"group": "NOT", "filters": []}]},
    ],
)
def test_search_refuses_what_the_crm_refuses(api: Api, wrong: dict[str, Any]) -> None:
    body = {"locationId": PLACE, "pageLimit": 10, **wrong}
    assert isinstance(api("POST", "/contacts/search", 422, json=body)["message"], list)


def test_both_ways_of_paging_show_everybody_once(api: Api) -> None:
    by_number = [
        one["id"] for page in (1, 2, 3) for one in search(api, page=page, pageLimit=25)["contacts"]
    ]
    by_row: list[str] = []
    after: list[Any] = []
    while True:
        rows = search(api, pageLimit=25, **({"searchAfter": after} if after else {}))["contacts"]
        if not rows:
            break
        by_row += [one["id"] for one in rows]
        after = rows[-1]["searchAfter"]
    assert by_number == by_row
    assert len(set(by_row)) == 60
    body = {"locationId": PLACE, "pageLimit": 10, "page": 2, "searchAfter": [1, "x"]}
    api("POST", "/contacts/search", 400, json=body)
    api("POST", "/contacts/search", 400, json={"locationId": PLACE, "pageLimit": 500, "page": 21})


def test_sorting(api: Api) -> None:
    rows = search(api, sort=[{"field": "lastNameLowerCase", "direction": "desc"}])["contacts"]
    last = [one["lastName"].lower() for one in rows if one["lastName"].isascii()]
    assert last == sorted(last, reverse=True)


def test_the_old_list_pages_by_the_last_row(api: Api) -> None:
    first = api("GET", "/contacts/", params={"locationId": PLACE, "limit": "50"})
    more = {
        "startAfter": first["meta"]["startAfter"],
        "startAfterId": first["meta"]["startAfterId"],
    }
    rest = api("GET", "/contacts/", params={"locationId": PLACE, "limit": "50", **more})
    ids = [one["id"] for one in first["contacts"] + rest["contacts"]]
    assert len(set(ids)) == 60


def test_a_double_is_refused_with_the_one_that_is_there(crm: Crm, api: Api) -> None:
    grace = person(api, "Okafor")
    body = {"locationId": PLACE, "email": "grace.okafor+TRAINING@example.com", "name": "G"}
    answer = api("POST", "/contacts/", 400, json=body)
    assert answer["message"] == "This location does not allow duplicated contacts."
    assert answer["meta"] == {
        "contactId": grace["id"],
        "contactName": "Grace Okafor",
        "matchingField": "email",
    }
    by_phone = api("POST", "/contacts/", 400, json={"locationId": PLACE, "phone": grace["phone"]})
    assert by_phone["meta"]["matchingField"] == "phone"
    crm.controls.post("location-settings", location=PLACE, settings={"allowDuplicateContact": True})
    assert api("POST", "/contacts/", 201, json=body)["contact"]["id"] != grace["id"]


def test_upsert_creates_once_and_then_changes(crm: Crm, api: Api) -> None:
    body = {"locationId": PLACE, "email": "New@example.org", "name": "Ana María López"}
    made = api("POST", "/contacts/upsert", json=body)
    again = api(
        "POST", "/contacts/upsert", json={**body, "email": "new@EXAMPLE.org", "city": "Ávila"}
    )
    assert (made["new"], again["new"]) == (True, False)
    assert made["contact"]["id"] == again["contact"]["id"]
    assert again["contact"]["city"] == "Ávila"
    assert (made["contact"]["firstName"], made["contact"]["lastName"]) == ("Ana", "María López")
    kinds = [effect["kind"] for effect in crm.controls.effects()]
    assert kinds == ["contact_created", "contact_updated"]


def test_a_repeated_update_changes_nothing(crm: Crm, api: Api) -> None:
    id = person(api, "Zoë")["id"]
    for _ in range(2):
        api("PUT", f"/contacts/{id}", json={"city": "Göteborg"})
    assert [effect["value"] for effect in crm.controls.effects()] == [["city"]]


def test_null_empties_a_field_and_leaves_lists_alone(api: Api) -> None:
    id = person(api, "Zoë")["id"]
    body = {"city": None, "customFields": None, "dndSettings": None}
    contact = api("PUT", f"/contacts/{id}", json=body)["contact"]
    assert "city" not in contact
    assert contact["customFields"] == []


def test_tags_are_a_set_in_lower_case_and_replaced_only_by_an_update(crm: Crm, api: Api) -> None:
    id = person(api, "Zoë")["id"]
    added = api("POST", f"/contacts/{id}/tags", 201, json={"tags": ["Scorm_A", "scorm_b"]})
    assert added["tags"] == ["customer", "scorm_a", "scorm_b"]
    api("POST", f"/contacts/{id}/tags", 201, json={"tags": ["scorm_a"]})
    left = api("DELETE", f"/contacts/{id}/tags", 200, json={"tags": ["SCORM_A", "never"]})
    assert left["tags"] == ["customer", "scorm_b"]
    replaced = api("PUT", f"/contacts/{id}", json={"tags": ["only"]})
    assert replaced["contact"]["tags"] == ["only"]
    effects = [(one["kind"], one["value"]) for one in crm.controls.effects()]
    assert effects == [
        ("tag_added", "scorm_a"),
        ("tag_added", "scorm_b"),
        ("tag_removed", "scorm_a"),
        ("tag_added", "only"),
        ("tag_removed", "customer"),
        ("tag_removed", "scorm_b"),
    ]
    known = api("GET", f"/locations/{PLACE}/tags")["tags"]
    assert {"scorm_a", "scorm_b", "only"} <= {tag["name"] for tag in known}
    api("POST", f"/contacts/{id}/tags", 422, json={"tags": [], "other": 1})


def test_bulk_tags_change_the_known_and_report_the_unknown(api: Api) -> None:
    ids = [one["id"] for one in search(api, pageLimit=3)["contacts"]]
    body = {"contacts": [*ids, "nobody"], "tags": ["Bulk"], "locationId": PLACE}
    answer = api("POST", "/contacts/bulk/tags/update/add", 201, json=body)
    assert answer["errorCount"] == 1
    assert [one["type"] for one in answer["responses"]] == ["success"] * 3 + ["error"]
    assert search(api, filters=[{"field": "tags", "operator": "eq", "value": "bulk"}])["total"] == 3
    gone = {**body, "contacts": ids, "tags": [], "removeAllTags": True}
    api("POST", "/contacts/bulk/tags/update/remove", 201, json=gone)
    assert api("GET", f"/contacts/{ids[0]}")["contact"]["tags"] == []
    api("POST", "/contacts/bulk/tags/update/%7Btype%7D", 422, json=body)


def test_bulk_tags_tell_what_was_there_and_leave_other_locations_alone(crm: Crm, api: Api) -> None:
    ours = person(api, "Zoë")["id"]
    second = crm.api("second-location")
    theirs = search(second, locationId="second-location", pageLimit=1)["contacts"][0]["id"]
    api("POST", f"/contacts/{ours}/tags", 201, json={"tags": ["scorm_failed"]})
    seen = len(crm.controls.effects())
    body = {"contacts": [ours, theirs], "tags": ["SCORM_Passed", "scorm_failed"]}
    body["locationId"] = PLACE
    changed, refused = api("POST", "/contacts/bulk/tags/update/add", 201, json=body)["responses"]
    assert changed["type"] == "success"
    assert "scorm_failed" in changed["oldTags"]
    assert (changed["tagsAdded"], changed["tagsRemoved"]) == (["scorm_passed"], [])
    assert (refused["contactId"], refused["type"]) == (theirs, "error")
    assert "oldTags" not in refused
    again = api("POST", "/contacts/bulk/tags/update/add", 201, json=body)["responses"][0]
    assert again["tagsAdded"] == []
    effects = crm.controls.effects()[seen:]
    assert [(one["kind"], one["contact"], one["value"]) for one in effects] == [
        ("tag_added", ours, "scorm_passed")
    ]


def test_bulk_tags_are_checked_like_any_input(crm: Crm, api: Api) -> None:
    path, body = "/contacts/bulk/tags/update/add", {"contacts": ["x"], "tags": ["a"]}
    wrong = api("POST", path, 422, json={"contacts": "x", "tags": [1], "other": 1})["message"]
    assert {"property other should not exist", "contacts must be an array"} <= set(wrong)
    assert {"each value in tags must be a string", "locationId should not be empty"} <= set(wrong)
    api("POST", path, 422, json={**body, "locationId": PLACE, "removeAllTags": True})
    api("POST", path, 401, json={**body, "locationId": "second-location"})
    reader = crm.api(scope="contacts.readonly")
    reader("POST", path, 401, json={**body, "locationId": PLACE})


def test_notes_have_a_life_of_their_own(crm: Crm, api: Api) -> None:
    id = person(api, "Zoë")["id"]
    text = "Completed: Fire Safety\nScore 92 %\n<b>bold</b> ✓"
    note = api("POST", f"/contacts/{id}/notes", 201, json={"body": text})["note"]
    assert note["body"] == text
    changed = api("PUT", f"/contacts/{id}/notes/{note['id']}", json={"body": "again"})["note"]
    assert changed["body"] == "again"
    assert [one["id"] for one in api("GET", f"/contacts/{id}/notes")["notes"]] == [note["id"]]
    assert api("DELETE", f"/contacts/{id}/notes/{note['id']}")["succeded"]
    api("GET", f"/contacts/{id}/notes/{note['id']}", 404)
    api("POST", f"/contacts/{id}/notes", 422, json={"body": " "})
    kinds = [effect["kind"] for effect in crm.controls.effects()]
    assert kinds == ["note_created", "note_updated"]


def test_custom_fields_of_contacts_by_id_and_by_key(api: Api) -> None:
    body = {"name": "Last score", "dataType": "NUMERICAL"}
    field = api("POST", f"/locations/{PLACE}/customFields", 201, json=body)["customField"]
    assert field["fieldKey"] == "contact.last_score"
    id = person(api, "Zoë")["id"]
    written = [{"key": "last_score", "field_value": 92}, {"id": "unknown", "field_value": 1}]
    api("PUT", f"/contacts/{id}", json={"customFields": written})
    contact = api("GET", f"/contacts/{id}")["contact"]
    assert contact["customFields"] == [{"id": field["id"], "value": 92}]
    wanted = {"field": f"customFields.{field['id']}", "operator": "range", "value": {"gte": 90}}
    assert names(search(api, filters=[wanted])) == {"Zoë Ångström"}
    camel = [{"id": field["id"], "fieldValue": 50}]
    api("PUT", f"/contacts/{id}", 422, json={"customFields": camel})
    api.speaking("v3")("PUT", f"/contacts/{id}", json={"customFields": camel})


def test_companies_and_their_people(api: Api) -> None:
    companies = api("GET", "/businesses/", params={"locationId": PLACE})["businesses"]
    clinic = next(one for one in companies if one["name"] == "Northwind Clinics")
    found = api("GET", f"/contacts/business/{clinic['id']}", params={"locationId": PLACE})
    assert found["count"] == len(found["contacts"]) > 5
    made = api("POST", "/businesses/", 201, json={"locationId": PLACE, "name": "New Ltd"})
    id = person(api, "Oliver Smith")["id"]
    body = {"locationId": PLACE, "ids": [id], "businessId": made["buiseness"]["id"]}
    api("POST", "/contacts/bulk/business", json=body)
    assert api("GET", f"/contacts/{id}")["contact"]["companyName"] == "New Ltd"
    api("DELETE", f"/businesses/{made['buiseness']['id']}")
    assert "businessId" not in api("GET", f"/contacts/{id}")["contact"]


def test_tasks_followers_and_workflows(api: Api) -> None:
    id = person(api, "Zoë")["id"]
    body = {"title": "Call", "dueDate": "2026-12-01T10:00:00Z", "completed": False}
    task = api("POST", f"/contacts/{id}/tasks", 201, json=body)["task"]
    done = api("PUT", f"/contacts/{id}/tasks/{task['id']}/completed", json={"completed": True})
    assert done["task"]["completed"]
    api("POST", f"/contacts/{id}/tasks", 422, json={"title": "No date"})
    user = api("GET", "/users/", params={"locationId": PLACE})["users"][0]["id"]
    assert api("POST", f"/contacts/{id}/followers", 201, json={"followers": [user]})["followers"]
    flow = api("GET", "/workflows/", params={"locationId": PLACE})["workflows"][0]["id"]
    assert api("POST", f"/contacts/{id}/workflow/{flow}", json={})["succeded"]
    api("POST", f"/contacts/{id}/workflow/unknown", 400, json={})


def test_a_deleted_contact_is_gone_from_search_and_relations(api: Api) -> None:
    id = person(api, "Zoë")["id"]
    assert api("DELETE", f"/contacts/{id}")["succeded"]
    assert search(api, query="Zoë")["total"] == 0
    api("POST", f"/contacts/{id}/notes", 400, json={"body": "x"})


def test_search_lags_behind_writes_for_as_long_as_asked(crm: Crm, api: Api) -> None:
    crm.controls.faults(search_lag_s=60, webhooks={"off": True})
    body = {"locationId": PLACE, "email": "late@example.org", "firstName": "Late"}
    id = api("POST", "/contacts/", 201, json=body)["contact"]["id"]
    assert api("GET", f"/contacts/{id}")["contact"]["firstName"] == "Late"
    query = {"locationId": PLACE, "email": "late@example.org"}
    assert api("GET", "/contacts/search/duplicate", params=query)["contact"]["id"] == id
    assert search(api, query="late@example.org")["total"] == 0
    crm.controls.post("clock", offset_s=61)
    assert search(api, query="late@example.org")["total"] == 1


def test_do_not_disturb_settings_speak_both_dialects(api: Api) -> None:
    id = person(api, "Zoë")["id"]
    modern = api.speaking("v3")
    setting = {"status": "active", "message": "", "code": ""}
    api("PUT", f"/contacts/{id}", json={"dndSettings": {"Email": setting}})
    assert "email" in modern("GET", f"/contacts/{id}")["contact"]["dndSettings"]
    assert "Email" in api("GET", f"/contacts/{id}")["contact"]["dndSettings"]
    modern("PUT", f"/contacts/{id}", 422, json={"dndSettings": {"Email": setting}})
    answer = modern("PUT", f"/contacts/{id}", json={"dndSettings": {"sms": setting}})
    assert answer["succeeded"] and answer["succeded"]
    assert set(answer["contact"]["dndSettings"]) == {"email", "sms"}


def test_a_message_is_kept_and_never_sent(crm: Crm, api: Api) -> None:
    zoe, silent = person(api, "Zoë"), person(api, "Súilleabháin")
    body = {"type": "Email", "contactId": zoe["id"], "subject": "Hi", "html": "<p>x</p>"}
    answer = api.speaking("2021-04-15")("POST", "/conversations/messages", json=body)
    assert answer["messageId"] and answer["emailMessageId"]
    api("POST", "/conversations/messages", 400, json={**body, "contactId": silent["id"]})
    (effect,) = crm.controls.effects("message_sent")
    assert effect["contact"] == zoe["id"]
    assert effect["value"]["subject"] == "Hi"
    kept = api("GET", f"/conversations/{answer['conversationId']}/messages")["messages"]["messages"]
    assert [one["id"] for one in kept] == [answer["messageId"]]
