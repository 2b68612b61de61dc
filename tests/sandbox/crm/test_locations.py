"""What the agency does with its locations: it opens further ones, and its tokens are revoked."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.crm.conftest import Api, Crm, Receiver


def test_a_further_location_is_like_the_first_ones_but_empty(crm: Crm) -> None:
    answer = crm.controls.post("open-location", location="third-location", name="Third Location")
    assert answer == {"location": "third-location", "installed": False}
    api = crm.api("third-location")
    assert api("GET", "/locations/third-location")["location"]["name"] == "Third Location"
    asked = {"locationId": "third-location", "pageLimit": 5}
    assert api("POST", "/contacts/search", json=asked)["contacts"] == []
    assert len(api("GET", "/objects/", params={"locationId": "third-location"})["objects"]) == 3
    counts = crm.controls.get("")["counts"]
    assert {id: one["contacts"] for id, one in counts.items()} == {
        "demo-location": 60,
        "second-location": 60,
        "third-location": 0,
    }


def test_it_has_the_app_where_the_agency_has(crm: Crm, receiver: Receiver) -> None:
    agency = Api(crm.url, crm.tokens("demo-company")["access_token"])
    assert crm.controls.post("open-location", location="third-location")["installed"]
    query = {"companyId": "demo-company", "appId": "sandboxapp", "isInstalled": "true"}
    found = agency("GET", "/oauth/installedLocations", params=query)["locations"]
    assert "third-location" in [one["_id"] for one in found]
    told = [one for one in receiver.wait_for("INSTALL", 4) if one.get("locationId")]
    third = next(one for one in told if one["locationId"] == "third-location")
    assert third["installType"] == "Location"
    assert not third.keys() & {"companyId", "userId"}  # as in life, for locations that come later


@pytest.mark.parametrize("id", ["", "demo-location", "a b", "x" * 65])
def test_an_id_that_is_taken_or_none_is_refused(crm: Crm, id: str) -> None:
    url = f"{crm.url}/sandbox/open-location"
    assert requests.post(url, json={"location": id}, timeout=30).status_code == 400


def test_revoked_tokens_are_worth_nothing_and_others_live_on(crm: Crm) -> None:
    tokens, other = crm.tokens(), crm.api("second-location")
    assert crm.controls.post("revoke", location="demo-location")["revoked"] == 1
    answer = Api(crm.url, tokens["access_token"])("GET", "/locations/demo-location", 401)
    assert answer["message"] == "Invalid token: access token is invalid"
    asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert crm.token(400, **asked)["error"] == "invalid_grant"
    other("GET", "/locations/second-location")
    crm.tokens()  # a new consent helps
