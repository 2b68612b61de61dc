"""The door of the API: each route says what it needs, and `endpoint` sees to it in one order.

Version, token, its kind and scope, the location asked for, the rate limit, the shape of the input:
only then does the route's function run, inside one transaction. It gets a `Call` and returns the
answer as a dictionary, with a status if it is not 200.
"""

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify, make_response, request

from sandbox.crm import grants
from sandbox.crm.crm_state import Crm, Db, crm
from sandbox.crm.documents import Doc
from sandbox.crm.grants import Grant
from sandbox.crm.refusals import (
    INVALID_PRIVATE_TOKEN,
    INVALID_TOKEN,
    NO_VERSION,
    SUSPENDED,
    UNKNOWN_VERSION,
    WRONG_LOCATION,
    WRONG_SCOPE,
    Refusal,
    bad_request,
    not_found,
    unauthorized,
    unprocessable,
    wrong_token_kind,
)
from sandbox.crm.shapes import Shape

VERSIONS = ("v3", "2023-02-21", "2021-07-28", "2021-04-15", "legacy")
Answer = Doc | tuple[Doc, int]
Handler = Callable[..., Answer]


@dataclass
class Call:
    """One request that has passed the door."""

    crm: Crm
    db: Db
    grant: Grant
    location: str
    body: Doc = field(default_factory=dict)

    @property
    def v3(self) -> bool:
        return request.headers.get("Version") == "v3"

    @property
    def now(self) -> str:
        return self.crm.now()

    def arg(self, name: str, default: str = "") -> str:
        return request.args.get(name, default)

    def number(self, name: str, default: int) -> int:
        return int(request.args.get(name) or default)

    def changed(
        self, kind: str | None = None, contact: str | None = None, value: Any = None
    ) -> None:
        """Enter one effect of this call in the ledger."""
        self.crm.ledger.applied(self.db, kind, contact, value)

    def succeeded(self, **more: Any) -> Doc:
        """The success flag, in the spelling of the caller's dialect."""
        flag = {"succeded": True, "succeeded": True} if self.v3 else {"succeded": True}
        return {**flag, **more}


def endpoint(
    scope: str | None,
    *,
    token: str = "location",
    body: Shape | None = None,
    query: Shape | None = None,
    version: bool = True,
    v3_only: bool = False,
) -> Callable[[Handler], Callable[..., Response]]:
    """Make a route of a handler. ``token`` is location, company or any."""

    def decorate(handler: Handler) -> Callable[..., Response]:
        @functools.wraps(handler)
        def route(**path: str) -> Response:
            here = crm()
            headers: dict[str, str] = {}
            try:
                with here.store.write() as db:
                    check_version(version, v3_only)
                    grant = _grant(here, db)
                    _check_kind_and_scope(grant, token, scope)
                    sent = read_body() if body else {}
                    location = _location(db, grant, token, path, sent)
                    here.ledger.identify(location or grant.company)
                    _check_pace(here, location or grant.company, headers)
                    _check_input(body, sent, query)
                    given = body.given(sent) if body else {}
                    answer = handler(Call(here, db, grant, location, given), **path)
            except Refusal as refusal:
                return respond(refusal.body(), refusal.status, headers)
            content, status = answer if isinstance(answer, tuple) else (answer, 200)
            return respond(content, status, headers)

        return route

    return decorate


def respond(content: Doc, status: int, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer with the CRM's trace id."""
    response = make_response(jsonify({**content, "traceId": secrets.token_hex(16)}), status)
    response.headers.update(headers or {})
    return response


def check_version(required: bool, v3_only: bool = False) -> None:
    """401 for a missing or unknown Version, 404 for a path that this generation does not have."""
    version = request.headers.get("Version")
    if version is None and required:
        raise unauthorized(NO_VERSION)
    if version is not None and version not in VERSIONS:
        raise unauthorized(UNKNOWN_VERSION)
    if v3_only and version != "v3":
        raise not_found(f"Cannot {request.method} {request.path}")


def read_body() -> Doc:
    """The JSON object sent; none counts as empty."""
    if not request.get_data():
        return {}
    sent = request.get_json(force=True, silent=True)
    if not isinstance(sent, dict):
        raise bad_request("Unexpected token in JSON: the body must be an object.")
    return sent


def _grant(here: Crm, db: Db) -> Grant:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.startswith("pit-"):
        raise unauthorized(INVALID_PRIVATE_TOKEN)
    grant = grants.find(here, db, token.strip()) if scheme.lower() == "bearer" else None
    if grant is None:
        raise unauthorized(INVALID_TOKEN)
    here.ledger.identify(grant.location or grant.company)
    if grants.is_suspended(db, grant.location):
        raise unauthorized(SUSPENDED)
    return grant


def _check_kind_and_scope(grant: Grant, token: str, scope: str | None) -> None:
    if token != "any" and token != grant.kind.lower():
        raise wrong_token_kind(grant.kind)
    if scope is not None and scope not in grant.scopes:
        raise unauthorized(WRONG_SCOPE)


def _location(db: Db, grant: Grant, token: str, path: dict[str, str], sent: Doc) -> str:
    """The location this call is about: every place that names one must name one that is allowed."""
    named = [path.get("location_id"), request.args.get("locationId"), sent.get("locationId")]
    wanted = {name for name in named if name and isinstance(name, str)}
    allowed = {grant.location} if grant.location else set(grants.all_locations(db))
    if not wanted <= allowed or len(wanted) > 1:
        raise unauthorized(WRONG_LOCATION)
    return wanted.pop() if wanted else grant.location


def _check_pace(here: Crm, resource: str, headers: dict[str, str]) -> None:
    knobs = here.knobs.all()
    allowed, counted = here.pace.take(
        resource, knobs["rate_limit"], knobs["rate_interval_s"], knobs["rate_daily"]
    )
    headers.update(counted)
    if not allowed:
        raise Refusal(429, "Too Many Requests")


def _check_input(body: Shape | None, sent: Doc, query: Shape | None) -> None:
    problems = query.problems(request.args.to_dict()) if query else []
    problems += body.problems(sent) if body else []
    if problems:
        raise unprocessable(*problems)
