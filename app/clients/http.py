"""How the hub calls other systems: one polite, bounded, distrustful way for all of them.

Every call is paced, has a time limit and a limit on the size of the answer, follows no redirect,
reads no proxy settings or credentials from the environment, and ends either in the answer's JSON or
in an `OutsideError`. A web page where JSON was expected is trouble on the way, not an answer.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import requests
import urllib3

from app.clients.answers import (
    AnswerTooLargeError,
    is_plain_text,
    read_within,
    refusal_text,
    retry_after,
)
from app.clients.errors import OutsideError
from app.clients.reading import mapping, text

__all__ = ["Http", "OutsideError", "Pace"]

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
USER_AGENT = "ScormHub/1.0 (training records)"
REASON_LENGTH = 300
ID = re.compile(r"[!-$&-.0-\[\]-~]{1,255}")  # printable, without blanks, % and slashes

Pace = Callable[[], None]
"""Called before every request. It may wait, or raise to say that now is not the time."""

Renew = Callable[[str], str | None]
"""Given the Authorization value that was refused, gives a better one, or None."""


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, between two bytes and in all; bytes of the answer."""

    connect: float = 5
    read: float = 10
    total: float = 20
    answer: int = MEGABYTE


ORDINARY = Limits()
UPLOAD = Limits(read=120, total=900)
LARGE_ANSWER = Limits(read=20, total=40, answer=16 * MEGABYTE)


class Http:
    """One outside system: where it is, who we are there and how fast we may ask."""

    def __init__(
        self,
        service: str,
        base_url: str,
        *,
        authorization: str = "",
        headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
        renew: Renew | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.service = service
        self.base_url = base_url.rstrip("/")
        self._authorization = authorization
        self._pace = pace
        self._renew = renew
        self._secrets = tuple(secrets)
        self._session = DirectSession()
        self._session.trust_env = False
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self._session.headers.update(headers or {})

    def __repr__(self) -> str:
        return f"<Http {self.service} {self.base_url}>"

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        upload: Any = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits = ORDINARY,
    ) -> dict[str, Any]:
        """The answer's JSON object; a bare list under "items"; {} for nothing, or a mere "OK".

        `body` is sent as JSON, `form` as form fields, `upload` (an object with `read`) as it is.
        When the credentials are refused and a `renew` was given, it is asked once and the call made
        once more.
        """
        sending = {"params": params, "json": body, "data": form or upload, "headers": headers}
        refused = self._authorization
        try:
            return self._send(method, path, sending, limits)
        except OutsideError as error:
            if not (error.is_unauthorised and self._renew):
                raise
            renewed = self._renew(refused)
            if not renewed or renewed == refused:
                raise
            self._authorization = renewed
        return self._send(method, path, sending, limits)

    def _send(
        self, method: str, path: str, sending: dict[str, Any], limits: Limits
    ) -> dict[str, Any]:
        if self._pace:
            self._pace()
        url, host = connectable(self.base_url + path)
        headers = {**host, **(sending["headers"] or {})}
        if self._authorization:
            headers["Authorization"] = self._authorization
        started = time.monotonic()
        try:
            response = self._session.request(
                method,
                url,
                **{**sending, "headers": headers},
                timeout=urllib3.Timeout(limits.total, limits.connect, limits.read),  # type: ignore[arg-type]
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = read_within(response, limits.answer, started + limits.total)
        except (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError) as error:
            raise self._silence(method, path, error) from None
        except AnswerTooLargeError as error:
            raise self._trouble(method, path, response, str(error)) from None
        took = round((time.monotonic() - started) * 1000)
        log.info("%s %s %s: %s in %s ms", self.service, method, path, response.status_code, took)
        return self._understood(method, path, response, content)

    def _understood(
        self, method: str, path: str, response: requests.Response, content: bytes
    ) -> dict[str, Any]:
        if 300 <= response.status_code < 400:
            raise self._trouble(method, path, response, "sent us elsewhere instead of answering")
        try:
            answer = json.loads(content) if content.strip() else {}
        except (ValueError, RecursionError):
            if not is_plain_text(response, content):
                raise self._trouble(method, path, response, "sent a page instead of data") from None
            answer = content.decode(errors="replace")
        if response.status_code >= 400:
            raise self._refusal(method, path, response, answer)
        if isinstance(answer, list):
            return {"items": answer}
        return mapping(answer)

    def _silence(self, method: str, path: str, error: Exception) -> OutsideError:
        """No answer, or half of one. The vendor may have acted, unless we never got through."""
        sent = not never_connected(error)
        reason = "did not answer in time" if is_timeout(error) else "the connection was cut"
        if not sent:
            reason = "could not be reached"
        log.info("%s %s %s: %s (%s)", self.service, method, path, reason, type(error).__name__)
        return OutsideError(
            self.service, method, path, reason, sent=sent, timed_out=is_timeout(error)
        )

    def _trouble(
        self, method: str, path: str, response: requests.Response, reason: str
    ) -> OutsideError:
        """An answer that is none: a redirect, somebody's error page, megabytes."""
        return self._error(method, path, response, reason, garbled=True)

    def _refusal(
        self, method: str, path: str, response: requests.Response, answer: Any
    ) -> OutsideError:
        details = mapping(answer)
        return self._error(
            method,
            path,
            response,
            refusal_text(answer) or f"refused with status {response.status_code}",
            trace_id=text(details.get("traceId")),
            existing_id=text(mapping(details.get("meta")).get("contactId")),
        )

    def _error(
        self, method: str, path: str, response: requests.Response, reason: str, **more: Any
    ) -> OutsideError:
        more["trace_id"] = more.get("trace_id") or text(
            response.headers.get("X-Request-Id") or response.headers.get("CF-Ray")
        )
        return OutsideError(
            self.service,
            method,
            path,
            self._presentable(reason),
            status=response.status_code,
            retry_after=retry_after(response),
            **more,
        )

    def _presentable(self, reason: str) -> str:
        """The vendor's words without what must not be shown: our credentials, tokens, addresses."""
        for secret in filter(None, (self._authorization.partition(" ")[2], *self._secrets)):
            reason = reason.replace(secret, "…")
        reason = re.sub(
            r"\beyJ[\w-]{10,}[\w.-]*|\bpit-[\w-]{8,}|(?i:bearer|basic) \S+", "…", reason
        )
        reason = re.sub(r"[\w.+%'-]+@[\w-]+(\.[\w-]+)+", "(e-mail)", reason)
        return " ".join(reason.split())[:REASON_LENGTH]


class DirectSession(requests.Session):
    """A session that knows no redirects; `requests` would read their bodies without any limit."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def connectable(url: str) -> tuple[str, dict[str, str]]:
    """An address a server can reach, and the Host header that goes with it.

    Browsers know that every name under .localhost is this machine; a server's resolver often does
    not.
    """
    parts = urlsplit(url)
    if parts.hostname is None or not parts.hostname.endswith(".localhost"):
        return url, {}
    here = f"127.0.0.1:{parts.port}" if parts.port else "127.0.0.1"
    return urlunsplit(parts._replace(netloc=here)), {"Host": parts.netloc}


def part(identifier: str) -> str:
    """An id as one part of a path. What can be no id leads nowhere, so nobody is asked for it.

    Raises an OutsideError that says so: nothing has such an id. A path would be changed by it on
    the way, `..` and `%2F` first of all, and another thing than the one that was meant be read or
    written.
    """
    if not ID.fullmatch(identifier) or identifier in (".", ".."):
        reason = "nothing can have such an id"
        raise OutsideError("SCORM Hub", "GET", "(an id)", reason, status=404, sent=False)
    return quote(identifier, safe="")


def is_timeout(error: Exception) -> bool:
    return isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError)


def never_connected(error: Exception) -> bool:
    """Whether nothing of the request left this machine."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        cause, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )
