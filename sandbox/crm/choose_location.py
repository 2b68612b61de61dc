"""The page to which an OAuth client sends people: they choose where the app is installed.

``state`` comes back as it was given; an install that starts in the marketplace has none.
"""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.crm import grants
from sandbox.crm.crm_state import Crm, crm
from sandbox.crm.documents import AGENCY, Doc, locations
from sandbox.crm.identities import APP_NAME, CLIENT_ID, COMPANY, COMPANY_NAME, SCOPES
from sandbox.crm.signed_in import current_user, may_enter

bp = Blueprint("choose_location", __name__)

_LOOPBACK = ("localhost", "127.0.0.1")


@bp.route("/oauth/chooselocation", methods=["GET", "POST"])
@bp.route("/v2/oauth/chooselocation", methods=["GET", "POST"])
def choose() -> ResponseReturnValue:
    """Show what may be chosen; a choice sends the browser back with a code."""
    here = crm()
    problem = _problem(here)
    if problem:
        return render_template("crm/choose_problem.html", problem=problem), 400
    with here.store.write() as db:
        user = current_user(here)
        choices = _choices(here, user)
        chosen = request.form.get("choice")
        if request.method == "GET" or chosen not in [one["value"] for one in choices]:
            return render_template(
                "crm/choose_location.html",
                app_name=APP_NAME,
                user=user,
                choices=choices,
                scopes=request.args.get("scope", SCOPES).split(),
            )
        location = AGENCY if chosen == COMPANY else str(chosen)
        target = request.args["redirect_uri"]
        scope = request.args.get("scope") or SCOPES
        code = grants.make_code(here, db, location, scope, user["id"], target)
    return redirect(_back(target, code))


def install_url(here: Crm) -> str:
    """Where the marketplace's own install button leads: straight here, without a state."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{here.hub_url}/oauth/callback",
        "scope": SCOPES,
    }
    return f"/v2/oauth/chooselocation?{urlencode(asked)}"


def _back(target: str, code: str) -> str:
    answer = {"code": code}
    if "state" in request.args:
        answer["state"] = request.args["state"]
    return f"{target}{'&' if urlsplit(target).query else '?'}{urlencode(answer)}"


def _problem(here: Crm) -> str | None:
    """What is wrong with the address that the app sent the browser to."""
    if request.args.get("response_type") != "code":
        return "response_type must be code."
    if request.args.get("client_id") != CLIENT_ID:
        return "There is no app with this client_id."
    target = request.args.get("redirect_uri", "")
    if not _is_registered(here, target):
        return f"The redirect_uri {target!r} is not registered for this app."
    unknown = set(request.args.get("scope", "").split()) - set(SCOPES.split())
    if unknown:
        return f"The app does not have the scope {', '.join(sorted(unknown))}."
    return None


def _is_registered(here: Crm, target: str) -> bool:
    """The hub's callback: at its own address, or at any port of this machine while developing."""
    if target == f"{here.hub_url}/oauth/callback":
        return True
    parts = urlsplit(target)
    host = parts.hostname or ""
    local = host in _LOOPBACK or host.endswith(".localhost")
    return local and parts.scheme in ("http", "https") and parts.path == "/oauth/callback"


def _choices(here: Crm, user: Doc) -> list[Doc]:
    """The places where this user may install; the agency itself only for its own users."""
    agency = user["roles"]["type"] == "agency"
    found = []
    with here.store.read() as db:
        if agency:
            found.append({"value": COMPANY, "name": COMPANY_NAME, "kind": "Agency, all locations"})
        for id in grants.all_locations(db):
            place = locations.get(db, id, id)
            if place and not place["suspended"] and may_enter(user, id):
                found.append({"value": id, "name": place["name"], "kind": "Location"})
    return found
