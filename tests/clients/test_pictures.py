"""Fetching a logo: from the public internet and from nowhere else, and not for ever."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from app.clients import pictures
from tests.clients.odd_server import Planned
from tests.fixtures.public_web import PUBLIC, SITE, PublicWeb
from tests.waiting import eventually

ADDRESS = f"https://{SITE}/brand/logo.png?size=2"
MEGABYTE = 1024 * 1024
LINE = b"HTTP/1.1 200 OK\r\n"


def refusal(address: str = ADDRESS) -> str:
    with pytest.raises(pictures.PictureError) as caught:
        pictures.fetch(address)
    return str(caught.value)


def test_a_picture_comes_from_the_address_that_was_checked(public_web: PublicWeb) -> None:
    public_web.site.plan(Planned(200, b"pixels", {"Content-Type": "image/png"}))
    assert pictures.fetch(ADDRESS) == b"pixels"
    assert public_web.looked_up == [SITE]  # once: a second answer could lead elsewhere
    assert public_web.called == [(PUBLIC, 443)]
    asked = public_web.site.asked[0]
    assert (asked.method, asked.path) == ("GET", "/brand/logo.png?size=2")
    assert asked.headers["host"] == SITE
    assert not {"cookie", "authorization", "referer"} & set(asked.headers)


def test_an_address_of_a_whole_letter_set_is_written_as_the_web_wants(
    public_web: PublicWeb,
) -> None:
    public_web.names["xn--mller-kva.example.com"] = [PUBLIC]
    public_web.site.plan(Planned(200, b"pixels"))
    refusal("https://müller.example.com/")  # resolved by its web name, and no such certificate
    assert public_web.looked_up == ["xn--mller-kva.example.com"]
    public_web.site.plan(Planned(200, b"pixels"))
    pictures.fetch(f"https://{SITE}/Größe/logo.png?a=%20b&c=[1]")
    assert public_web.site.asked[-1].path == "/Gr%C3%B6%C3%9Fe/logo.png?a=%20b&c=[1]"


@pytest.mark.parametrize(
    "places",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        [PUBLIC, "192.168.1.1"],
        ["192.168.1.1", PUBLIC],
        [],
    ],
)
def test_a_name_that_leads_inside_is_called_by_nobody(
    public_web: PublicWeb, places: list[str]
) -> None:
    public_web.names[SITE] = places
    assert "public website" in refusal()
    assert public_web.called == []


def test_a_name_that_nobody_has_is_said_to_be_unknown(public_web: PublicWeb) -> None:
    assert "does not exist" in refusal("https://nowhere.example.com/logo.png")


def test_only_who_proves_the_name_is_believed(public_web: PublicWeb) -> None:
    assert "certificate" in refusal("https://www.example.net/logo.png")
    assert public_web.called == [(PUBLIC, 443)]
    assert public_web.site.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    public_web: PublicWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "certificate" in refusal()
    assert public_web.site.asked == []


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "https://www.example.net/logo.png",
        "//10.0.0.1/logo.png",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_leads_nowhere(public_web: PublicWeb, status: int, target: str) -> None:
    public_web.site.plan(Planned(status, b"pixels", {"Location": target}))
    assert "leads on to another one" in refusal()
    assert public_web.called == [(PUBLIC, 443)]
    assert public_web.looked_up == [SITE]
    assert len(public_web.site.asked) == 1


@pytest.mark.parametrize("status", [204, 403, 404, 500])
def test_an_answer_without_a_picture_is_told(public_web: PublicWeb, status: int) -> None:
    public_web.site.plan(Planned(status, b""))
    assert f"answered with {status}" in refusal()


def test_nobody_answering_is_told(public_web: PublicWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound and not listening: a connection is refused
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(public_web, "dial", lambda address: taken.getsockname())
        assert "could not be fetched" in refusal()


def test_exactly_two_megabytes_pass_and_one_byte_more_does_not(public_web: PublicWeb) -> None:
    public_web.site.plan(Planned(200, b"x" * pictures.LARGEST))
    assert len(pictures.fetch(ADDRESS)) == pictures.LARGEST
    public_web.site.plan(Planned(200, b"x" * (pictures.LARGEST + 1)))
    assert "larger than 2 MB" in refusal()


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "unsaid"])
def test_two_hundred_megabytes_are_not_taken_in(public_web: PublicWeb, declared: bool) -> None:
    sent, cut = [0], threading.Event()

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if declared:
            handler.send_header("Content-Length", str(200 * MEGABYTE))
        handler.end_headers()
        try:
            while sent[0] < 200 * MEGABYTE:
                handler.wfile.write(bytes(MEGABYTE))
                sent[0] += MEGABYTE
        except OSError:
            cut.set()
        handler.close_connection = True

    public_web.site.plan(flood)
    assert "larger than 2 MB" in refusal()
    assert eventually(cut.is_set)
    assert sent[0] < 100 * MEGABYTE  # what lay in the sockets' buffers, at most


def test_what_is_compressed_stays_so(public_web: PublicWeb) -> None:
    bomb = gzip.compress(bytes(50 * MEGABYTE))
    public_web.site.plan(Planned(200, bomb, {"Content-Encoding": "gzip"}))
    assert pictures.fetch(ADDRESS) == bomb
    assert public_web.site.asked[0].headers["accept-encoding"] == "identity"


def test_a_picture_that_breaks_off_is_none(public_web: PublicWeb) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(LINE + b"Content-Length: 1000\r\n\r\nhalf")
        handler.close_connection = True

    public_web.site.plan(half)
    assert "could not be fetched" in refusal()


@pytest.mark.parametrize(
    "start",
    [b"", LINE, LINE + b"Content-Length: 100000\r\n\r\n", LINE + b"\r\n"],
    ids=["before the answer", "within its head", "within the picture", "without an end"],
)
def test_a_drip_is_cut_off(
    public_web: PublicWeb, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 1.0)
    cut = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(start)
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            cut.set()
        handler.close_connection = True

    public_web.site.plan(drip)
    assert "too long" in refusal()
    assert eventually(cut.is_set)


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
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b:1::8.8.8.8", False),
        ("64:ff9b:1:ffff::1", False),
        ("fec0::1", False),
        ("feff::1", False),
        ("::8.8.8.8", False),
        ("::10.0.0.1", False),
        ("::ffff:0:8.8.8.8", False),
        ("192.0.0.8", False),
        ("192.0.0.170", False),
        ("192.88.99.1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("2001:2::1", False),
        ("2001:20::1", False),
        ("2001:db8::1", False),
        ("100::1", False),
        ("100:0:0:1::1", False),
        ("2001:0:5db8:d822::", False),
        ("2001:4860:4860::8888", True),
        ("2001:200::1", True),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert pictures.is_public(address) is public


def test_the_own_machine_is_no_public_website() -> None:
    with pytest.raises(pictures.PictureError):
        pictures.public_address("hub.localhost")
