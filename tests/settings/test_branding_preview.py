"""The examples on the branding page: of what is typed, saved or not, and true to the paper."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from redis import Redis
from werkzeug.test import TestResponse

from app.accounts.brand import brand as look
from app.accounts.brand import readable_on_white
from app.certificates.drawing import drawn
from app.models import Account, Certificate, Outcome, acting_for
from app.reports import pdf_table
from app.reports import preview as report
from tests.clients.odd_server import Planned
from tests.factories import make_account, make_course, make_enrollment, sign_in, utc
from tests.fixtures.public_web import SITE, PublicWeb
from tests.settings.forms import brand, picture, version

DRAFT = re.compile(r'name="draft" value="(\w*)"')
Places = dict[str, tuple[float, float]]


def ask(client: FlaskClient, changed: str = "look", **fields: Any) -> TestResponse:
    """As htmx does while the form is being filled in."""
    form = {"organization_name": "", "primary_color": "#1f4fd8", "logo_url": "", **fields}
    return client.post(
        f"/settings/branding/preview?changed={changed}", data=form, headers={"HX-Request": "true"}
    )


def drawing(answer: TestResponse, name: str) -> str:
    found = re.search(rf'<svg class="paper" id="{name}-preview".*?</figure>', answer.text, re.S)
    assert found
    return found[0]


def key_of(answer: TestResponse) -> str:
    found = DRAFT.search(answer.text)
    assert found
    return found[1]


def test_both_documents_are_drawn_in_the_saved_branding(
    client: FlaskClient, account: Account
) -> None:
    account.organization_name, account.primary_color = "Harbour & Söhne", "#ffd400"
    page = client.get("/settings/branding")
    ink = readable_on_white("#ffd400")
    certificate, top = drawing(page, "certificate"), drawing(page, "report")
    for one in (certificate, top):
        assert "Harbour &amp; Söhne" in one
        assert 'fill="#ffd400"' in one
        assert f'fill="{ink}"' in one
        assert "style=" not in one  # the Content-Security-Policy would ignore it
    assert "CERTIFICATE OF COMPLETION" in certificate
    assert 'color="#111111"' in certificate
    assert "Training report" in top
    assert "Ada Lovelace" in top


def test_both_follow_what_is_typed_and_nothing_is_saved(
    client: FlaskClient, account: Account
) -> None:
    before = version(client, "branding")
    answer = ask(client, organization_name="Typed <i>Ltd</i>", primary_color="#0b3d2e")
    assert "<html" not in answer.text
    for name in ("certificate", "report"):
        assert "Typed &lt;i&gt;Ltd&lt;/i&gt;" in drawing(answer, name)
        assert 'fill="#0b3d2e"' in drawing(answer, name)
    assert 'id="color-guard"' in answer.text
    assert (account.organization_name, account.primary_color) == (None, "#1f4fd8")
    assert before == version(client, "branding")


def test_without_a_name_the_crms_own_is_shown(client: FlaskClient, account: Account) -> None:
    account.organization_name = "To be emptied"
    assert "Demo Location" in drawing(ask(client, organization_name=" "), "report")


@pytest.mark.parametrize("colour", ["#1f4", "", "red;}", "#gggggg"])
def test_half_a_colour_leaves_the_saved_one(
    client: FlaskClient, account: Account, colour: str
) -> None:
    answer = ask(client, primary_color=colour)
    assert answer.status_code == 200
    assert 'fill="#1f4fd8"' in drawing(answer, "report")
    assert "Not a color yet" in answer.text
    assert "red;}" not in answer.text


def test_a_chosen_file_is_shown_and_survives_a_mistake(
    client: FlaskClient, account: Account
) -> None:
    answer = ask(client, "logo", logo=(picture(), "logo.png"))
    assert "The picture you chose is shown" in answer.text
    for name in ("certificate", "report"):
        assert 'href="data:image/png;base64,' in drawing(answer, name)
    key = key_of(answer)
    assert 'href="data:image/png' in drawing(ask(client, draft=key), "report")  # typing goes on
    assert account.logo_png is None
    refused = brand(client, primary_color="wrong", draft=key)
    assert refused.status_code == 422
    assert key_of(refused) == key
    assert brand(client, draft=key).status_code == 200
    assert account.logo_png
    assert 'id="logo-choice"' in client.get("/settings/branding").text


def test_a_file_that_came_with_a_mistake_need_not_be_chosen_again(
    client: FlaskClient, account: Account
) -> None:
    refused = brand(client, organization_name="x" * 121, logo=(picture(), "logo.png"))
    assert refused.status_code == 422
    assert account.logo_png is None
    brand(client, draft=key_of(refused))
    assert account.logo_png


def test_an_address_is_fetched_for_the_preview_and_not_again_for_saving(
    client: FlaskClient, account: Account, public_web: PublicWeb
) -> None:
    address = f"https://{SITE}/logo.png"
    public_web.site.plan(Planned(200, picture().getvalue()))
    answer = ask(client, "logo", logo_url=address)
    assert 'href="data:image/png' in drawing(answer, "certificate")
    ask(client, "look", logo_url=address, draft=key_of(answer))
    assert brand(client, logo_url=address, draft=key_of(answer)).status_code == 200
    assert account.logo_url == address
    assert account.logo_png
    assert len(public_web.site.asked) == 1


def test_an_unusable_picture_is_told_at_once(
    client: FlaskClient, account: Account, public_web: PublicWeb
) -> None:
    public_web.site.plan(Planned(404, b""))
    answer = ask(client, "logo", logo_url=f"https://{SITE}/gone.png")
    assert answer.status_code == 200
    assert "answered with 404" in answer.text
    assert key_of(answer) == ""
    answer = ask(client, "logo", logo=(io.BytesIO(b"<svg/>"), "logo.svg"))
    assert "SVG drawing" in answer.text


def test_another_accounts_draft_is_nothing(client: FlaskClient, account: Account) -> None:
    key = key_of(ask(client, "logo", logo=(picture(), "logo.png")))
    sign_in(client, make_account("second-location", name="Second"))
    assert "data:image/png" not in ask(client, draft=key).text


def test_taking_the_logo_away_is_shown_before_it_is_saved(
    client: FlaskClient, account: Account
) -> None:
    brand(client, logo=(picture(), "logo.png"))
    assert f"/logos/{account.logo_digest}.png" in drawing(ask(client), "certificate")
    answer = ask(client, "logo", remove_logo="1")
    assert "<image" not in drawing(answer, "certificate") + drawing(answer, "report")
    assert account.logo_png


def test_without_redis_the_picture_is_still_taken(
    client: FlaskClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Redis(unix_socket_path="/nowhere/redis.sock")
    monkeypatch.setitem(client.application.extensions, "redis", away)
    answer = ask(client, "logo", logo=(picture(), "logo.png"))
    assert 'href="data:image/png' in drawing(answer, "report")
    assert brand(client, logo=(picture(), "logo.png")).status_code == 200
    assert account.logo_png


# True to the paper


def on_paper(pdf: bytes) -> Places:
    """Where each text of the first page begins, in points from its top left."""
    page, places = PdfReader(io.BytesIO(pdf)).pages[0], Places()

    def note(text: str, current: list[float], matrix: list[float], *_: Any) -> None:
        if text.strip():
            x = current[0] * matrix[4] + current[4]
            y = current[3] * matrix[5] + current[5]
            places.setdefault(text.strip(), (x, float(page.mediabox.height) - y))

    page.extract_text(visitor_text=note)
    return places


def on_screen(svg: str) -> Places:
    places = Places()
    for attributes, text in re.findall(r"<text ([^>]*)>([^<]*)</text>", svg):
        numbers = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        if numbers.get("text-anchor") != "middle":
            place = (float(numbers["x"]), float(numbers["y"]))
            places.setdefault(html.unescape(text), place)
    return places


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def test_every_text_of_a_report_stands_where_the_file_has_it(
    client: FlaskClient, account: Account
) -> None:
    brand(client, organization_name="Harbour", logo=(picture(), "logo.png"))
    screen = on_screen(drawing(client.get("/settings/branding"), "report"))
    about = ["Training report of Harbour", *list(screen)[2:4]]
    rows = iter(report.examples())
    paper = on_paper(pdf_table.draw(account, about, rows, account.zone))
    assert len(screen) > 20
    wrong = {text: (place, paper.get(text)) for text, place in screen.items()
             if text not in paper or apart(place, paper[text]) > 0.1}  # fmt: skip
    assert wrong == {}


def test_every_text_of_a_certificate_stands_where_the_file_has_it(
    client: FlaskClient, account: Account
) -> None:
    brand(client, organization_name="Harbour", logo=(picture(), "logo.png"))
    screen = on_screen(drawing(client.get("/settings/branding"), "certificate"))
    with acting_for(account.id):
        enrollment = make_enrollment(make_course(account))
        facts = {"learner_name": "Ada Lovelace", "learner_email": "ada.lovelace@example.com"}
        certificate = Certificate(
            account_id=account.id, enrollment_id=enrollment.id, **facts,
            course_title="First Aid at Work", completed_at=utc(2026, 3, 4), score=92.0,
            result=Outcome.PASSED, standing_at=utc(2026, 3, 4),
            number="ABCDE-FGHJK-23456-MNPQR-STVWXY", account=account,
        )  # fmt: skip
        paper = on_paper(drawn(certificate))
    assert len(screen) > 12
    wrong = {text: (place, paper.get(text)) for text, place in screen.items()
             if text not in paper or apart(place, paper[text]) > 1.5}  # fmt: skip
    assert wrong == {}
    assert look(account).ink in drawing(client.get("/settings/branding"), "certificate")
