"""Custom objects, their fields and records, associations and relations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm.conftest import Api, Crm

PLACE = "demo-location"
KEY = "custom_objects.training_record"
HERE = {"locationId": PLACE}


@pytest.fixture
def schema(api: Api) -> Any:
    """A location's own kind of record with a few fields."""
    body = {
        **HERE,
        "labels": {"singular": "Training Record", "plural": "Training Records"},
        "key": "training_record",
        "primaryDisplayPropertyDetails": {"key": "name", "name": "Name", "dataType": "TEXT"},
    }
    made = api("POST", "/objects/", 201, json=body)["object"]
    fields: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("hub_key", "TEXT", {}),
        ("score", "NUMERICAL", {}),
        ("completed_on", "DATE", {}),
        ("status", "SINGLE_OPTIONS", {"options": [{"key": "done", "label": "Done"}]}),
        ("topics", "MULTIPLE_OPTIONS", {"options": [{"key": "a", "label": "A"}]}),
    )
    for key, kind, more in fields:
        field(api, key, kind, **more)
    searchable = [f"{KEY}.name", f"{KEY}.hub_key"]
    api("PUT", f"/objects/{KEY}", json={**HERE, "searchableProperties": searchable})
    return made


def field(api: Api, key: str, kind: str, status: int = 201, **more: Any) -> Any:
    folders = api("GET", f"/custom-fields/object-key/{KEY}", params=HERE)["folders"]
    body = {
        **HERE,
        "name": key,
        "dataType": kind,
        "fieldKey": f"{KEY}.{key}",
        "objectKey": KEY,
        "parentId": folders[0]["id"],
        "showInForms": True,
        **more,
    }
    return api("POST", "/custom-fields/", status, json=body)


def record(api: Api, **properties: Any) -> Any:
    body = {**HERE, "properties": properties}
    return api("POST", f"/objects/{KEY}/records", 201, json=body)["record"]


def found(api: Api, **body: Any) -> Any:
    asked = {**HERE, "page": 1, "pageLimit": 10, **body}
    return api("POST", f"/objects/{KEY}/records/search", json=asked)


def test_a_schema_gets_its_prefix_folder_and_primary_field(api: Api, schema: Any) -> None:
    assert schema["key"] == KEY
    assert schema["primaryDisplayProperty"] == f"{KEY}.name"
    got = api("GET", f"/objects/{KEY}", params={**HERE, "fetchProperties": "true"})
    assert got["fields"][0]["fieldKey"] == f"{KEY}.name"
    listed = api("GET", "/objects/", params=HERE)["objects"]
    assert [one["key"] for one in listed] == ["contact", "opportunity", "business", KEY]
    assert "fields" not in api("GET", f"/objects/{KEY}", params=HERE)


def test_the_same_schema_or_field_twice_is_refused(api: Api, schema: Any) -> None:
    body = {
        **HERE,
        "labels": schema["labels"],
        "key": KEY,
        "primaryDisplayPropertyDetails": {"key": "name", "name": "Name", "dataType": "TEXT"},
    }
    assert "already exists" in api("POST", "/objects/", 400, json=body)["message"]
    assert "already exists" in field(api, "score", "NUMERICAL", 400)["message"]
    field(api, "colour", "SINGLE_OPTIONS", 422)
    field(api, "colour", "BOOLEAN", 422)
    field(api, "colour", "TEXT", 400, parentId="nowhere")


def test_a_location_token_may_be_refused_for_schemas(crm: Crm, api: Api) -> None:
    crm.controls.put("settings", schema_needs_agency=True)
    body = {
        **HERE,
        "labels": {"singular": "A", "plural": "As"},
        "key": "thing",
        "primaryDisplayPropertyDetails": {"key": "name", "name": "Name", "dataType": "TEXT"},
    }
    assert "user type" in api("POST", "/objects/", 401, json=body)["message"]
    assert crm.api("demo-company")("POST", "/objects/", 201, json=body)["object"]["id"]


@pytest.mark.parametrize(
    "properties",
    [
        {"name": "x", "unknown": 1},
        {"name": "x", f"{KEY}.score": 1},
        {"name": "x", "score": "92"},
        {"name": "x", "completed_on": "23.11.2026"},
        {"name": "x", "status": "Done"},
        {"name": "x", "topics": "a"},
        {"score": 1},
    ],
)
def test_properties_are_bare_and_fit_their_type(
    api: Api, schema: Any, properties: dict[str, Any]
) -> None:
    body = {**HERE, "properties": properties}
    answer = api("POST", f"/objects/{KEY}/records", 422, json=body)
    assert len(answer["message"]) == 1


def test_a_record_is_made_changed_and_found(crm: Crm, api: Api, schema: Any) -> None:
    made = record(api, name="Fire Safety", hub_key="enr-1", score=0, completed_on="2026-11-23")
    record(api, name="Fire Drill", hub_key="enr-2", status="done", topics=["a"])
    changed = api(
        "PUT",
        f"/objects/{KEY}/records/{made['id']}",
        params=HERE,
        json={"properties": {"score": 92}},
    )["record"]
    assert changed["properties"] == {**made["properties"], "score": 92}
    assert changed["owner"] == changed["owners"] == []
    assert changed["dateUpdated"] == changed["updatedAt"]
    assert [one["id"] for one in found(api, query="hub_key:enr-1")["records"]] == [made["id"]]
    assert found(api, query="fire")["total"] == 2
    assert found(api, query="score:92")["total"] == 0  # not searchable
    assert found(api, query="hub_key:enr")["total"] == 0  # no part of a word
    kinds = [one["kind"] for one in crm.controls.effects("record_created", "record_updated")]
    assert kinds == ["record_created", "record_created", "record_updated"]


def test_an_equal_update_changes_nothing_and_needs_the_location(
    crm: Crm, api: Api, schema: Any
) -> None:
    made = record(api, name="A", score=1)
    path = f"/objects/{KEY}/records/{made['id']}"
    api("PUT", path, params=HERE, json={"properties": {"score": 1}})
    assert not crm.controls.effects("record_updated")
    api("PUT", path, 422, json={"properties": {"score": 2}})


def test_record_search_is_strict_and_pages(api: Api, schema: Any) -> None:
    for number in range(5):
        record(api, name=f"R{number}")
    first = found(api, pageLimit=3)
    assert first["total"] == 5
    rest = found(api, pageLimit=3, page=2)["records"]
    assert len({one["id"] for one in first["records"] + rest}) == 5
    after = found(api, pageLimit=3, searchAfter=first["records"][-1]["searchAfter"])["records"]
    assert [one["id"] for one in after] == [one["id"] for one in rest]
    wrong = {**HERE, "pageSize": 10}
    answer = api("POST", f"/objects/{KEY}/records/search", 422, json=wrong)
    assert "property pageSize should not exist" in answer["message"]


def test_a_record_of_another_location_does_not_exist(crm: Crm, api: Api, schema: Any) -> None:
    made = record(api, name="A")
    stranger = crm.api("second-location")
    stranger("GET", f"/objects/{KEY}/records/{made['id']}", 404)
    path = f"/objects/{KEY}/records/{made['id']}"
    body = {"properties": {"name": "B"}}
    stranger("PUT", path, 404, params={"locationId": "second-location"}, json=body)
    assert api("GET", path)["record"]["properties"]["name"] == "A"


@pytest.fixture
def association(api: Api, schema: Any) -> Any:
    body = {
        **HERE,
        "key": "contact_training",
        "firstObjectLabel": "Learner",
        "firstObjectKey": "contact",
        "secondObjectLabel": "Training",
        "secondObjectKey": KEY,
    }
    return api("POST", "/associations/", 201, json=body)


def contact_id(api: Api) -> str:
    return str(api("GET", "/contacts/", params={**HERE, "limit": "1"})["contacts"][0]["id"])


def test_a_relation_keeps_its_order_and_exists_once(crm: Crm, api: Api, association: Any) -> None:
    contact, training = contact_id(api), record(api, name="A")["id"]
    body = {**HERE, "associationId": association["id"]}
    wrong = {**body, "firstRecordId": training, "secondRecordId": contact}
    assert "does not exist" in api("POST", "/associations/relations", 400, json=wrong)["message"]
    right = {**body, "firstRecordId": contact, "secondRecordId": training}
    relation = api("POST", "/associations/relations", 201, json=right)
    again = api("POST", "/associations/relations", 400, json=right)
    assert (
        f"duplicate relation of object Ids for given association {association['id']}"
        in (again["message"])
    )
    page = {**HERE, "skip": "0", "limit": "10"}
    for end in (contact, training):
        answer = api("GET", f"/associations/relations/{end}", params=page)
        assert [one["id"] for one in answer["relations"]] == [relation["id"]]
    other = {**page, "associationIds": ["x", "y"]}
    assert api("GET", f"/associations/relations/{contact}", params=other)["total"] == 0
    (effect,) = crm.controls.effects("relation_created")
    assert effect["contact"] == contact
    api("PUT", f"/objects/{KEY}/records/{training}", params=HERE, json={"properties": {"score": 1}})
    assert crm.controls.effects("record_updated")[0]["contact"] == contact
    assert api("DELETE", f"/associations/relations/{relation['id']}", params=HERE)["deleted"]
    assert api("GET", f"/associations/relations/{contact}", params=page)["total"] == 0


def test_associations_are_listed_found_renamed_and_deleted(api: Api, association: Any) -> None:
    page = {**HERE, "skip": "0", "limit": "10"}
    assert api("GET", "/associations/", params=page)["associations"][0]["id"] == association["id"]
    api("GET", "/associations/", 422, params=HERE)
    assert api("GET", "/associations/key/contact_training", params=HERE)["id"] == association["id"]
    by_object = api("GET", f"/associations/objectKey/{KEY}", params=HERE)
    assert [one["id"] for one in by_object["associations"]] == [association["id"]]
    path = f"/associations/{association['id']}"
    labels = {"firstObjectLabel": "Person", "secondObjectLabel": "Course"}
    assert api("PUT", path, json=labels)["firstObjectLabel"] == "Person"
    api("PUT", path, 422, json={**labels, "key": "other"})
    contact, training = contact_id(api), record(api, name="A")["id"]
    body = {**HERE, "associationId": association["id"], "firstRecordId": contact}
    api("POST", "/associations/relations", 201, json={**body, "secondRecordId": training})
    assert api("DELETE", path)["deleted"]
    assert api("GET", f"/associations/relations/{contact}", params=page)["total"] == 0
    twice = {**HERE, "key": "x", "firstObjectKey": "nothing", "secondObjectKey": KEY, **labels}
    api("POST", "/associations/", 400, json=twice)


def test_fields_change_and_go(api: Api, schema: Any) -> None:
    made = field(api, "colour", "RADIO", options=[{"key": "r", "label": "Red"}])["field"]
    path = f"/custom-fields/{made['id']}"
    options = [{"key": "g", "label": "Green"}]
    changed = api("PUT", path, json={**HERE, "showInForms": True, "options": options})["field"]
    assert changed["options"] == options
    assert api("DELETE", path)["key"] == f"{KEY}.colour"
    api("GET", path, 404)
    folder = api("POST", "/custom-fields/folder", 201, json={**HERE, "objectKey": KEY, "name": "M"})
    renamed = api("PUT", f"/custom-fields/folder/{folder['id']}", json={**HERE, "name": "More"})
    assert renamed["name"] == "More"
    assert api("DELETE", f"/custom-fields/folder/{folder['id']}", params=HERE)["succeded"]
