"""The settings pages: what is saved, what is refused, and what is never told."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts.brand import contrast, readable_on_white, text_on
from app.clients import pictures
from app.enrollments import syncing
from app.extensions import db
from app.models import Account, AuditEntry, ScormConnection, across_accounts, acting_for
from app.settings import scorm_connection
from tests.factories import make_account, make_course, make_enrollment, make_grant, sign_in
from tests.fixtures.sandbox import Sandbox

PAGES = ["scorm-cloud", "branding", "account-mode", "custom-objects", "crm-integration"]


@pytest.fixture
def account(client: FlaskClient) -> Account:
    """An owner is signed in; SCORM Cloud is not connected yet."""
    account = make_account(
        scorm_app_id=None, scorm_secret_key=None, scorm_connection=ScormConnection.NONE
    )
    make_grant(account, "token")
    sign_in(client, account)
    return account


def version(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', client.get(f"/settings/{page}").text)
    assert found
    return found[1]


def connect(client: FlaskClient, app_id: str, secret: str, **more: Any) -> TestResponse:
    data = {
        "app_id": app_id,
        "secret_key": secret,
        "version": version(client, "scorm-cloud"),
        **more,
    }
    return client.post("/settings/scorm-cloud", data=data)


def audited() -> list[tuple[str, str]]:
    with across_accounts():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.created_at)).all()
        return [(row.actor, row.action) for row in rows]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_its_own_address(client: FlaskClient, account: Account, page: str) -> None:
    answer = client.get(f"/settings/{page}")
    assert answer.status_code == 200
    assert f'href="/settings/{page}" aria-current="page"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_sees_none_of_them(client: FlaskClient, app: Flask, page: str) -> None:
    assert client.get(f"/settings/{page}").status_code == 401


# SCORM Cloud


def test_connecting_scorm_cloud(client: FlaskClient, account: Account, sandbox: Sandbox) -> None:
    assert "Not Connected" in client.get("/settings/scorm-cloud").text
    answer = connect(client, "SANDBOX", "sandbox-secret")
    assert answer.status_code == 200
    assert "SCORM Cloud is connected." in answer.text
    assert account.scorm_connected
    assert account.scorm_checked_at
    page = client.get("/settings/scorm-cloud").text
    assert ">Connected<" in page
    assert "sandbox-secret" not in page
    assert account.postback_password not in page
    assert "The address is set in your SCORM Cloud application" in page
    assert ("Olivia Owner", "connected SCORM Cloud") in audited()


def test_the_plans_own_limit_is_shown(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    sandbox.cloud.put("applications/SANDBOX", regLimit=1000)
    connect(client, "SANDBOX", "sandbox-secret")
    assert "0 of 1,000 registrations this month" in client.get("/settings/scorm-cloud").text


def test_spaces_are_removed_and_said(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    answer = connect(client, "  SANDBOX\t", " sandbox-secret\n")
    assert "Spaces around were removed" in answer.text
    assert (account.scorm_app_id, account.scorm_secret_key) == ("SANDBOX", "sandbox-secret")


@pytest.mark.parametrize(
    ("app_id", "secret", "status", "words"),
    [
        ("", "sandbox-secret", 422, "Enter the App ID."),
        ("SANDBOX", "   ", 422, "Enter the Secret Key."),
        ("SANDBOX", "wrong", 422, "Enter both again, without spaces"),
        ("UNKNOWN", "sandbox-secret", 422, "Enter both again, without spaces"),
        ("S" * 290, "sandbox-secret", 422, "too long"),
    ],
)
def test_wrong_credentials_are_not_kept(
    client: FlaskClient, account: Account, sandbox: Sandbox,
    app_id: str, secret: str, status: int, words: str,
) -> None:  # fmt: skip
    answer = connect(client, app_id, secret)
    assert answer.status_code == status
    assert words in answer.text
    if app_id:
        assert f'value="{app_id}"' in answer.text  # what was typed is not lost
    assert f'value="{secret}"' not in answer.text
    assert not account.scorm_connected
    assert account.scorm_app_id is None


def test_unreachable_is_told_apart_from_refused(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    sandbox.cloud.faults(rate_500=1)
    answer = connect(client, "SANDBOX", "sandbox-secret")
    assert answer.status_code == 409
    assert "could not be reached" in answer.text
    assert "SCORM Cloud cannot be reached" in client.post("/settings/scorm-cloud/check").text
    sandbox.cloud.faults()
    account.scorm_secret_key = "changed meanwhile"
    assert "is refused" in client.post("/settings/scorm-cloud/check").text
    assert "Enter both again" in client.get("/courses").text  # the banner


def test_a_key_that_is_refused_later_turns_the_light(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    with acting_for(account.id):
        syncing.reconcile(account)
        assert account.scorm_connected
        account.scorm_secret_key = "changed in SCORM Cloud"
        syncing.reconcile(account)
    assert not account.scorm_connected
    assert "is refused" in client.get("/settings/scorm-cloud").text


def test_an_outage_is_not_taken_for_a_missing_connection(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    sandbox.cloud.faults(rate_500=1)
    client.post("/settings/scorm-cloud/check")
    assert account.scorm_connection == ScormConnection.UNREACHABLE
    assert account.scorm_connected
    sandbox.cloud.faults()
    with acting_for(account.id):
        syncing.reconcile(account)
    assert account.scorm_connection == ScormConnection.CONNECTED


def test_another_application_would_orphan_courses(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    course = make_course(account)
    make_enrollment(course)
    answer = connect(client, "SECOND", "second-secret")
    assert answer.status_code == 409
    assert "1 course with 1 enrollment" in answer.text
    assert account.scorm_app_id == "SANDBOX"
    assert course.archived_at is None
    answer = connect(client, "SECOND", "second-secret", archive_old="1")
    assert answer.status_code == 200
    assert account.scorm_app_id == "SECOND"
    assert course.archived_at is not None


def test_the_same_application_may_be_entered_again(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    connect(client, "SANDBOX", "sandbox-secret")
    course = make_course(account)
    assert connect(client, "SANDBOX", "sandbox-secret").status_code == 200
    assert course.archived_at is None


def test_a_stale_form_is_told_so_and_loses_nothing(
    client: FlaskClient, account: Account, sandbox: Sandbox
) -> None:
    old = version(client, "branding")
    first = {"organization_name": "First", "primary_color": "#102030", "version": old}
    assert client.post("/settings/branding", data=first).status_code == 200
    answer = client.post("/settings/branding", data={**first, "organization_name": "Second"})
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    assert 'value="Second"' in answer.text
    assert account.organization_name == "First"
    again = re.search(r'name="version" value="(\d+)"', answer.text)
    assert again
    answer = client.post(
        "/settings/branding", data={**first, "organization_name": "Second", "version": again[1]}
    )
    assert answer.status_code == 200
    assert account.organization_name == "Second"


# Branding


def picture(size: tuple[int, int] = (300, 100), kind: str = "PNG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "#336699").save(file, kind)
    file.seek(0)
    return file


def brand(client: FlaskClient, **fields: Any) -> TestResponse:
    data = {"organization_name": "Harbour Safety", "primary_color": "#336699"}
    data |= {"version": version(client, "branding"), **fields}
    return client.post("/settings/branding", data=data)


def test_a_logo_is_redrawn_and_shown(client: FlaskClient, account: Account) -> None:
    sent = picture((3000, 1000), "JPEG")
    sent.seek(0, io.SEEK_END)
    sent.write(b"<script>hidden</script>")
    sent.seek(0)
    assert brand(client, logo=(sent, "logo.jpg")).status_code == 200
    assert account.logo_png
    assert account.logo_png.startswith(b"\x89PNG")
    assert b"hidden" not in account.logo_png
    assert Image.open(io.BytesIO(account.logo_png)).width <= 1200
    stranger = client.application.test_client()  # learners see it without a session
    answer = stranger.get(f"/logos/{account.logo_digest}.png")
    assert (answer.status_code, answer.data) == (200, account.logo_png)
    assert brand(client, remove_logo="1").status_code == 200
    assert account.logo_png is None


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "not a picture",
        ),
        (b"not a picture", "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 60, "not a picture"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (picture((6000, 6000)).getvalue(), "too many pixels"),
    ],
)
def test_an_unusable_logo_says_why(
    client: FlaskClient, account: Account, file: bytes, words: str
) -> None:
    answer = brand(client, logo=(io.BytesIO(file), "logo.png"), organization_name="Typed")
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Typed"' in answer.text
    assert account.organization_name is None


def test_a_huge_file_is_refused_before_it_is_read(client: FlaskClient, account: Account) -> None:
    answer = brand(client, logo=(io.BytesIO(b"x" * 4 * 1024 * 1024), "logo.png"))
    assert answer.status_code == 413


INSIDE = [
    "http://example.com/logo.png", "https://127.0.0.1/", "https://localhost/", "https://[::1]/",
    "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "https://0x7f000001/",
    "https://2130706433/", "https://0177.0.0.1/", "https://127.1/", "https://[::ffff:127.0.0.1]/",
    "https://user:pass@example.com/", "https://example.com:8443/", "https://example.com:22/x",
    "file:///etc/passwd", "ftp://example.com/", "gopher://x/",
    "javascript:alert(1)", "//example.com",
    "https://", "https:///x", "https://exa mple.com/", "https://intranet/", "https://[fe80::1%25eth0]/",
    "https://" + "a" * 3000 + ".com/", "https://\u2460.com\u0000/", "data:image/png;base64,AAAA",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_points_inside_is_refused(
    client: FlaskClient, account: Account, address: str
) -> None:
    answer = brand(client, logo_url=address)
    assert answer.status_code == 422
    assert account.logo_png is None
    assert "must" in answer.text or "not an address" in answer.text


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("64:ff9b::10.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert pictures.is_public(address) is public


def test_a_name_that_leads_inside_is_refused() -> None:
    with pytest.raises(pictures.PictureError):
        pictures.public_address("hub.localhost")


@pytest.mark.parametrize("colour", ["red", "#12", "#gggggg", "1f4fd8", "#1f4fd8;}", "url(x)", ""])
def test_only_colours_are_colours(client: FlaskClient, account: Account, colour: str) -> None:
    answer = brand(client, primary_color=colour)
    assert answer.status_code == 422
    assert account.primary_color == "#1f4fd8"


@pytest.mark.parametrize(
    "colour", ["#ffffff", "#ffff00", "#00ff00", "#808080", "#000000", "#1f4fd8"]
)
def test_whatever_the_colour_text_can_be_read(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= 4.5
    assert contrast(readable_on_white(colour), "#ffffff") >= 4.5


def test_the_preview_is_drawn_in_the_saved_branding(client: FlaskClient, account: Account) -> None:
    account.organization_name, account.primary_color = "Harbour & Söhne", "#ffd400"
    page = client.get("/settings/branding").text
    drawing = page[page.index('id="certificate-preview"') : page.index("Verify at")]
    assert 'fill="#ffd400" data-brand="fill:colour"' in drawing
    assert f'fill="{readable_on_white("#ffd400")}" data-brand="fill:ink"' in drawing
    assert 'color="#111111" data-brand="color:onColour"' in drawing
    assert '<p class="certificate-issuer" data-text="name">Harbour &amp; Söhne</p>' in drawing
    assert "CERTIFICATE OF COMPLETION" in drawing
    assert "style=" not in drawing  # the Content-Security-Policy would ignore it


def test_a_name_is_cleaned_and_escaped(client: FlaskClient, account: Account) -> None:
    brand(client, organization_name="  Ä\u202e<b>Ö</b>\u0007 \u65e5\u672c  ")
    assert account.organization_name == "Ä<b>Ö</b> 日本"
    page = client.get("/settings/branding").text
    assert "<b>Ö" not in page
    assert brand(client, organization_name="x" * 121).status_code == 422


# Account Mode


def test_the_trial_is_counted_and_lifted(client: FlaskClient, account: Account, app: Flask) -> None:
    app.config["BILLING"] = "none"
    course = make_course(account)
    for _ in range(3):
        make_enrollment(course)
    page = client.get("/settings/account-mode").text
    assert "Free trial" in page
    assert "3 of 10" in page
    assert "Go Live" in page
    assert "is lifted" in client.post("/settings/account-mode/go-live").text
    assert account.live
    client.post("/settings/account-mode/go-live")
    assert [action for _, action in audited()].count("went live") == 1
    assert "Go Live" not in client.get("/settings/account-mode").text


def test_a_confirmation_alone_lifts_nothing_when_plans_are_paid_for(
    client: FlaskClient, account: Account, app: Flask
) -> None:
    app.config["BILLING"] = "marketplace"
    assert client.post("/settings/account-mode/go-live").status_code == 403
    assert not account.live


# CRM Integration and Custom Objects


@pytest.mark.parametrize(
    ("name", "attribute"),
    [("tags", "sync_tags"), ("notes", "write_notes"), ("course-tags", "course_tags")],
)
def test_switches_are_saved_at_once_and_apart(
    client: FlaskClient, account: Account, name: str, attribute: str
) -> None:
    others = {"sync_tags", "write_notes", "course_tags"} - {attribute}
    before = {other: getattr(account, other) for other in others}
    for on in (False, True):
        data = {name: "on"} if on else {}
        headers = {"HX-Request": "true"}
        answer = client.post(f"/settings/crm-integration/{name}", data=data, headers=headers)
        assert f'id="switch-{name}"' in answer.text
        assert "Saved" in answer.text
        assert getattr(account, attribute) is on
    assert {other: getattr(account, other) for other in others} == before
    assert client.post("/settings/crm-integration/other").status_code == 404


def test_provisioning_makes_everything_once(
    client: FlaskClient, app: Flask, sandbox: Sandbox, work: Any
) -> None:
    from tests.accounts.test_install import agreed, come_back, started

    asked = started(client)
    come_back(client, code=agreed(sandbox, app, location="demo-location"), state=asked["state"])
    client.environ_base["HTTP_X_CSRFTOKEN"] = csrf(client)
    assert "Missing" in client.get("/settings/custom-objects").text
    assert "Provision Now" in client.post("/settings/custom-objects").text
    work()
    first = sandbox.crm.effects("schema_created")
    page = client.get("/settings/custom-objects").text
    assert len(first) == len(sandbox.crm.effects("schema_created"))
    assert "Everything is there" in page or "by hand" in page


def csrf(client: FlaskClient) -> str:
    found = re.search(r'"X-CSRFToken": "([^"]+)"', client.get("/settings/branding").text)
    assert found
    return found[1]


def test_typed_values_are_trimmed() -> None:
    given = scorm_connection.typed(" a ", "b")
    assert (given.app_id, given.secret_key, given.trimmed) == ("a", "b", True)
