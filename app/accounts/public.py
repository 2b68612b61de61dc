"""The ways in: the connect screen, the installation, the CRM's frame."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request

from app.accounts import brand, consent, cookies, frame, install, sessions, shell
from app.clients.http import OutsideError
from app.error_answers import expected
from app.errors import AppError, BadInput, NotFound, SignedOut, Unavailable
from app.htmx import wants_fragment
from app.limits import TooMany, limiter, network
from app.models import Account, SessionKind, now
from app.outside_trouble import log_cause
from app.request_text import NotText, refused
from app.tenancy import current_session

blueprint = Blueprint("accounts_public", __name__)

GUESSES = "attempts to sign in from your network that your CRM did not confirm"
MOST_GUESSES = "10 per minute"
DENIED = "The connection was not allowed in the CRM. Nothing was changed; you can start again."
NOT_WORKING = "The CRM reported a problem with this connection attempt. Please start again."
INCOMPLETE = (
    "This address belongs to connecting your CRM account and is incomplete. Please start again."
)


@blueprint.get("/")
def home() -> Response:
    if shell.wanted():
        return embed()
    if current_session() is not None:
        return make_response(redirect("/courses"))
    return make_response(render_template("accounts/connect.html"))


# Installing


@blueprint.route("/install", methods=["GET", "POST"])
def begin() -> Response:
    """Sends the browser's top window to the CRM's authorize page.

    Signed in, this reconnects the current account and only that one.
    """
    session = current_session()
    reconnecting = session.account.location_id if session and "reconnect" in request.args else None
    address, browser = consent.start(reconnecting)
    response = make_response(redirect(address))
    cookies.keep_installing(response, browser)
    return response


@blueprint.get("/oauth/callback")
def callback() -> Response:
    """Where the CRM sends the browser back to, with a code or with a refusal."""
    try:
        response = came_back()
    except AppError as error:
        log_cause(error)
        response = not_connected(error.sentence)
    except OutsideError as error:
        log_cause(error)
        response = not_connected("The CRM did not answer. Please start again in a minute.")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.errorhandler(NotText)
def unreadable(error: NotText) -> Response:
    """Also then somebody who wanted to connect is told what became of it."""
    if request.endpoint != "accounts_public.callback":
        return refused(error)
    response = not_connected(INCOMPLETE)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def came_back() -> Response:
    state, code, refusal = (one("state", 128), one("code", 512), one("error", 64))
    expectation = consent.take_state(state, cookies.read(cookies.INSTALLING)) if state else None
    if refusal:
        raise BadInput(DENIED if refusal == "access_denied" else NOT_WORKING)
    if not code:
        raise BadInput(INCOMPLETE)
    given = consent.redeem(code)
    if expectation is None:
        install.install(given)
        return make_response(render_template("accounts/installed.html"))
    if expectation.location_id and [expectation.location_id] != [
        place.location_id for place in given.places
    ]:
        raise BadInput("You chose another location in the CRM than the one to be reconnected.")
    return signed_in(given)


def signed_in(given: consent.Consent) -> Response:
    accounts = install.install(given, by=given.user_name or "an administrator")
    if given.token.is_company:
        page = render_template("accounts/installed.html", locations=len(accounts))
        return make_response(page)
    _, token = sessions.open_session(
        accounts[0],
        SessionKind.TAB,
        given.token.user_id,
        given.user_name,
        confirmed_at=now(),
        company_id=given.token.company_id or None,
    )
    response = make_response(redirect("/courses"))
    cookies.keep_in_tab(response, token)
    cookies.forget(response, cookies.INSTALLING)
    return response


def not_connected(sentence: str) -> Response:
    return make_response(render_template("accounts/not_connected.html", sentence=sentence), 400)


def one(name: str, longest: int) -> str:
    """A parameter that may come once, in a sensible length, in printable characters."""
    values = request.args.getlist(name)
    if len(values) > 1 or any(len(value) > longest or not value.isprintable() for value in values):
        raise BadInput(INCOMPLETE)
    return values[0] if values else ""


# The CRM's frame


@blueprint.get("/embed")
def embed() -> Response:
    """The inert shell. The location in the address is unsigned: it only picks who may frame it."""
    return shell.shell(request.args.get("location_id", "")[:64], request.args.get("to", "/courses"))


@blueprint.post("/embed/session")
def embed_session() -> Response:
    """Swaps the CRM's user context for a session, or for the accounts there are to choose from.

    Only our own script can send this header.
    """
    try:
        given = request.get_json(silent=True)
    except NotText:
        given = None
    given = given if isinstance(given, dict) and request.headers.get("X-Hub") == "1" else {}
    payload, origin, chosen = (str(given.get(key, "")) for key in ("payload", "origin", "location"))
    try:
        entry = frame.sign_in(payload, origin, chosen)
    except frame.Undecided as undecided:
        return to_choose_from(undecided.accounts)
    except frame.Unreadable as error:
        return not_understood(error)
    except (SignedOut, Unavailable) as error:
        log_cause(error)
        return make_response(jsonify(error=error.sentence), error.status)
    location = entry.session.account.location_id
    response = jsonify(token=entry.token, location=location, picked=entry.picked)
    response.headers["Cache-Control"] = "no-store"
    cookies.keep_in_frame(response, entry.token)
    return response


def not_understood(error: SignedOut) -> Response:
    """A guess. Only guesses count: others behind the same address still get in."""
    try:
        limiter.count(GUESSES, MOST_GUESSES, network())
    except TooMany as limit:
        response = make_response(jsonify(error=limit.sentence), limit.status)
        response.headers["Retry-After"] = str(limit.seconds)
        return response
    return make_response(jsonify(error=error.sentence), error.status)


def to_choose_from(accounts: list[Account]) -> Response:
    """The names to choose by; nobody is signed in yet."""
    places = [
        {"location": one.location_id, "name": one.name or one.display_name} for one in accounts
    ]
    response = jsonify(choose=places)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.app_errorhandler(SignedOut)
def signed_out(error: SignedOut) -> Response:
    """Inside a frame the shell signs in and goes on; elsewhere a page offers to connect."""
    if shell.wanted():
        return shell.shell(request.args.get("location_id", "")[:64], request.full_path.rstrip("?"))
    a_page = not request.path.startswith("/api/") and request.accept_mimetypes.accept_html
    page_wanted = request.method == "GET" and a_page
    if not page_wanted or wants_fragment() or request.headers.get("Authorization"):
        return expected(error)
    page = render_template("accounts/signed_out.html", sentence=error.sentence)
    return make_response(page, 401)


# Branding that learners' pages show


@blueprint.get("/logos/<digest>.png")
def logo(digest: str) -> Response:
    """An organisation's logo, at an address that changes with the picture and so may be kept."""
    picture = brand.logo(digest)
    if picture is None:
        raise NotFound()
    response = make_response(picture)
    response.mimetype = "image/png"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
