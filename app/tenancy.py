"""Who is asking, and for which account: decided once per request, before any view runs.

Deny by default. A view is open to everybody only if it lives in a file named `public.py` or in one
of the few modules listed here; every other one needs a verified session, and the whole request then
sees that session's account and nothing else. Webhooks do not come here: see `webhooks/front.py`.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Flask, Request, Response, after_this_request, current_app, g, request
from flask.sessions import SessionInterface, SessionMixin
from markupsafe import Markup
from werkzeug.local import LocalProxy

from app.accounts import banners, confirming, cookies, sessions
from app.errors import CANCELLED, Cancelled, FormExpired, NotFound, SignedOut
from app.extensions import db
from app.htmx import wants_fragment
from app.models import Account, AdminSession, SessionKind, now
from app.models.base import _scope

OPEN_MODULES = {"flask.app", "app.documentation", "app.health"}
# A package proves itself by its signed address. Looking for a session would read its body, under
# the limits that hold for forms.
PROVEN_OTHERWISE = {"courses_public"}
# What somebody may still do whose account was cancelled, besides reading.
STILL_OPEN = {
    "accounts.make_ticket",
    "accounts.sign_out",
    "account_mode.reopen",
    "branding.preview",
}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def current_session() -> AdminSession | None:
    return g.get("admin_session")


def _account() -> Account:
    session = current_session()
    if session is None:
        raise SignedOut("Your session has ended.")
    return session.account


current_account: Account = LocalProxy(_account)  # type: ignore[assignment]


def account_row() -> Account:
    """The same account as a row, for what keeps it longer than the name `current_account`."""
    return current_account._get_current_object()  # type: ignore[attr-defined]


def actor() -> str:
    """The name that the audit list shows for what this request does."""
    session = current_session()
    return session.user_name or session.user_id if session else "somebody"


def open_to_all(endpoint: str) -> bool:
    view = current_app.view_functions[endpoint]
    module = getattr(view, "__module__", "")
    return module in OPEN_MODULES or module.endswith(".public")


def guard() -> None:
    """Before every request: no session, no view; with one, only its account's rows exist."""
    if request.endpoint is None or request.method == "OPTIONS":
        return  # unknown address or wrong method: answered as such for everybody
    if request.blueprint in PROVEN_OTHERWISE:
        return
    session = verified_session()
    if session is not None and session.open and session.account.uninstalled_at is None:
        g.admin_session = session
        if not _seen_lately(session):
            after_this_request(note_seen)
    if open_to_all(request.endpoint):
        return
    session = current_session()
    if session is None or not confirming.may_stay(session):
        g.pop("admin_session", None)
        raise SignedOut("Your session has ended. Open SCORM Hub from your CRM again.")
    g.scope_token = _scope.set(session.account_id)
    if session.account.cancelled_at and not still_open():
        raise Cancelled(CANCELLED)


def still_open() -> bool:
    return request.method in SAFE_METHODS or request.endpoint in STILL_OPEN


def verified_session() -> AdminSession | None:
    """The session that the request proves: header or form token, ticket, or cookie with CSRF."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        return sessions.by_token(bearer.strip())
    if request.method not in SAFE_METHODS and request.form.get("session_token"):
        return sessions.by_token(request.form["session_token"])
    if request.method == "GET" and "ticket" in request.args:  # looking ahead uses nothing up
        return sessions.by_ticket(request.args["ticket"], request.path)
    return _by_cookie()


def _by_cookie() -> AdminSession | None:
    """A page inside a frame is never opened by a cookie: the shell must bring the header's token,
    without which the page could not do anything."""
    if request.headers.get("Sec-Fetch-Dest") == "iframe":
        return None
    session = sessions.by_token(cookies.read(cookies.TAB), SessionKind.TAB)
    if session is None and request.method in SAFE_METHODS and _from_our_own_page():
        return sessions.by_token(cookies.read(cookies.FRAME), SessionKind.FRAME)
    if session is not None and request.method not in SAFE_METHODS and not _csrf_ok(session):
        if open_to_all(request.endpoint or ""):
            return None
        raise FormExpired()
    return session


def _from_our_own_page() -> bool:
    """Browsers send the frame's cookie along with what other sites ask for, too."""
    return request.headers.get("Sec-Fetch-Site") in ("same-origin", "none")


def _csrf_ok(session: AdminSession) -> bool:
    given = request.headers.get("X-CSRFToken") or request.form.get("csrf_token", "")
    return hmac.compare_digest(given.encode(), session.csrf_token.encode())


def note_seen(response: Response) -> Response:
    """At the very end of the request, so that no lock is held while its view waits for others."""
    session = current_session()
    if session is not None and response.status_code < 400:
        session.seen_at = now()
    return response


def _seen_lately(session: AdminSession) -> bool:
    return (now() - session.seen_at).total_seconds() < 60  # spares a write per request


def leave(_error: BaseException | None) -> None:
    token = g.pop("scope_token", None)
    if token is not None:
        _scope.reset(token)


def get_or_404(model: type[Any], row_id: str) -> Any:
    """A row of the current account; another account's answers exactly like none."""
    row = db.session.get(model, row_id)
    if row is None or row.account_id != current_account.id:
        raise NotFound()
    return row


def csrf_token() -> str:
    session = current_session()
    return session.csrf_token if session else ""


def csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token())


def framed() -> bool:
    """Whether this page is shown inside the CRM's frame."""
    session = current_session()
    return session is not None and session.kind == SessionKind.FRAME


def template_values() -> dict[str, Any]:
    session = current_session()
    return {
        "current_account": session.account if session else None,
        "current_session": session,
        "banners": banners.shown_to(session.account) if session and not wants_fragment() else [],
    }


def private(response: Response) -> Response:
    if current_session() is not None:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


class NoCookieSession(SessionInterface):
    """Flask's own session, a signed cookie, is not used: ours are rows that can be ended."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """There is nothing to save."""


def init_app(app: Flask) -> None:
    app.session_interface = NoCookieSession()
    app.before_request(guard)
    app.teardown_request(leave)
    app.after_request(private)
    app.context_processor(template_values)
    # globals and not values, so that macros of imported templates know them too
    app.jinja_env.globals.update(csrf_token=csrf_token, csrf_field=csrf_field, framed=framed)


__all__ = ["actor", "current_account", "current_session", "framed", "get_or_404"]
