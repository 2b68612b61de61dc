"""OAuth as the CRM does it: codes, both dialects, rotation with its grace, agency tokens."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox.crm.conftest import CALLBACK, CLIENT, Api, Crm


def choose(crm: Crm, choice: str, path: str = "/oauth/chooselocation", **query: str) -> str:
    """Send the form of the chooser page; where it leads."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": f"{crm.ports.hub_url}/oauth/callback",
        **query,
    }
    answer = requests.post(
        crm.url + path, params=asked, data={"choice": choice}, allow_redirects=False, timeout=30
    )
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def test_choosing_a_location_gives_a_code_and_hands_the_state_back_unchanged(crm: Crm) -> None:
    state = "a b/ü+&=%"
    for path in ("/oauth/chooselocation", "/v2/oauth/chooselocation"):
        target = choose(crm, "demo-location", path, state=state)
        assert target.startswith(f"{crm.ports.hub_url}/oauth/callback?")
        answer = parse_qs(urlsplit(target).query)
        assert answer["state"] == [state]
        tokens = crm.token(
            grant_type="authorization_code",
            code=answer["code"][0],
            redirect_uri=f"{crm.ports.hub_url}/oauth/callback",
        )
        assert tokens["locationId"] == "demo-location"


def test_an_install_from_the_marketplace_has_no_state(crm: Crm) -> None:
    assert "state" not in parse_qs(urlsplit(choose(crm, "second-location")).query)


def test_the_chooser_refuses_unknown_apps_addresses_and_scopes(crm: Crm) -> None:
    good = {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": f"{crm.ports.hub_url}/oauth/callback",
    }
    for wrong in (
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"response_type": "token"},
        {"scope": "contacts.readonly everything"},
    ):
        answer = requests.get(
            f"{crm.url}/oauth/chooselocation", params={**good, **wrong}, timeout=30
        )
        assert answer.status_code == 400
        assert "cannot be installed" in answer.text


def test_a_code_works_once_and_only_for_its_own_address(crm: Crm) -> None:
    code = crm.code()
    wrong = crm.token(
        400, grant_type="authorization_code", code=code, redirect_uri="https://hub.example/other"
    )
    assert wrong["error"] == "invalid_grant"
    crm.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    again = crm.token(400, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert again["error"] == "invalid_grant"


def test_a_code_grows_old(crm: Crm) -> None:
    code = crm.code()
    crm.controls.post("clock", offset_s=601)
    crm.token(400, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)


def test_wrong_client_keys_are_refused(crm: Crm) -> None:
    answer = crm.token(401, grant_type="authorization_code", code=crm.code(), client_secret="wrong")
    assert answer["error"] == "invalid_client"


def test_the_third_generation_speaks_in_camel_case(crm: Crm) -> None:
    asked = {
        "clientId": CLIENT["client_id"],
        "clientSecret": CLIENT["client_secret"],
        "grantType": "authorization_code",
        "code": crm.code(),
    }
    answer = requests.post(
        f"{crm.url}/oauth/token", json=asked, headers={"Version": "v3"}, timeout=30
    ).json()
    assert answer["accessToken"]
    assert answer["expiresIn"] == 86399
    assert "access_token" not in answer


def test_a_refresh_token_rotates_and_dies_after_thirty_seconds(crm: Crm) -> None:
    old = crm.tokens()
    asked = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    new = crm.token(**asked)
    assert new["refresh_token"] != old["refresh_token"]
    crm.controls.post("clock", offset_s=20)
    racing = crm.token(**asked)
    assert (racing["access_token"], racing["refresh_token"]) == (
        new["access_token"],
        new["refresh_token"],
    )
    crm.controls.post("clock", offset_s=31)
    assert crm.token(400, **asked)["error"] == "invalid_grant"
    crm.token(grant_type="refresh_token", refresh_token=new["refresh_token"])


def test_a_refresh_token_lives_a_year(crm: Crm) -> None:
    tokens = crm.tokens()
    asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    crm.controls.post("clock", offset_s=366 * 86400)
    crm.token(400, **asked)
    crm.controls.post("clock", offset_s=364 * 86400)
    crm.token(**asked)


def test_expire_tokens_ends_all_present_access_tokens_and_no_later_one(crm: Crm) -> None:
    tokens = crm.tokens()
    crm.controls.faults(expire_tokens=True)
    old = Api(crm.url, tokens["access_token"])
    answer = old("GET", "/locations/demo-location", 401)
    assert answer["message"] == "Invalid token: access token is invalid"
    new = crm.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    Api(crm.url, new["access_token"])("GET", "/locations/demo-location")


def test_a_suspended_location_is_not_a_dead_token(crm: Crm) -> None:
    tokens = crm.tokens()
    asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    crm.controls.post("suspend", location="demo-location")
    assert crm.token(400, **asked)["message"] == "Location is not active"
    api = Api(crm.url, tokens["access_token"])
    assert api("GET", "/locations/demo-location", 401)["message"] == "Location is not active"
    crm.controls.post("suspend", location="demo-location", suspended=False)
    api("GET", "/locations/demo-location")


def test_an_agency_swaps_its_token_for_one_of_a_location(crm: Crm) -> None:
    granted = crm.tokens("demo-company")
    assert granted["userType"] == "Company"
    assert granted["isBulkInstallation"]
    assert granted["approvedLocations"] == ["demo-location", "second-location"]
    assert "locationId" not in granted
    agency = Api(crm.url, granted["access_token"])
    wanted = {"companyId": "demo-company", "locationId": "second-location"}
    answer = agency("POST", "/oauth/locationToken", data=wanted)
    assert answer["locationId"] == "second-location"
    Api(crm.url, answer["access_token"])("GET", "/locations/second-location")
    assert agency("POST", "/oauth/location-token", 404, data=wanted)["message"].startswith("Cannot")
    assert agency.speaking("v3")("POST", "/oauth/location-token", json=wanted)["accessToken"]


def test_the_agency_sees_where_the_app_is_installed(crm: Crm) -> None:
    crm.tokens("demo-company")
    agency = crm.api("demo-company")
    crm.controls.post("uninstall", location="second-location")
    query = {"companyId": "demo-company", "appId": "sandboxapp"}
    found = agency("GET", "/oauth/installedLocations", params=query)
    assert {one["_id"]: one["isInstalled"] for one in found["locations"]} == {
        "demo-location": True,
        "second-location": False,
    }
    page = agency.speaking("v3")(
        "GET", "/oauth/installed-locations", params={**query, "pageSize": "1"}
    )
    assert len(page["items"]) == 1
    assert page["pagination"]["hasNextPage"]


def test_an_uninstalled_app_has_no_tokens_left(crm: Crm) -> None:
    tokens = crm.tokens()
    api = Api(crm.url, tokens["access_token"])
    assert api("DELETE", "/marketplace/app/sandboxapp/installations", json={})["success"]
    api("GET", "/locations/demo-location", 401)
    crm.token(400, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
