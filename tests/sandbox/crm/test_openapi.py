"""What the sandbox answers fits the vendor's published interface files, in both generations.

The files are not part of the project: these tests are collected only where they lie beside it.
Where the files contradict what is seen in the field, the sandbox follows the field, and the
contradiction stands in the table below.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.sandbox.crm.conftest import INTERFACE as FILES
from tests.sandbox.crm.conftest import Api, Crm

PLACE = "demo-location"
HERE = {"locationId": PLACE}
KEY = "custom_objects.training_record"

# Operation, where in the answer (regular expression), why the field is right and the file is not.
CONTRADICTIONS = [
    (r"(GET|POST) /associations/relations", r".*", "flat relations, alone or in a list"),
    (r"GET /associations/$", r".*", "a list, described as one association"),
    (r".* /associations/", r"(first|second)Object(Key|Label)", "a text, described as an object"),
    (r".* /associations/", r"associationType", "a word, described as an object"),
    (r".* /objects/", r"object(s\.\d+)?\.type", "a word, described as an object"),
    (r".* /objects/.*records", r".*properties", "an object, described as a string"),
    (r"POST /objects/.*records/search", r".*searchAfter.*", "a time and an id, not two numbers"),
    (r"GET /custom-fields/object-key", r"folders.*", "folders, described as fields"),
    (r"POST /contacts/bulk/tags", r"responses.*", "objects, described as strings"),
]


# Marked required in the files; live callers leave them out, or send null.
LENIENT = {"query", "searchAfter", "businessId"}
BODIES = ("contacts", "objects", "associations", "custom-fields", "businesses", "marketplace")

# Errors look alike, also where the files do not mention them.
ERROR = {
    "type": "object",
    "required": ["statusCode", "message"],
    "properties": {"statusCode": {"type": "number"}, "message": {"type": ["string", "array"]}},
}


class Watched(Api):
    """An API caller that keeps what it saw."""

    seen: list[requests.Response]

    def raw(self, method: str, path: str, **more: Any) -> requests.Response:
        response = super().raw(method, path, **more)
        self.seen.append(response)
        return response


def watched(api: Api, version: str, seen: list[requests.Response]) -> Watched:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    caller = Watched(api.url, token, version)
    caller.seen = seen
    return caller


@pytest.mark.parametrize("version", ["2021-07-28", "v3"])
def test_answers_fit_the_published_interface(crm: Crm, version: str) -> None:
    seen: list[requests.Response] = []
    tell_a_story(
        watched(crm.api(), version, seen), watched(crm.api("demo-company"), version, seen), version
    )
    problems, checked = [], 0
    for response in seen:
        found = operation(version, response)
        if found is None:
            continue
        name, described = found
        schema = answer_schema(version, described, response.status_code)
        if schema is None:
            assert response.status_code >= 400, f"{name}: {response.status_code} is not described"
            schema = ERROR
        checked += 1
        for error in Draft202012Validator(schema).iter_errors(response.json()):
            where = ".".join(str(step) for step in error.absolute_path)
            if not contradicted(name, where):
                problems.append(f"{name} at {where or 'the top'}: {error.message[:200]}")
    assert checked > 45
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("version", ["2021-07-28", "v3"])
def test_what_the_interface_calls_required_is_required(crm: Crm, version: str) -> None:
    """Each body of the interface with required properties is refused when it is empty."""
    api = crm.api().speaking(version)
    checked = 0
    for name in BODIES:
        for path, methods in document(version, name)["paths"].items():
            for method, described in methods.items():
                required = required_body(version, name, described)
                if not required or is_left_out(path):
                    continue
                filled = re.sub(r"\{type\}", "add", re.sub(r"\{appId\}", "sandboxapp", path))
                filled = re.sub(r"\{\w+\}", "x", filled)
                answer = api.raw(method.upper(), filled, json={}, params=HERE)
                assert answer.status_code == 422, f"{method} {path}: {answer.text[:200]}"
                text = " ".join(answer.json()["message"])
                missing = {one for one in required if one not in text} - LENIENT
                assert not missing, f"{method} {path}: {missing} not asked for"
                checked += 1
    assert checked > 12


def is_left_out(path: str) -> bool:
    """Parts of the interface that the sandbox does not have."""
    return "external-auth" in path or "campaigns" in path


def tell_a_story(api: Watched, agency: Watched, version: str) -> None:
    found = api("POST", "/contacts/search", json={**HERE, "pageLimit": 2})["contacts"]
    id = found[0]["id"]
    contact_calls(api, id)
    record = object_calls(api, id)
    api("DELETE", f"/objects/{KEY}/records/{record}")
    place_calls(api)
    market_calls(api, agency, version)


def contact_calls(api: Watched, id: str) -> None:
    api("GET", f"/contacts/{id}")
    api("GET", f"/contacts/{id[:-1]}", 400)
    api("POST", "/contacts/", 422, json={"nickname": 1})
    made = api("POST", "/contacts/", json={**HERE, "email": "o@example.org", "name": "O P"})
    api("PUT", f"/contacts/{made['contact']['id']}", json={"city": "Rome"})
    api("POST", "/contacts/upsert", json={**HERE, "email": "o@example.org"})
    api("POST", f"/contacts/{id}/tags", json={"tags": ["a"]})
    api("DELETE", f"/contacts/{id}/tags", json={"tags": ["a"]})
    bulk = {**HERE, "contacts": [id], "tags": ["b"]}
    api("POST", "/contacts/bulk/tags/update/add", json=bulk)
    note = api("POST", f"/contacts/{id}/notes", json={"body": "x"})["note"]["id"]
    api("GET", f"/contacts/{id}/notes")
    api("GET", f"/contacts/{id}/notes/{note}")
    api("PUT", f"/contacts/{id}/notes/{note}", json={"body": "y"})
    api("DELETE", f"/contacts/{id}/notes/{note}")
    body = {"title": "t", "dueDate": "2026-12-01T10:00:00Z", "completed": False}
    task = api("POST", f"/contacts/{id}/tasks", json=body)["task"]["id"]
    api("GET", f"/contacts/{id}/tasks")
    api("PUT", f"/contacts/{id}/tasks/{task}/completed", json={"completed": True})
    api("DELETE", f"/contacts/{id}/tasks/{task}")
    flow = api("GET", "/workflows/", params=HERE)["workflows"][0]["id"]
    api("POST", f"/contacts/{id}/workflow/{flow}", json={})
    api("POST", f"/contacts/{id}/followers", json={"followers": ["u"]})
    api("DELETE", f"/contacts/{id}/followers", json={"followers": ["u"]})
    business = api("POST", "/businesses/", json={**HERE, "name": "B"})["buiseness"]["id"]
    api("GET", "/businesses/", params=HERE)
    api("GET", f"/businesses/{business}")
    api("PUT", f"/businesses/{business}", json={"name": "C"})
    api("POST", "/contacts/bulk/business", json={**HERE, "ids": [id], "businessId": business})
    api("GET", f"/contacts/business/{business}", params=HERE)
    api("DELETE", f"/businesses/{business}")
    api("DELETE", f"/contacts/{made['contact']['id']}")


def object_calls(api: Watched, contact: str) -> str:
    primary = {"key": "name", "name": "Name", "dataType": "TEXT"}
    labels = {"singular": "Training Record", "plural": "Training Records"}
    schema = {**HERE, "labels": labels, "key": KEY, "primaryDisplayPropertyDetails": primary}
    api("POST", "/objects/", json=schema)
    api("GET", "/objects/", params=HERE)
    api("GET", f"/objects/{KEY}", params={**HERE, "fetchProperties": "true"})
    api("GET", "/objects/custom_objects.none", 404, params=HERE)
    folder = api("GET", f"/custom-fields/object-key/{KEY}", params=HERE)["folders"][0]["id"]
    field: dict[str, Any] = {
        **HERE,
        "dataType": "NUMERICAL",
        "fieldKey": f"{KEY}.score",
        "objectKey": KEY,
    }
    field |= {"parentId": folder, "showInForms": True, "name": "Score"}
    made = api("POST", "/custom-fields/", json=field)["field"]["id"]
    api("GET", f"/custom-fields/{made}")
    api("PUT", f"/custom-fields/{made}", json={**HERE, "name": "Points", "showInForms": True})
    api("POST", "/custom-fields/folder", json={**HERE, "objectKey": KEY, "name": "More"})
    api("PUT", f"/objects/{KEY}", json={**HERE, "searchableProperties": [f"{KEY}.name"]})
    body = {**HERE, "properties": {"name": "A"}}
    record = str(api("POST", f"/objects/{KEY}/records", json=body)["record"]["id"])
    api("GET", f"/objects/{KEY}/records/{record}", params=HERE)
    points = {"properties": {"score": 1}}
    api("PUT", f"/objects/{KEY}/records/{record}", params=HERE, json=points)
    api("POST", f"/objects/{KEY}/records/search", json={**HERE, "page": 1, "pageLimit": 5})
    link = {**HERE, "key": "k", "firstObjectLabel": "L", "firstObjectKey": "contact"}
    link |= {"secondObjectLabel": "T", "secondObjectKey": KEY}
    association = api("POST", "/associations/", json=link)["id"]
    page = {**HERE, "skip": "0", "limit": "5"}
    api("GET", "/associations/", params=page)
    api("GET", f"/associations/{association}")
    api("GET", "/associations/key/k", params=HERE)
    relation = {**HERE, "associationId": association}
    relation |= {"firstRecordId": contact, "secondRecordId": record}
    api("POST", "/associations/relations", json=relation)
    api("POST", "/associations/relations", 400, json=relation)
    api("GET", f"/associations/relations/{record}", params=page)
    api("DELETE", f"/associations/{association}")
    api("DELETE", f"/custom-fields/{made}")
    return record


def place_calls(api: Watched) -> None:
    api("GET", f"/locations/{PLACE}")
    api("GET", "/locations/search", params={"companyId": "demo-company"})
    tag = api("POST", f"/locations/{PLACE}/tags", json={"name": "t"})["tag"]["id"]
    api("GET", f"/locations/{PLACE}/tags")
    api("DELETE", f"/locations/{PLACE}/tags/{tag}")
    api("POST", f"/locations/{PLACE}/customFields", json={"name": "F", "dataType": "TEXT"})
    api("GET", f"/locations/{PLACE}/customFields")
    value = api("POST", f"/locations/{PLACE}/customValues", json={"name": "V", "value": "v"})
    api("DELETE", f"/locations/{PLACE}/customValues/{value['customValue']['id']}")
    user = api("GET", "/users/search", params={"companyId": "demo-company"})["users"][0]["id"]
    api("GET", f"/users/{user}")


def market_calls(api: Watched, agency: Watched, version: str) -> None:
    api("GET", "/marketplace/app/sandboxapp/installations")
    api("GET", f"/marketplace/app/sandboxapp/rebilling-config/location/{PLACE}")
    charge = {**HERE, "appId": "sandboxapp", "companyId": "demo-company", "units": 1}
    charge |= {"meterId": "m", "eventId": "e", "description": "d"}
    api("POST", "/marketplace/billing/charges", json=charge)
    api("GET", "/marketplace/billing/charges")
    api("GET", "/marketplace/billing/charges/has-funds")
    wanted = {"companyId": "demo-company", "appId": "sandboxapp"}
    dated = version != "v3"
    agency(
        "GET", f"/oauth/{'installedLocations' if dated else 'installed-locations'}", params=wanted
    )
    swap = {"companyId": "demo-company", **HERE}
    agency("POST", f"/oauth/{'locationToken' if dated else 'location-token'}", data=swap)
    agency("GET", "/companies/demo-company")
    icon = {"name": "book", "fontFamily": "fas"}
    menu: dict[str, Any] = {
        "title": "T",
        "url": "https://hub.example",
        "icon": icon,
        "locations": [],
    }
    menu |= dict.fromkeys(("showOnCompany", "showOnLocation", "showToAllLocations"), True)
    made = agency("POST", "/custom-menus/", json={**menu, "openMode": "iframe", "userRole": "all"})
    agency("GET", "/custom-menus/")
    agency("DELETE", f"/custom-menus/{made['customMenu']['id']}")


@cache
def document(version: str, name: str) -> Any:
    file = FILES / "v3" / f"{name}-v3.json" if version == "v3" else FILES / f"{name}.json"
    return json.loads(file.read_text())


@cache
def common(version: str) -> Any:
    # The newer files point to a folder that does not exist; theirs lies one level lower.
    folder = FILES / "v3" if version == "v3" else FILES.parent
    return json.loads((folder / "common" / "common-schemas.json").read_text())


def operation(version: str, response: requests.Response) -> tuple[str, Any] | None:
    """The described operation that a call is, literal paths before those with places in them."""
    path = response.request.path_url.partition("?")[0]
    name = path.split("/")[1]
    method = str(response.request.method)
    described = document(version, name)["paths"]
    for template in sorted(described, key=lambda one: one.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in described[template]:
            found = described[template][method.lower()]
            return f"{method} {template}", {**found, "in": name}
    return None


def answer_schema(version: str, described: Any, status: int) -> Any:
    answer = described["responses"].get(str(status))
    if answer is None:
        return None
    content = answer.get("content", {}).get("application/json", {})
    return plain(version, described["in"], content.get("schema", {}))


def required_body(version: str, name: str, described: Any) -> list[str]:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = plain(version, name, content.get("schema", {}))
    return list(schema.get("required", []))


def plain(version: str, name: str, schema: Any, depth: int = 0) -> Any:
    """The schema with its references filled in and ``nullable`` in JSON Schema's own words."""
    if isinstance(schema, list):
        return [plain(version, name, one, depth) for one in schema]
    if not isinstance(schema, dict) or depth > 12:
        return {} if isinstance(schema, dict) else schema
    if "$ref" in schema:
        source = common(version) if "common-schemas" in schema["$ref"] else document(version, name)
        target = source["components"]["schemas"].get(schema["$ref"].split("/")[-1], {})
        return plain(version, name, target, depth + 1)
    made = {
        key: plain(version, name, value, depth + 1)
        for key, value in schema.items()
        if key not in ("example", "examples", "description", "default", "discriminator")
    }
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def contradicted(operation: str, where: str) -> bool:
    return any(
        re.match(call, operation) and re.fullmatch(place, where)
        for call, place, _ in CONTRADICTIONS
    )
