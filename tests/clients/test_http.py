"""What becomes of odd answers: redirects, pages, cut connections, silence, floods."""

import gzip
import io
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from app.clients.http import Http, Limits, OutsideError, connectable
from app.clients.multipart import MultipartFile
from tests.clients.odd_server import OddServer, Planned, odd_server


@pytest.fixture
def odd() -> Iterator[OddServer]:
    with odd_server() as server:
        yield server


def client(odd: OddServer, **options: Any) -> Http:
    return Http("Elsewhere", odd.url, authorization="Bearer token-of-ours", **options)


def failure(http: Http, method: str = "GET", path: str = "/x", **sending: Any) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        http.call(method, path, **sending)
    return caught.value


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def cut_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"half":')
    handler.wfile.flush()
    cut(handler)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def test_an_answer_is_its_json(odd: OddServer) -> None:
    odd.plan(Planned(body={"a": 1}), Planned(body=[1, 2]), Planned(204, b""))
    http = client(odd)
    assert http.call("GET", "/x", params={"q": "a+b@x"}) == {"a": 1}
    assert http.call("GET", "/x") == {"items": [1, 2]}
    assert http.call("DELETE", "/x") == {}
    first = odd.asked[0]
    assert first.path == "/x?q=a%2Bb%40x"
    assert first.headers["authorization"] == "Bearer token-of-ours"
    assert "python" not in first.headers["user-agent"].lower()


def test_a_compressed_answer_is_read(odd: OddServer) -> None:
    odd.plan(Planned(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"}))
    assert client(odd).call("GET", "/x") == {"a": 1}


def test_a_redirect_is_not_followed_and_may_pass(odd: OddServer) -> None:
    odd.plan(Planned(302, b"", {"Location": f"{odd.url}/elsewhere"}))
    error = failure(client(odd), "POST")
    assert (error.status, error.can_retry, error.outcome_unknown) == (302, True, True)
    assert len(odd.asked) == 1


@pytest.mark.parametrize("status", [200, 401, 403, 404, 503])
def test_a_page_instead_of_data_is_passing_trouble(odd: OddServer, status: int) -> None:
    page = Planned(status, b"<!DOCTYPE html><h1>Oops</h1>", {"Content-Type": "text/html"})
    odd.plan(page)
    error = failure(client(odd))
    assert error.can_retry
    assert not (error.is_gone or error.is_unauthorised or error.is_forbidden)
    assert "<" not in error.reason


def test_a_mere_ok_is_an_answer(odd: OddServer) -> None:
    odd.plan(Planned(200, b"OK", {"Content-Type": "text/plain; charset=utf-8"}))
    assert client(odd).call("POST", "/x") == {}


@pytest.mark.parametrize("body", [b'{"half": ', b"[" * 500_000, b"\xff\xfe"])
def test_broken_data_is_passing_trouble(odd: OddServer, body: bytes) -> None:
    odd.plan(Planned(200, body, {"Content-Type": "application/json"}))
    error = failure(client(odd), "POST")
    assert (error.can_retry, error.outcome_unknown) == (True, True)


def test_a_cut_connection_leaves_a_write_in_doubt(odd: OddServer) -> None:
    odd.plan(cut, cut, cut_in_the_middle)
    http = client(odd)
    assert failure(http, "POST").outcome_unknown
    reading = failure(http, "GET")
    assert reading.can_retry
    assert not reading.outcome_unknown
    halved = failure(http, "POST")
    assert (halved.status, halved.can_retry, halved.outcome_unknown) == (None, True, True)


def test_nobody_listening_means_nothing_was_done() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        http = Http("Elsewhere", f"http://127.0.0.1:{taken.getsockname()[1]}")
        error = failure(http, "POST")
    assert (error.can_retry, error.outcome_unknown) == (True, False)
    assert error.reason == "could not be reached."


def test_a_slow_drip_meets_the_deadline(odd: OddServer) -> None:
    odd.plan(drip)
    error = failure(client(odd), "POST", limits=Limits(read=5, total=0.3))
    assert error.reason == "did not answer in time."
    assert error.outcome_unknown


def test_silence_meets_the_limit(odd: OddServer) -> None:
    odd.plan(lambda handler: handler.rfile.read(1))  # returns when the caller has gone
    assert failure(client(odd), limits=Limits(read=0.2)).reason == "did not answer in time."


def test_a_flood_is_cut_off(odd: OddServer) -> None:
    odd.plan(Planned(body=b" " * (1024 * 1024 + 1)))
    error = failure(client(odd))
    assert "more than 1024 KB" in error.reason
    bomb = gzip.compress(b" " * (20 * 1024 * 1024))
    odd.plan(Planned(body=bomb, headers={"Content-Encoding": "gzip"}))
    assert "more than 1024 KB" in failure(client(odd)).reason


@pytest.mark.parametrize(
    ("status", "body", "questions"),
    [
        (400, {"message": "Bad"}, set()),
        (400, {"message": "Contact with id x not found"}, {"is_gone"}),
        (400, {"message": "Registration with id [x] already exists"}, {"already_exists"}),
        (400, {"message": "duplicate relation of object Ids"}, {"already_exists"}),
        (401, {"error": "Authorization Required."}, {"is_unauthorised"}),
        (401, {"message": "Invalid token: access token is invalid"}, {"is_unauthorised"}),
        (401, {"message": "The token is not authorized for this scope."}, {"is_forbidden"}),
        (401, {"message": "This location is not accessible from this token!"}, {"is_forbidden"}),
        (401, {"message": "version header is invalid"}, {"is_forbidden"}),
        (403, {"message": "No"}, {"is_forbidden"}),
        (404, {"message": "Could not find course [c]"}, {"is_gone"}),
        (404, {"message": "Cannot GET /nowhere"}, set()),
        (409, {"message": "Course [c] already exists"}, {"already_exists"}),
        (410, {}, {"is_gone"}),
        (422, {"message": ["property x should not exist", "y"]}, set()),
        (429, {"message": "Too many"}, {"can_retry"}),
        (408, {}, {"can_retry"}),
        (500, {}, {"can_retry", "outcome_unknown"}),
        (503, {"message": "later"}, {"can_retry", "outcome_unknown"}),
    ],
)
def test_an_error_answers_its_callers_questions(
    odd: OddServer, status: int, body: dict[str, Any], questions: set[str]
) -> None:
    odd.plan(Planned(status, body))
    error = failure(client(odd), "POST")
    asked = (
        "can_retry", "is_gone", "is_unauthorised", "is_forbidden", "already_exists",
        "outcome_unknown",
    )  # fmt: skip
    assert {name for name in asked if getattr(error, name)} == questions


def test_reasons_are_short_and_tell_no_secret(odd: OddServer) -> None:
    said = "token-of-ours refused for ann.lee+x@example.test, Bearer abc.def \n" + "blah " * 200
    odd.plan(Planned(400, {"message": said, "traceId": "t-1"}))
    error = failure(client(odd, secrets=["abc"]), "POST")
    assert error.reason.startswith("… refused for (e-mail), … blah")
    assert len(error.reason) <= 301
    assert error.trace_id == "t-1"
    assert "example.test" not in str(error)
    assert "token-of-ours" not in f"{client(odd)!r} {error!r}"


def test_all_complaints_of_a_list_are_told(odd: OddServer) -> None:
    odd.plan(Planned(422, {"message": ["a is wrong", "b too"]}))
    assert failure(client(odd)).reason == "a is wrong; b too."
    odd.plan(Planned(404, {"error": {"code": "X", "message": "no such place"}}))
    assert failure(client(odd)).reason == "no such place."
    odd.plan(Planned(400, b"plain words", {"Content-Type": "text/plain"}))
    assert failure(client(odd)).reason == "plain words."


def test_the_wait_is_read_from_the_answer(odd: OddServer) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    odd.plan(
        Planned(429, headers={"Retry-After": "7"}),
        Planned(503, headers={"Retry-After": later}),
        Planned(429, headers={"X-RateLimit-Interval-Milliseconds": "10000"}),
        Planned(500),
        Planned(429, headers={"Retry-After": "whenever"}),
    )
    waits = [failure(client(odd)).retry_after for _ in range(5)]
    assert (waits[0], waits[2], waits[3], waits[4]) == (7, 10, None, 0)
    assert 80 < (waits[1] or 0) <= 90


def test_every_request_is_paced_and_may_be_held(odd: OddServer) -> None:
    class HeldError(Exception):
        pass

    allowance = [None, HeldError()]

    def pace() -> None:
        if held := allowance.pop(0):
            raise held

    http = client(odd, pace=pace)
    http.call("GET", "/x")
    with pytest.raises(HeldError):
        http.call("POST", "/x")
    assert len(odd.asked) == 1


def test_a_refused_token_is_renewed_once(odd: OddServer) -> None:
    odd.plan(Planned(401, {"message": "Invalid token"}), Planned(body={"ok": True}), Planned())
    refused: list[str] = []

    def renew(authorization: str) -> str:
        refused.append(authorization)
        return "Bearer fresh"

    http = client(odd, renew=renew)
    assert http.call("POST", "/x", body={"n": 1}) == {"ok": True}
    http.call("GET", "/x")
    assert refused == ["Bearer token-of-ours"]
    sent = [asked.headers["authorization"] for asked in odd.asked]
    assert sent == ["Bearer token-of-ours", "Bearer fresh", "Bearer fresh"]
    assert odd.asked[1].body == b'{"n": 1}'


def test_a_second_refusal_is_final(odd: OddServer) -> None:
    odd.plan(Planned(401, {"message": "Invalid token"}), Planned(401, {"message": "Invalid token"}))
    assert failure(client(odd, renew=lambda refused: "Bearer fresh")).is_unauthorised
    assert len(odd.asked) == 2


@pytest.mark.parametrize("renewed", [None, "", "Bearer token-of-ours"])
def test_no_better_token_means_no_second_try(odd: OddServer, renewed: str | None) -> None:
    odd.plan(Planned(401, {"message": "Invalid token"}))
    assert failure(client(odd, renew=lambda refused: renewed)).is_unauthorised
    assert len(odd.asked) == 1


def test_a_missing_scope_is_no_reason_to_renew(odd: OddServer) -> None:
    odd.plan(Planned(401, {"message": "The token is not authorized for this scope."}))

    def renew(refused: str) -> str:
        raise AssertionError("a new token would not help")

    assert failure(client(odd, renew=renew)).is_forbidden


def test_settings_of_the_environment_are_not_used(
    odd: OddServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert client(odd).call("GET", "/x") == {}


def test_names_under_localhost_are_this_machine(odd: OddServer) -> None:
    port = odd.url.rpartition(":")[2]
    Http("Elsewhere", f"http://cloud.localhost:{port}").call("GET", "/x")
    assert odd.asked[0].headers["host"] == f"cloud.localhost:{port}"
    assert connectable("https://example.test/x") == ("https://example.test/x", {})
    assert connectable("http://evil-localhost/x") == ("http://evil-localhost/x", {})


def test_a_file_is_streamed_as_a_form(odd: OddServer) -> None:
    content = b"zip \r\n bytes " * 100_000
    file = io.BytesIO(b"skipped" + content)
    file.seek(7)
    form = MultipartFile(file, 'na"me\r\nX-Evil: 1.zip')
    client(odd).call("POST", "/x", upload=form, headers={"Content-Type": form.content_type})
    sent = odd.asked[0]
    boundary = sent.headers["content-type"].partition("boundary=")[2].encode()
    head, _, rest = sent.body.partition(b"\r\n\r\n")
    assert head.startswith(b"--" + boundary)
    assert b'filename="na%22me%0D%0AX-Evil: 1.zip"' in head
    assert rest == content + b"\r\n--" + boundary + b"--\r\n"
