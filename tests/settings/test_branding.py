"""Branding: name, colour and logo, what cannot be used, and several people at once."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from PIL import Image

from app.accounts.brand import contrast, readable_on_white, text_on
from app.models import Account
from tests.clients.odd_server import Planned
from tests.fixtures.public_web import SITE, PublicWeb
from tests.fixtures.sandbox import Sandbox
from tests.settings.forms import beside, brand, picture, png_bomb, version


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


def test_a_logo_is_fetched_once_and_kept_redrawn(
    client: FlaskClient, account: Account, public_web: PublicWeb
) -> None:
    address = f"https://{SITE}/logo.jpg"
    sent = picture((3000, 1000), "JPEG").getvalue() + b"<script>hidden</script>"
    public_web.site.plan(Planned(200, sent, {"Content-Type": "image/jpeg"}))
    answer = brand(client, logo_url=address)
    assert answer.status_code == 200
    assert f'value="{address}"' in answer.text
    assert f'src="/logos/{account.logo_digest}.png"' in answer.text
    assert account.logo_png
    assert account.logo_png.startswith(b"\x89PNG")
    assert b"hidden" not in account.logo_png
    assert Image.open(io.BytesIO(account.logo_png)).size == (1200, 400)
    brand(client, logo_url=address, organization_name="Renamed")
    assert len(public_web.site.asked) == 1


def test_emptying_the_address_takes_the_logo_away(
    client: FlaskClient, account: Account, public_web: PublicWeb
) -> None:
    public_web.site.plan(Planned(200, picture().getvalue()))
    brand(client, logo_url=f"https://{SITE}/logo.png")
    assert account.logo_png
    brand(client, logo_url="")
    assert account.logo_png is None
    assert account.logo_url is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Planned(200, b"<!doctype html><p>Log in</p>", {"Content-Type": "image/png"}), "picture"),
        (Planned(200, b"<?xml version='1.0'?><svg xmlns='x'/>"), "SVG drawing"),
        (Planned(200, png_bomb()), "too many pixels"),
        (Planned(200, gzip.compress(bytes(9_000_000)), {"Content-Encoding": "gzip"}), "picture"),
        (Planned(200, b""), "picture"),
        (Planned(302, b"", {"Location": "https://10.0.0.1/"}), "leads on to another one"),
        (Planned(404, b""), "answered with 404"),
    ],
    ids=["page", "svg", "pixel bomb", "gzip bomb", "nothing", "redirect", "missing"],
)
def test_an_unusable_address_says_why_and_loses_nothing(
    client: FlaskClient, account: Account, public_web: PublicWeb, answer: Planned, words: str
) -> None:
    public_web.site.plan(answer)
    address = f"https://{SITE}/logo.png"
    refused = brand(client, logo_url=address, organization_name="Typed")
    assert refused.status_code == 422
    assert words in beside(refused, "logo_url")
    assert f'value="{address}"' in refused.text
    assert 'value="Typed"' in refused.text
    assert (account.logo_png, account.organization_name) == (None, None)
    assert len(public_web.site.asked) == 1


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "not a picture",
        ),
        (lambda: b"not a picture", "not a picture"),
        (lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 60, "not a picture"),
        (lambda: b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (lambda: picture((6000, 6000)).getvalue(), "too many pixels"),
    ],
)
def test_an_unusable_logo_says_why(
    client: FlaskClient, account: Account, file: Callable[[], bytes], words: str
) -> None:
    answer = brand(client, logo=(io.BytesIO(file()), "logo.png"), organization_name="Typed")
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
    "https://" + "a" * 3000 + ".com/", "data:image/png;base64,AAAA",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_points_inside_is_refused(
    client: FlaskClient, account: Account, address: str
) -> None:
    answer = brand(client, logo_url=address)
    assert answer.status_code == 422
    assert account.logo_png is None
    assert "must" in answer.text or "not an address" in answer.text


def test_an_address_that_is_no_text_is_refused(client: FlaskClient, account: Account) -> None:
    answer = brand(client, logo_url="https://\u2460.com\u0000/")
    assert answer.status_code == 400
    assert "no text" in answer.text
    assert account.logo_url is None


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


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ("#1f4fd8", "printed in white, and headings on white in the color itself"),
        ("#ffd400", "printed in black. On white it would be too pale to read"),
        ("#767676", "printed in white, and headings on white in the color itself"),
    ],
)
def test_what_is_done_to_a_colour_is_said(
    client: FlaskClient, account: Account, colour: str, words: str
) -> None:
    answer = brand(client, primary_color=colour)
    assert words in answer.text
    assert account.primary_color == colour  # the choice itself is kept as it is
    darker = readable_on_white(colour)
    assert (f"a darker shade of it, {darker}." in answer.text) == (darker != colour)


def test_a_name_is_cleaned_and_escaped(client: FlaskClient, account: Account) -> None:
    brand(client, organization_name="  Ä\u202e<b>Ö</b>\u0007 \u65e5\u672c  ")
    assert account.organization_name == "Ä<b>Ö</b> 日本"
    page = client.get("/settings/branding").text
    assert "<b>Ö" not in page
    assert brand(client, organization_name="x" * 121).status_code == 422


def test_the_joiners_that_some_scripts_need_are_kept(client: FlaskClient, account: Account) -> None:
    brand(client, organization_name="آموزشگاه می\u200cدانم")
    assert account.organization_name == "آموزشگاه می\u200cدانم"


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
