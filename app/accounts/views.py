"""What a signed-in admin finds first, and can do with the session itself: tickets, an own tab,
signing out."""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, make_response, redirect, request

from app.accounts import cookies, first_run, sessions
from app.accounts.shell import local
from app.errors import BadInput, Refused, SignedOut
from app.htmx import part, wants_fragment
from app.models import SessionKind
from app.tenancy import current_account, current_session

blueprint = Blueprint("accounts", __name__)
OUR_ADDRESS = re.compile(r"/(?!/)\S{0,499}")


@blueprint.get("/first-steps")
def first_steps() -> Response:
    """The checklist of the first day, which asks again by itself; empty when it is not needed."""
    steps = first_run.steps(current_account)
    if wants_fragment() and not steps:
        return make_response("")
    return part("accounts/_first_steps.html", "/courses", steps=steps)


@blueprint.post("/tickets")
def make_ticket() -> Response:
    """A one-time code for one address: for downloads and tabs, which carry no session header."""
    session = current_session()
    given = request.get_json(silent=True)
    path = given.get("path") if isinstance(given, dict) else None
    if session is None or not isinstance(path, str) or not OUR_ADDRESS.fullmatch(path):
        raise BadInput("A ticket is made for one address of this hub.")
    address = re.split(r"[?#]", path, maxsplit=1)[0]
    return jsonify(ticket=sessions.make_ticket(session, address))


@blueprint.get("/tab")
def open_tab() -> Response:
    """Out of the frame: a ticket for this address becomes a session of the tab's own."""
    session = current_session()
    if session is None:
        raise SignedOut("Your session has ended.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
        raise Refused("This link only works from SCORM Hub itself.")
    _, token = sessions.open_session(
        session.account,
        SessionKind.TAB,
        session.user_id,
        session.user_name,
        session.role,
        confirmed_at=session.confirmed_at,
        company_id=session.company_id,
    )
    response = make_response(redirect(local(request.args.get("to", "/courses"))))
    cookies.keep_in_tab(response, token)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Ends this session; in the frame the CRM's page opens a new one when it is wanted."""
    session = current_session()
    if session is not None:
        session.end()
    response = make_response(redirect("/", 303))
    cookies.forget(response, cookies.TAB)
    return response
