"""The app in a whole agency: what its token is used for, and which locations come and go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from app import connections
from app.accounts import consent, install, tokens
from app.extensions import db
from app.models import Account, acting_for
from app.sync import objects, push
from tests.factories import complete, make_course, make_enrollment
from tests.fixtures.sandbox import Sandbox

Work = Callable[..., None]


def agency_installed(sandbox: Sandbox) -> Account:
    """The account of a location where the app came with its agency's."""
    code = sandbox.crm.post(
        "authorize",
        company="demo-company",
        redirect_uri=consent.redirect_uri(),
        scope=" ".join(consent.SCOPES),
    )["code"]
    account = install.install(consent.redeem(code))[0]
    db.session.commit()
    return account


def provisioned(account: Account, work: Work) -> str:
    """Presses Provision Now; what the settings page says afterwards."""
    with acting_for(account.id):
        push.provision(account)
        db.session.commit()
        work()
        return objects.state(account).status


def calls(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    return [one for one in sandbox.crm.get("ledger", since=0)["entries"] if one["path"] == path]


def account_of(location: str) -> Account:
    return db.session.scalars(select(Account).where(Account.location_id == location)).one()


# What only an agency's token may do


def test_where_only_the_agency_may_make_objects_its_token_does(
    app: Flask, sandbox: Sandbox, work: Work
) -> None:
    account = agency_installed(sandbox)
    sandbox.crm.put("settings", schema_needs_agency=True)
    assert provisioned(account, work) == "ready"
    made = [call for call in calls(sandbox, "/objects/") if call["effect"]]
    assert [call["effect"]["kind"] for call in made] == ["schema_created"] * 2
    with acting_for(account.id):
        enrollment = make_enrollment(make_course(account))
        complete(enrollment)
        push.mark(enrollment)
        db.session.commit()
    work(ahead=timedelta(minutes=2))
    written = [effect["value"] for effect in sandbox.crm.effects("record_created")]
    assert "custom_objects.training_record" in [value["objectKey"] for value in written]


def test_an_agency_whose_token_ended_early_makes_them_all_the_same(
    app: Flask, sandbox: Sandbox, work: Work
) -> None:
    account = agency_installed(sandbox)
    sandbox.crm.put("settings", schema_needs_agency=True)
    sandbox.crm.faults(expire_tokens=True)
    assert provisioned(account, work) == "ready"


def test_an_agency_that_has_been_refused_leaves_it_to_be_done_by_hand(
    app: Flask, sandbox: Sandbox, work: Work
) -> None:
    account = agency_installed(sandbox)
    assert connections.crm(account).location().name  # the location has a token of its own
    sandbox.crm.put("settings", schema_needs_agency=True)
    sandbox.crm.post("revoke", company="demo-company")
    assert provisioned(account, work) == "by_hand"


# Locations that come and go


def test_a_location_opened_later_gets_its_account(app: Flask, sandbox: Sandbox, work: Work) -> None:
    agency_installed(sandbox)
    opened = sandbox.crm.post("open-location", location="third-location", name="Third Location")
    assert opened["installed"]
    said = install.heard_install({"locationId": "third-location", "installType": "Location"})
    assert said == "installed"
    work()
    third = account_of("third-location")
    assert (third.company_id, third.name) == ("demo-company", "Third Location")
    assert third.zone.key == "Europe/London"
    assert connections.crm(third).location().id == "third-location"


def test_a_location_that_no_agency_has_waits_for_its_own_consent(
    app: Flask, sandbox: Sandbox
) -> None:
    agency_installed(sandbox)
    said = install.heard_install({"locationId": "elsewhere", "installType": "Location"})
    assert said == "waiting for the CRM's consent page"
    assert db.session.query(Account).count() == 2


def test_one_location_leaves_and_comes_back_with_the_agencys_next_consent(
    app: Flask, sandbox: Sandbox, work: Work
) -> None:
    first = agency_installed(sandbox)
    second = account_of("second-location")
    second.organization_name = "Lake Safety"
    assert connections.crm(second).location().name
    sandbox.crm.post("uninstall", location="second-location")
    said = install.heard_uninstall({"locationId": "second-location", "companyId": "demo-company"})
    db.session.commit()
    assert said == "uninstalled from 1 location(s)"
    assert (first.active, second.active) == (True, False)
    assert connections.crm(first).location().name
    assert tokens.company_token(first)
    agency_installed(sandbox)
    assert second.active
    assert second.organization_name == "Lake Safety"
    assert connections.crm(second).location().name
