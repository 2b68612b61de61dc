"""Misbehaviour on demand: slow answers, refusals, web pages where JSON was promised, lost answers.

Faults sit in front of the API routes only; pages for people and the controls always work. What is
set is put as a whole, is kept with the data, and with a ``seed`` the same requests meet the same
faults again.
"""

import json
import random
import re
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.store import Store

Environ = dict[str, Any]
WSGIApp = Callable[[Environ, Any], Iterable[bytes]]

RATES = ("rate_500", "rate_429", "rate_html", "timeout_before", "timeout_after", "reset")
DEFAULTS: dict[str, Any] = {
    "latency_ms": 0,
    **dict.fromkeys(RATES, 0.0),
    "down": False,
    "hold_s": 30.0,  # how long a lost answer keeps the caller waiting before the line is cut
    "retry_after_s": 1,  # what a 429 asks for; 0 sends no such header
    "seed": None,
    "match": "",  # a regular expression on "METHOD /path"; empty: every API call
}

_HTML = "<html><head><title>502 Bad Gateway</title></head><body>Bad gateway (sandbox)</body></html>"


class Faults:
    """The present faults. ``sections`` are an application's own groups with their defaults."""

    def __init__(self, store: Store, sections: Mapping[str, Any] | None = None) -> None:
        self._store = store
        self._defaults = {**DEFAULTS, **(sections or {})}
        self._random = random.Random(self.get()["seed"])
        store.on_replaced(lambda: self._random.seed(self.get()["seed"]))

    def get(self) -> dict[str, Any]:
        return _merged(self._defaults, self._store.value("faults", {}))

    def put(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Replace all faults; what is not named goes back to none. ValueError with a sentence."""
        for name, value in wanted.items():
            _check(name, value, self._defaults)
        self._store.set_value("faults", dict(wanted))
        self._random.seed(wanted.get("seed"))
        return self.get()

    def hit(self, rate: float | bool) -> bool:
        """Throw the dice for one rate (a rate of true is 1)."""
        return bool(rate) and self._random.random() < float(rate)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def middleware(
        self,
        app: WSGIApp,
        is_api: Callable[[str], bool],
        refused: Callable[[Environ, int | None], None] | None = None,
    ) -> WSGIApp:
        """Put the faults before ``app``. ``refused`` hears of calls that never reached it
        (with the status sent, or None when nothing was sent)."""

        def guarded(environ: Environ, start_response: Any) -> Iterable[bytes]:
            faults = self.get()
            if not is_api(environ.get("PATH_INFO", "")) or not _matches(faults["match"], environ):
                return app(environ, start_response)
            if faults["latency_ms"]:
                time.sleep(faults["latency_ms"] / 1000)
            return self._serve(app, environ, start_response, faults, refused)

        return guarded

    def _serve(
        self,
        app: WSGIApp,
        environ: Environ,
        start_response: Any,
        faults: dict[str, Any],
        refused: Callable[[Environ, int | None], None] | None,
    ) -> Iterable[bytes]:
        fault = self._choose(faults)
        if fault is None:
            return app(environ, start_response)
        if fault == "timeout_after":
            _swallow(app, environ)
        elif refused:
            refused(environ, {"rate_500": 500, "rate_429": 429, "rate_html": 502}.get(fault))
        if fault in ("timeout_before", "timeout_after"):
            time.sleep(faults["hold_s"])
        if fault == "rate_500":
            return _answer(start_response, "500 Internal Server Error", _json("Sandbox fault."))
        if fault == "rate_429":
            return _answer(
                start_response, "429 Too Many Requests", _json("Too many requests."), faults
            )
        if fault == "rate_html":
            return _answer(start_response, "502 Bad Gateway", ("text/html", _HTML.encode()))
        return _cut(environ, start_response)

    def _choose(self, faults: dict[str, Any]) -> str | None:
        if faults["down"]:
            return "down"
        order = ("reset", "timeout_before", "rate_500", "rate_429", "rate_html", "timeout_after")
        return next((name for name in order if self.hit(faults[name])), None)


def _swallow(app: WSGIApp, environ: Environ) -> None:
    """Let the application do its work and throw its answer away."""
    body = app(environ, lambda *args, **kwargs: lambda data: None)
    try:
        for _ in body:
            pass
    finally:
        close = getattr(body, "close", None)
        if close:
            close()


def _cut(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """End the connection without an answer, under gunicorn and under werkzeug's server."""
    line = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if line is not None:
        line.shutdown(socket.SHUT_RDWR)
    start_response("503 Service Unavailable", [("Content-Length", "0"), ("Connection", "close")])
    return [b""]


def _answer(
    start_response: Any,
    status: str,
    content: tuple[str, bytes],
    faults: dict[str, Any] | None = None,
) -> Iterable[bytes]:
    kind, body = content
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    if faults and faults["retry_after_s"]:
        headers.append(("Retry-After", str(int(faults["retry_after_s"]))))
    start_response(status, headers)
    return [body]


def _json(message: str) -> tuple[str, bytes]:
    return "application/json", json.dumps({"message": message, "error": message}).encode()


def _matches(pattern: str, environ: Environ) -> bool:
    return not pattern or bool(
        re.search(pattern, f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}")
    )


def _merged(defaults: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **wanted}
    for name, default in defaults.items():
        if isinstance(default, dict):
            merged[name] = {**default, **wanted.get(name, {})}
    return merged


def _check(name: str, value: Any, defaults: Mapping[str, Any]) -> None:
    if name not in defaults:
        raise ValueError(f"Unknown fault {name}; known: {', '.join(sorted(defaults))}.")
    default = defaults[name]
    if isinstance(default, dict):
        if not isinstance(value, dict):
            raise ValueError(f"{name} is an object with {', '.join(sorted(default))}.")
        for inner, inner_value in value.items():
            _check(inner, inner_value, default)
    elif name == "seed":
        if value is not None and not isinstance(value, int | str):
            raise ValueError("seed is a number, a text or null.")
    elif name == "match":
        _check_pattern(value)
    else:
        _check_number(name, value, default)


def _check_number(name: str, value: Any, default: Any) -> None:
    if isinstance(value, bool):
        return  # true and false are the rates 1 and 0
    if not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} is a number from 0.")
    if (name in RATES or isinstance(default, bool) or name in ("drop", "duplicate")) and value > 1:
        raise ValueError(f"{name} is a rate between 0 and 1.")


def _check_pattern(value: Any) -> None:
    try:
        re.compile(value)
    except (re.error, TypeError) as error:
        raise ValueError("match is a regular expression on 'METHOD /path'.") from error
