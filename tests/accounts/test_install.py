"""Connecting a CRM account: started by us, started in the marketplace, for one location or all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import connections
from app.accounts import consent, install, tokens
from app.extensions import db
from app.models import Account, AdminSession, Grant, acting_for
from app.sync import push
from tests.factories import (
    complete,
    install_account,
    make_account,
    make_course,
    make_enrollment,
    make_grant,
    make_learner,
    sign_in,
)
from tests.fixtures.sandbox import Sandbox


def started(client: FlaskClient, address: str = "/install") -> dict[str, str]:
    """Presses Connect; what the CRM's authorize page is asked."""
    answer = client.get(address)
    assert answer.status_code == 302
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.location).query).items()}


def agreed(sandbox: Sandbox, app: Flask, **choice: str) -> str:
    """Somebody chooses a location (or the company) and agrees: the code that this gives."""
    target = f"{app.config['PUBLIC_URL']}/oauth/callback"
    scope = " ".join(consent.SCOPES)
    answer = sandbox.crm.post("authorize", redirect_uri=target, scope=scope, **choice)
    return str(answer["code"])


def come_back(client: FlaskClient, **query: Any) -> TestResponse:
    return client.get("/oauth/callback", query_string=query)


def accounts() -> list[Account]:
    return list(db.session.scalars(select(Account).order_by(Account.location_id)))


def sessions() -> int:
    return db.session.scalar(select(func.count(AdminSession.id))) or 0


def test_connecting_leads_to_the_courses(client: FlaskClient, app: Flask, sandbox: Sandbox) -> None:
    page = client.get("/")
    assert "Connect Your CRM Account" in page.text
    asked = started(client)
    assert asked["client_id"] == "sandboxapp-1"
    assert len(asked["state"]) >= 43
    code = agreed(sandbox, app, location="demo-location")
    answer = come_back(client, code=code, state=asked["state"])
    assert (answer.status_code, answer.location) == (302, "/courses")
    [account] = accounts()
    assert account.location_id == "demo-location"
    assert account.company_id == "demo-company"
    assert account.name
    assert account.zone.key != "UTC"
    assert client.get("/").location == "/courses"
    assert tokens.access_token(account)


def test_tokens_lie_encrypted(client: FlaskClient, app: Flask, sandbox: Sandbox) -> None:
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    token = tokens.access_token(accounts()[0])
    raw = db.session.execute(db.text("select access_token, refresh_token from grants")).one()
    assert all(raw)
    assert token not in raw


def test_a_marketplace_install_attaches_nobody(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    answer = come_back(client, code=agreed(sandbox, app, location="demo-location"))
    assert answer.status_code == 200
    assert "is installed" in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert sessions() == 0
    assert [account.location_id for account in accounts()] == ["demo-location"]
    assert client.get("/courses").status_code == 401


def test_an_agency_gets_one_account_per_location(
    client: FlaskClient, app: Flask, sandbox: Sandbox, work: Any
) -> None:
    come_back(client, code=agreed(sandbox, app, company="demo-company"))
    first, second = accounts()
    assert (first.location_id, second.location_id) == ("demo-location", "second-location")
    assert tokens.access_token(first) != tokens.access_token(second)
    assert tokens.company_token(first)
    work()
    db.session.expire_all()
    assert all(account.zone.key != "UTC" for account in accounts())


def test_what_the_crm_has_yet_to_tell_is_asked_for_again(
    client: FlaskClient, app: Flask, sandbox: Sandbox, work: Any, redis_url: str
) -> None:
    come_back(client, code=agreed(sandbox, app, company="demo-company"))
    Redis.from_url(redis_url).flushall()  # every bell is lost
    work()
    assert [account.zone.key for account in accounts()] == ["UTC", "UTC"]
    sandbox.crm.faults(rate_500=1)
    install.fill_in_details()
    work()
    assert not any(account.details_at for account in accounts())
    sandbox.crm.faults()
    install.fill_in_details()
    work()
    assert all(account.details_at and account.zone.key != "UTC" for account in accounts())
    sandbox.crm.faults(down=True)
    install.fill_in_details()  # nothing is missing, so nobody is asked
    work()


def test_reinstalling_revives_what_was_there(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    account = make_account(organization_name="Harbour Safety")
    make_grant(account, "old", "old")
    session = sign_in(client, account)
    assert (
        install.heard_uninstall({"locationId": "demo-location"}) == "uninstalled from 1 location(s)"
    )
    db.session.commit()
    assert not account.active
    assert session.ended_at is not None
    assert db.session.scalar(select(Grant.access_token)) is None
    assert client.get("/courses").status_code == 401

    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    [again] = accounts()
    assert again.active
    assert again.organization_name == "Harbour Safety"


def test_an_old_uninstall_is_not_believed(app: Flask) -> None:
    account = make_account()
    install.heard_uninstall(
        {"locationId": "demo-location", "timestamp": "2020-01-01T00:00:00.000Z"}
    )
    assert account.active


def test_uninstalling_an_agency_puts_all_its_locations_to_sleep(app: Flask) -> None:
    first, second = make_account(), make_account("second-location")
    other = make_account("elsewhere", company_id="another-company")
    install.heard_uninstall({"companyId": "demo-company"})
    assert (first.active, second.active, other.active) == (False, False, True)


def test_reconnecting_takes_the_same_location_only(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    account = make_account()
    make_grant(account, "dead").refuse("no")
    sign_in(client, account)
    asked = started(client, "/install?reconnect")
    code = agreed(sandbox, app, location="second-location")
    answer = come_back(client, code=code, state=asked["state"])
    assert answer.status_code == 400
    assert "another location" in answer.text
    assert len(accounts()) == 1
    asked = started(client, "/install?reconnect")
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    db.session.expire_all()
    assert not tokens.needs_reconnect(account)


def test_a_later_location_of_the_agency_is_added(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    come_back(client, code=agreed(sandbox, app, company="demo-company"))
    event = {"locationId": "third-location", "companyId": "demo-company", "installType": "Location"}
    assert install.heard_install(event) == "installed"
    assert "third-location" in [account.location_id for account in accounts()]
    stranger = {"locationId": "fourth", "companyId": "somebody-else"}
    assert install.heard_install(stranger) == "waiting for the CRM's consent page"
    assert "fourth" not in [account.location_id for account in accounts()]


def test_a_white_label_domain_may_frame_the_hub(app: Flask) -> None:
    account = make_account()
    for domain in ("crm.agency.example", "evil.example/path", "*", "javascript:x", ""):
        event = {"locationId": "demo-location", "whitelabelDetails": {"domain": domain}}
        install.heard_install(event)
    assert account.frame_origins == ["https://crm.agency.example"]


def test_between_uninstalling_and_coming_back_nothing_is_written_and_nothing_lost(
    app: Flask, sandbox: Sandbox, work: Any
) -> None:
    account = install_account(sandbox)
    contact = connections.crm(account).search_contacts("zoe")[0]
    learner = make_learner(account, contact_id=contact.id, email=contact.email)
    course = make_course(account)
    with acting_for(account.id):
        enrollment = make_enrollment(course, learner)
        db.session.commit()
    sandbox.crm.post("uninstall", location="demo-location")
    install.heard_uninstall({"locationId": "demo-location"})
    before = sandbox.crm.get("ledger", since=0)["next"]
    with acting_for(account.id):
        complete(enrollment)  # somebody finishes the course in these days
        push.mark(enrollment)
        db.session.commit()
    work(ahead=timedelta(hours=3))
    assert sandbox.crm.get("ledger", since=before)["entries"] == []
    again = install_account(sandbox)
    assert again.id == account.id
    work(ahead=timedelta(minutes=2))
    assert "scorm_completed" in connections.crm(again).contact(contact.id).tags
    assert len(sandbox.crm.effects("note_created")) == 1


def test_the_audit_list_says_when_it_came_and_went(
    client: FlaskClient, app: Flask, sandbox: Sandbox
) -> None:
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    install.heard_uninstall({"locationId": "demo-location"})
    db.session.commit()
    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    page = client.get("/activity?show=people").text
    said = re.findall(r'<span class="cell-main">(.*?)</span>', page)
    assert said == ["Reconnected", "Uninstalled", "Installed"]
