"""The line to the CRM on which all calls of one location go out."""

from collections.abc import Callable, Iterator
from typing import Any

from app.clients.http import Http, OutsideError, Pace
from app.clients.reading import mapping, mappings, text

VERSION = "2021-07-28"
SERVICE = "CRM"
PAGE = 100

OnUnauthorised = Callable[[str], str | None]
"""Given the access token that was refused, gives a fresh one, or None to give up."""


class Connection:
    """Who we are at the CRM: an access token and the location it speaks for.

    The token may be a location's or, for the few calls that need it, a company's. `on_unauthorised`
    is asked at most once per call, and only when the refusal is about the token itself.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        location_id: str,
        *,
        pace: Pace | None = None,
        on_unauthorised: OnUnauthorised | None = None,
    ) -> None:
        self.location_id = location_id
        self._on_unauthorised = on_unauthorised
        self._http = Http(
            SERVICE,
            base_url,
            authorization=f"Bearer {token}",
            headers={"Version": VERSION},
            pace=pace,
            renew=self._renew if on_unauthorised else None,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location_id}>"

    def _renew(self, refused: str) -> str | None:
        fresh = self._on_unauthorised and self._on_unauthorised(refused.removeprefix("Bearer "))
        return f"Bearer {fresh}" if fresh else None

    @property
    def _here(self) -> dict[str, str]:
        return {"locationId": self.location_id}

    def _one(self, method: str, path: str, key: str, **sending: Any) -> dict[str, Any]:
        """The one thing an answer is about, whether it stands under its key or alone."""
        answer = self._http.call(method, path, **sending)
        return self._identified(mapping(answer.get(key)) or answer, method, path)

    def _identified(self, found: dict[str, Any], method: str, path: str) -> dict[str, Any]:
        """What was answered, if it has an id: nothing could be done with it otherwise."""
        if not text(found.get("id")):
            reason = "answered without what was asked for"
            raise OutsideError(SERVICE, method, path, reason, status=200, garbled=True)
        return found

    def _every(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a list that is paged by skip and limit."""
        skip = 0
        while True:
            page = {**self._here, **params, "skip": str(skip), "limit": str(PAGE)}
            items = list(mappings(self._http.call("GET", path, params=page).get(key)))
            yield from items
            if len(items) < PAGE:
                return
            skip += PAGE
