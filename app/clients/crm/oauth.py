"""Getting and keeping the right to speak for a location: OAuth 2.0, authorization code.

A refresh token dies with its first use; the CRM gives the same new pair to whoever repeats the call
within 30 seconds. Keeping the pair safe is the caller's work; nothing here remembers anything.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from app.clients.crm.connection import SERVICE, VERSION
from app.clients.http import Http, OutsideError, Pace
from app.clients.reading import mappings, text, texts, when, whole

PAGE = 100
DAY = 86_399


@dataclass(frozen=True)
class Token:
    """What the CRM hands out. A company's token has no location and speaks for none by itself."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str]
    kind: str
    location_id: str
    company_id: str
    user_id: str
    plan_id: str = ""
    is_bulk: bool = False
    approved_locations: tuple[str, ...] = ()

    @property
    def is_company(self) -> bool:
        return self.kind == "Company" or not self.location_id

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        """Read an answer in either dialect. Raises ValueError without an access token."""
        access = text(answer.get("access_token") or answer.get("accessToken"))
        if not access:
            raise ValueError("the answer holds no access token")
        lasts = whole(answer.get("expires_in") or answer.get("expiresIn")) or DAY
        return cls(
            access_token=access,
            refresh_token=text(answer.get("refresh_token") or answer.get("refreshToken")),
            expires_at=datetime.now(UTC) + timedelta(seconds=lasts),
            scopes=frozenset(text(answer.get("scope")).split()),
            kind=text(answer.get("userType")),
            location_id=text(answer.get("locationId")),
            company_id=text(answer.get("companyId")),
            user_id=text(answer.get("userId")),
            plan_id=text(answer.get("planId")),
            is_bulk=answer.get("isBulkInstallation") is True,
            approved_locations=texts(answer.get("approvedLocations")),
        )


@dataclass(frozen=True)
class InstalledLocation:
    """A location of a company in which the app is, or may be, installed."""

    id: str
    name: str
    is_installed: bool
    installed_at: datetime | None = None

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("_id") or answer.get("id")),
            name=text(answer.get("name")),
            is_installed=answer.get("isInstalled") is not False,
            installed_at=when(answer.get("installedAt")),
        )


class CrmApp:
    """Our app as the CRM's marketplace knows it."""

    def __init__(
        self, base_url: str, client_id: str, client_secret: str, *, pace: Pace | None = None
    ) -> None:
        self.client_id = client_id
        self._base_url = base_url
        self._client_secret = client_secret
        self._pace = pace

    def __repr__(self) -> str:
        return f"<CrmApp {self.client_id}>"

    @property
    def app_id(self) -> str:
        return self.client_id.partition("-")[0]

    def exchange_code(self, code: str, redirect_uri: str, *, user_type: str = "Location") -> Token:
        """POST /oauth/token. A code works once; the token says for whom: location or company."""
        return self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            user_type=user_type,
        )

    def refresh(self, refresh_token: str, *, user_type: str = "Location") -> Token:
        """POST /oauth/token. On a refusal ask `grant_is_dead` before giving the connection up."""
        return self._token(
            grant_type="refresh_token", refresh_token=refresh_token, user_type=user_type
        )

    def location_token(self, company_token: str, company_id: str, location_id: str) -> Token:
        """POST /oauth/locationToken: a location's token out of its company's."""
        form = {"companyId": company_id, "locationId": location_id}
        path = "/oauth/locationToken"
        answer = self._http(company_token).call("POST", path, form=form)
        known = {"companyId": company_id, "locationId": location_id, "userType": "Location"}
        return self._parsed(path, {**known, **answer})

    def installed_locations(
        self, company_token: str, company_id: str
    ) -> Iterator[InstalledLocation]:
        """GET /oauth/installedLocations: where in the company the app is installed."""
        http = self._http(company_token)
        skip = 0
        while True:
            params = {
                "companyId": company_id,
                "appId": self.app_id,
                "isInstalled": "true",
                "skip": str(skip),
                "limit": str(PAGE),
            }
            answer = http.call("GET", "/oauth/installedLocations", params=params)
            found = list(mappings(answer.get("locations") or answer.get("items")))
            yield from map(InstalledLocation.parse, found)
            if len(found) < PAGE:
                return
            skip += PAGE

    def _token(self, **form: str) -> Token:
        path = "/oauth/token"
        ours = {"client_id": self.client_id, "client_secret": self._client_secret}
        hidden = (self._client_secret, form.get("refresh_token", ""), form.get("code", ""))
        http = self._http(secrets=hidden)
        return self._parsed(path, http.call("POST", path, form={**ours, **form}))

    def _parsed(self, path: str, answer: dict[str, Any]) -> Token:
        try:
            return Token.parse(answer)
        except ValueError as error:
            raise OutsideError(
                SERVICE, "POST", path, str(error), status=200, garbled=True
            ) from None

    def _http(self, token: str = "", secrets: Iterable[str] = ()) -> Http:
        return Http(
            SERVICE,
            self._base_url,
            authorization=f"Bearer {token}" if token else "",
            headers={"Version": VERSION},
            pace=self._pace,
            secrets=secrets,
        )


def authorize_url(
    choose_location: str, client_id: str, redirect_uri: str, scopes: Iterable[str], state: str
) -> str:
    """Where to send the browser (in its top window) to choose a location and agree."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "loginWindowOpenMode": "self",
    }
    return f"{choose_location}{'&' if '?' in choose_location else '?'}{urlencode(query)}"


def grant_is_dead(error: OutsideError) -> bool:
    """Whether a refused refresh is final, so that only connecting again can help.

    A suspended location or a wrong client secret is refused too, but the grant survives it.
    """
    survives = re.search(r"not active|invalid.?client|client.?(id|secret)", error.reason, re.I)
    return error.status in (400, 401) and not error.garbled and not survives
