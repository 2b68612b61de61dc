"""The agency's view of the sandbox's desktop: above all locations, for the agency's own people.

An app's page that opens here stands in no location, and the user data that its frame may ask for
names none.
"""

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from sandbox.crm import grants
from sandbox.crm.crm_state import crm
from sandbox.crm.documents import Doc, locations
from sandbox.crm.identities import COMPANY_NAME
from sandbox.crm.signed_in import agency_user, everybody
from sandbox.crm.user_context import seal, user_context

bp = Blueprint("agency", __name__, url_prefix="/v2/agency")


@bp.context_processor
def surroundings() -> Doc:
    """Where the pages of a location say which one it is, these name the agency."""
    people = [one for one in everybody(crm()) if one["roles"]["type"] == "agency"]
    return {"here": None, "agency": COMPANY_NAME, "everybody": people, "me": agency_user(crm())}


@bp.get("")
def sub_accounts() -> ResponseReturnValue:
    """The agency's locations, and where the app is installed."""
    with crm().store.read() as db:
        found = [
            {**place, "installed": grants.installation(db, id) is not None}
            for id in grants.all_locations(db)
            if (place := locations.get(db, id, id))
        ]
    return render_template("crm/agency.html", locations=found)


@bp.get("/app")
def app_page() -> ResponseReturnValue:
    """The app's custom page outside of any location: the variable in its address stays empty."""
    return render_template("crm/agency_app.html")


@bp.get("/user-context")
def context() -> ResponseReturnValue:
    """The sealed user data that the frame's page passes on."""
    answer = jsonify(payload=seal(user_context(agency_user(crm()), "")))
    answer.headers["Cache-Control"] = "no-store"
    return answer
