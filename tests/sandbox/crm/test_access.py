"""The door of the API: who is refused with which words, and how often one may knock."""

from __future__ import annotations

import pytest

from tests.sandbox.crm.conftest import Api, Crm


def test_a_call_names_a_known_version(api: Api) -> None:
    missing = api.speaking(None)("GET", "/locations/demo-location", 401)
    assert missing["message"] == "version header was not found."
    unknown = api.speaking("2020-01-01")("GET", "/locations/demo-location", 401)
    assert unknown["message"] == "version header is invalid"
    for version in ("v3", "2023-02-21", "2021-07-28", "2021-04-15", "legacy"):
        api.speaking(version)("GET", "/locations/demo-location")


def test_a_token_reaches_no_further_than_its_scopes(crm: Crm) -> None:
    api = crm.api(scope="contacts.readonly")
    api("POST", "/contacts/search", json={"locationId": "demo-location", "pageLimit": 1})
    answer = api("GET", "/locations/demo-location/tags", 401)
    assert answer["message"] == "The token is not authorized for this scope."


def test_a_token_reaches_no_other_location(crm: Crm, api: Api) -> None:
    foreign = crm.api("second-location")(
        "GET", "/contacts/", params={"locationId": "second-location"}
    )
    id = foreign["contacts"][0]["id"]
    text = "This location is not accessible from this token!"
    assert api("GET", "/locations/second-location", 401)["message"] == text
    body = {"locationId": "second-location", "pageLimit": 1}
    assert api("POST", "/contacts/search", 401, json=body)["message"] == text
    query = {"locationId": "nowhere"}
    assert api("GET", "/contacts/", 401, params=query)["message"] == text
    assert api("GET", f"/contacts/{id}", 400)["message"] == f"Contact with id {id} not found"
    api("POST", f"/contacts/{id}/tags", 400, json={"tags": ["x"]})
    assert not crm.controls.effects()


def test_the_kind_of_token_matters(crm: Crm, api: Api) -> None:
    agency = crm.api("demo-company")
    body = {"locationId": "demo-location", "pageLimit": 1}
    assert "Company" in agency("POST", "/contacts/search", 401, json=body)["message"]
    assert "Location" in api("GET", "/companies/demo-company", 401)["message"]


def test_tokens_that_were_never_given(crm: Crm) -> None:
    made_up = Api(crm.url, "made-up")("GET", "/locations/demo-location", 401)
    assert made_up["message"] == "Invalid token: access token is invalid"
    private = Api(crm.url, "pit-123")("GET", "/locations/demo-location", 401)
    assert private["message"] == "Invalid Private Integration token"


def test_an_unknown_address_answers_in_json(api: Api) -> None:
    answer = api("GET", "/contactz", 404)
    assert answer["message"] == "Cannot GET /contactz"
    assert answer["traceId"]


@pytest.mark.parametrize("body", ["[1]", "{", '"text"'])
def test_a_body_that_is_no_object_is_a_clean_400(api: Api, body: str) -> None:
    api("POST", "/contacts/", 400, data=body, headers={"Content-Type": "application/json"})


def test_every_answer_counts_down_and_the_hundred_and_first_is_refused(crm: Crm) -> None:
    crm.controls.put("settings", rate_interval_s=600)
    api = crm.api()
    statuses, remaining = [], []
    for _ in range(101):
        response = api.raw("GET", "/locations/demo-location")
        statuses.append(response.status_code)
        remaining.append(int(response.headers["X-RateLimit-Remaining"]))
    assert statuses == [200] * 100 + [429]
    assert remaining == [*range(99, -1, -1), 0]
    assert response.headers["X-RateLimit-Max"] == "100"
    assert response.headers["X-RateLimit-Interval-Milliseconds"] == "600000"
    assert "X-RateLimit-Daily-Remaining" in response.headers
    crm.api("second-location")("GET", "/locations/second-location")
