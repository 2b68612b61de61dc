"""Installing, refreshing and leaving, as the sandbox's marketplace plays them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.clients.crm import Crm, CrmApp, OutsideError, Token, authorize_url, grant_is_dead
from tests.clients.examples import LOCATION, REDIRECT
from tests.fixtures.sandbox import Sandbox

Install = Callable[..., Token]


def test_the_browser_is_sent_with_all_it_needs() -> None:
    url = authorize_url(
        "https://crm.test/v2/oauth/chooselocation", "app-1", REDIRECT, ["a.readonly", "b"], "st&te"
    )
    query = parse_qs(urlsplit(url).query)
    assert query["scope"] == ["a.readonly b"]
    assert query["state"] == ["st&te"]
    assert query["redirect_uri"] == [REDIRECT]
    assert query["response_type"] == ["code"]


def test_a_location_installs(install: Install) -> None:
    token = install(location=LOCATION)
    assert (token.location_id, token.company_id, token.is_company) == (
        LOCATION,
        "demo-company",
        False,
    )
    assert token.user_id
    assert "contacts.write" in token.scopes
    lasts = token.expires_at - datetime.now(UTC)
    assert timedelta(hours=23) < lasts <= timedelta(hours=24)
    assert token.access_token not in repr(token)
    assert token.refresh_token not in repr(token)


def test_a_code_works_once(sandbox: Sandbox, crm_app: CrmApp) -> None:
    code = sandbox.crm.post("authorize", location=LOCATION, redirect_uri=REDIRECT, scope="x")[
        "code"
    ]
    crm_app.exchange_code(code, REDIRECT)
    with pytest.raises(OutsideError) as caught:
        crm_app.exchange_code(code, REDIRECT)
    assert not caught.value.can_retry
    assert code not in str(caught.value)


def test_a_refreshed_token_works_and_the_old_one_dies(
    sandbox: Sandbox, crm_app: CrmApp, install: Install
) -> None:
    first = install(location=LOCATION)
    second = crm_app.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert crm_app.refresh(first.refresh_token).access_token == second.access_token
    assert Crm(sandbox.crm.url, second.access_token, LOCATION).location().id == LOCATION

    sandbox.crm.post("clock", offset_s=60)
    with pytest.raises(OutsideError) as caught:
        crm_app.refresh(first.refresh_token)
    assert grant_is_dead(caught.value)
    assert first.refresh_token not in str(caught.value)


def test_trouble_on_the_way_does_not_kill_a_grant(
    sandbox: Sandbox, crm_app: CrmApp, install: Install
) -> None:
    token = install(location=LOCATION)
    for fault in ("rate_500", "rate_html", "reset"):
        sandbox.crm.faults(**{fault: 1})
        with pytest.raises(OutsideError) as caught:
            crm_app.refresh(token.refresh_token)
        assert not grant_is_dead(caught.value)
    sandbox.crm.faults()
    assert crm_app.refresh(token.refresh_token).access_token


def test_our_own_wrong_secret_does_not_kill_a_grant(sandbox: Sandbox, install: Install) -> None:
    token = install(location=LOCATION)
    mistaken = CrmApp(sandbox.crm.url, "sandboxapp-1", "wrong-secret")
    with pytest.raises(OutsideError) as caught:
        mistaken.refresh(token.refresh_token)
    assert not grant_is_dead(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_an_agency_gets_tokens_for_its_locations(
    sandbox: Sandbox, crm_app: CrmApp, install: Install
) -> None:
    company = install(company="demo-company")
    assert company.is_company
    places = list(crm_app.installed_locations(company.access_token, "demo-company"))
    assert {place.id for place in places} == {LOCATION, "second-location"}
    token = crm_app.location_token(company.access_token, "demo-company", LOCATION)
    assert (token.location_id, token.company_id, token.is_company) == (
        LOCATION,
        "demo-company",
        False,
    )
    assert token.refresh_token
    assert Crm(sandbox.crm.url, token.access_token, LOCATION).location().id == LOCATION


def test_the_installer_is_known_and_can_leave(sandbox: Sandbox, crm: Crm, crm_app: CrmApp) -> None:
    details = crm.installer_details(crm_app.app_id)
    assert (details.location_id, details.company_id) == (LOCATION, "demo-company")
    assert details.user_id
    crm.uninstall(crm_app.app_id, "no longer needed")
    with pytest.raises(OutsideError):
        crm.location()


def test_the_newer_dialect_is_understood() -> None:
    token = Token.parse(
        {
            "accessToken": "a",
            "refreshToken": "r",
            "expiresIn": "60",
            "userType": "Location",
            "locationId": "l",
            "scope": "x y",
        }
    )
    assert (token.access_token, token.refresh_token, token.scopes) == ("a", "r", {"x", "y"})
    assert token.expires_at < datetime.now(UTC) + timedelta(seconds=61)
    with pytest.raises(ValueError, match="no access token"):
        Token.parse({"error": "no"})
