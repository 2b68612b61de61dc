"""The sandbox's own desktop: what a person sees of the CRM. Plain pages, clearly labelled.

Here one sits down as somebody, installs the app in both ways, and opens it in its frame. Contacts
and custom objects have files of their own: `desktop_contacts.py`, `desktop_objects.py`.
"""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.crm import grants, webhooks
from sandbox.crm.choose_location import install_url
from sandbox.crm.crm_state import Crm, crm
from sandbox.crm.documents import AGENCY, Doc, locations, users
from sandbox.crm.identities import APP_NAME, COMPANY, LOCATIONS, PLANS
from sandbox.crm.signed_in import USER_COOKIE, current_user, everybody, may_enter
from sandbox.crm.user_context import seal, user_context

bp = Blueprint("desktop", __name__, url_prefix="/v2")
Page = Callable[..., ResponseReturnValue]


def in_location(view: Page) -> Page:
    """A page of a location; one that does not exist is not found."""

    @wraps(view)
    def page(location: str, **more: str) -> ResponseReturnValue:
        with crm().store.read() as db:
            if locations.get(db, location, location) is None:
                abort(404)
        return view(location, **more)

    return page


@bp.app_context_processor
def surroundings() -> Doc:
    """What each page's frame shows: the locations, the users, where we are."""
    here = crm()
    location = (request.view_args or {}).get("location") or LOCATIONS[0]
    with here.store.read() as db:
        places = [locations.get(db, id, id) for id in grants.all_locations(db)]
    place = next((one for one in places if one and one["id"] == location), None)
    return {
        "here": place,
        "places": places,
        "everybody": [one for one in everybody(here) if may_enter(one, location)],
        "me": current_user(here, location),
        "app_name": APP_NAME,
        "hub_url": here.hub_url,
    }


@bp.get("/location/<location>/apps")
@in_location
def apps(location: str) -> ResponseReturnValue:
    """Install the app, change its plan, take it away."""
    here = crm()
    with here.store.read() as db:
        installed = grants.installation(db, location)
    return render_template(
        "crm/apps.html", installed=installed, plans=PLANS, install_url=install_url(here)
    )


@bp.post("/location/<location>/apps/plan")
@in_location
def change_plan(location: str) -> ResponseReturnValue:
    here, plan = crm(), request.form.get("plan", "")
    if plan in [one["id"] for one in PLANS]:
        set_plan(here, location, plan, current_user(here, location)["id"])
    return redirect(url_for("desktop.apps", location=location))


@bp.post("/location/<location>/apps/uninstall")
@in_location
def uninstall(location: str) -> ResponseReturnValue:
    here = crm()
    with here.store.write() as db:
        for gone in grants.uninstall(db, COMPANY, location):
            webhooks.uninstalled(here, db, gone)
    return redirect(url_for("desktop.apps", location=location))


@bp.get("/location/<location>/app")
@in_location
def app_page(location: str) -> ResponseReturnValue:
    """The app's custom page: its address in a frame, which may ask who is signed in."""
    with crm().store.read() as db:
        installed = grants.installation(db, location)
    return render_template("crm/app.html", installed=installed)


@bp.get("/location/<location>/user-context")
@in_location
def context(location: str) -> ResponseReturnValue:
    """The sealed user data that the frame's page passes on."""
    answer = jsonify(payload=seal(user_context(current_user(crm(), location), location)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/user")
def switch_user() -> ResponseReturnValue:
    """Sit down as somebody else, in the same place if they may work there."""
    here, location = crm(), request.form.get("location", LOCATIONS[0])
    with here.store.read() as db:
        user = users.get(db, AGENCY, request.form.get("user", ""))
        known = not location or location in grants.all_locations(db)
    if user is None or not known:
        abort(404)
    pages = "contact_pages.people" if location else "agency.app_page"
    answer = redirect(url_for(pages, location=location or None))
    answer.set_cookie(USER_COOKIE, user["id"], samesite="Lax", httponly=True)
    return answer


def set_plan(here: Crm, location: str, plan: str, user: str) -> bool:
    """Put an installation on another plan and tell the app; whether there was one."""
    with here.store.write() as db:
        row = grants.installation(db, location)
        if row is None:
            return False
        db.execute("UPDATE installations SET plan_id = ? WHERE location_id = ?", (plan, location))
        webhooks.plan_changed(here, db, location, user, row["plan_id"], plan)
    return True
