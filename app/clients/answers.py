"""Taking an answer apart: its body within bounds, the reason of a refusal, how long to wait."""

import email.utils
import time
from typing import Any

import requests

from app.clients.reading import mapping, number


class AnswerTooLargeError(Exception):
    """The answer went past the limit; the rest was not read."""


def read_within(response: requests.Response, limit: int, deadline: float) -> bytes:
    """The body, as long as it keeps to the limit (bytes) and the deadline (monotonic clock)."""
    content = bytearray()
    # read1 hands over what one packet brought: a slow drip cannot hide from the deadline.
    while piece := response.raw.read1(65536, decode_content=True):
        content += piece
        if len(content) > limit:
            raise AnswerTooLargeError(f"answered with more than {limit // 1024} KB")
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(content)


def is_plain_text(response: requests.Response, content: bytes) -> bool:
    """Whether an answer that is no JSON was at least meant for programs: words, not a page."""
    kind = response.headers.get("Content-Type", "text/plain")
    return kind.startswith("text/plain") and content.lstrip()[:1] not in (b"<", b"{", b"[")


def refusal_text(answer: Any) -> str:
    """What a refusal says: `message` (text or list), else `error`, else the bare text."""
    if isinstance(answer, str):
        return answer
    details = mapping(answer)
    for said in (details.get("message"), details.get("error"), details.get("msg")):
        if isinstance(said, list):
            said = "; ".join(map(str, said))
        if isinstance(said, dict):
            said = said.get("message") or said.get("code")
        if said:
            return str(said)
    return ""


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait: Retry-After in either spelling, else the CRM's rate interval on a 429."""
    said = response.headers.get("Retry-After", "")
    if said:
        seconds = number(said)
        return max(0.0, seconds if seconds is not None else seconds_until(said))
    interval = number(response.headers.get("X-RateLimit-Interval-Milliseconds"))
    return interval / 1000 if response.status_code == 429 and interval else None


def seconds_until(http_date: str) -> float:
    """Seconds from now to a date as HTTP writes it; 0 when it is none."""
    try:
        return email.utils.parsedate_to_datetime(http_date).timestamp() - time.time()
    except ValueError:
        return 0
