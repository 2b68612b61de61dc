"""The sandbox's own desktop: what a person sees of the CRM. Plain pages, clearly labelled.

Here one watches tags, notes and records arrive on a contact, installs the app in both ways, and
opens it in its frame. Changes made here reach the app as webhooks, like changes made in the CRM.
"""

import re
from collections.abc import Callable
from functools import wraps

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from sandbox.crm import contact_book, contact_search, grants, webhooks
from sandbox.crm.choose_location import install_url
from sandbox.crm.crm_state import Crm, crm
from sandbox.crm.documents import (
    AGENCY,
    Doc,
    associations,
    contacts,
    locations,
    messages,
    notes,
    object_fields,
    object_schemas,
    records,
    relations,
    tags,
    users,
)
from sandbox.crm.identities import APP_NAME, COMPANY, LOCATIONS, PLANS
from sandbox.crm.object_schemas import bare
from sandbox.crm.signed_in import USER_COOKIE, current_user, everybody, may_enter
from sandbox.crm.user_context import seal, user_context

bp = Blueprint("desktop", __name__, url_prefix="/v2")

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
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


@bp.get("/location/<location>/contacts")
@in_location
def people(location: str) -> ResponseReturnValue:
    here, query = crm(), request.args.get("query", "")
    with here.store.read() as db:
        found = contact_search.matching(contacts.list(db, location), query)
    found.sort(key=lambda one: contact_search.plain(one["name"] or ""))
    return render_template("crm/contacts.html", contacts=found, query=query)


@bp.get("/location/<location>/contacts/<id>")
@in_location
def person(location: str, id: str) -> ResponseReturnValue:
    """One contact: tags, company, timeline and what it is related to."""
    with crm().store.read() as db:
        return render_template(
            "crm/contact.html",
            **_everything_of(location, id),
            known_tags=[tag["name"] for tag in tags.list(db, location)],
        )


@bp.get("/location/<location>/contacts/<id>/activity")
@in_location
def activity(location: str, id: str) -> ResponseReturnValue:
    """The moving part of a contact's page, which asks for it every few seconds."""
    return render_template("crm/_activity.html", **_everything_of(location, id))


@bp.post("/location/<location>/contacts/<id>/tags")
@in_location
def change_tags(location: str, id: str) -> ResponseReturnValue:
    here = crm()
    with here.store.write() as db:
        contact = _contact(location, id)
        if request.form.get("remove"):
            contact_book.remove_tags(here, db, contact, [request.form["remove"]])
        else:
            wanted = [tag for tag in request.form.get("add", "").split(",") if tag.strip()]
            contact_book.add_tags(here, db, contact, wanted)
    return redirect(url_for("desktop.person", location=location, id=id))


@bp.post("/location/<location>/contacts/<id>/notes")
@in_location
def write_note(location: str, id: str) -> ResponseReturnValue:
    here, body = crm(), request.form.get("body", "").strip()
    with here.store.write() as db:
        if body:
            sent = {"body": body, "userId": current_user(here, location)["id"]}
            contact_book.write_note(here, db, _contact(location, id), sent)
    return redirect(url_for("desktop.person", location=location, id=id))


@bp.get("/location/<location>/objects")
@in_location
def objects(location: str) -> ResponseReturnValue:
    """The location's custom objects with how many records each has."""
    with crm().store.read() as db:
        found = [
            {**schema, "count": len(records.list(db, location, object_key=schema["key"]))}
            for schema in object_schemas.list(db, location)
            if not schema["standard"]
        ]
        links = associations.list(db, location)
    return render_template("crm/objects.html", objects=found, associations=links)


@bp.get("/location/<location>/objects/<key>")
@in_location
def object_records(location: str, key: str) -> ResponseReturnValue:
    with crm().store.read() as db:
        schema = object_schemas.first(db, location, key=key)
        if schema is None:
            abort(404)
        return render_template(
            "crm/records.html",
            schema=schema,
            fields=_fields(location, key),
            records=records.list(db, location, object_key=key)[::-1],
        )


@bp.get("/location/<location>/objects/<key>/<id>")
@in_location
def record(location: str, key: str, id: str) -> ResponseReturnValue:
    with crm().store.read() as db:
        found = records.get(db, location, id)
        if found is None or found["objectKey"] != key:
            abort(404)
        return render_template(
            "crm/record.html",
            record=found,
            schema=object_schemas.first(db, location, key=key),
            fields=_fields(location, key),
            related=_related(location, id),
        )


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
    back = url_for("desktop.people", location=location) if location else url_for("agency.app_page")
    answer = redirect(back)
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


def shown(value: object, field: Doc) -> str:
    """A record's value as a person reads it: the labels of options instead of their keys."""
    labels = {option["key"]: option["label"] for option in field.get("options", [])}
    values = value if isinstance(value, list) else [value]
    return ", ".join(
        str(labels.get(one, one)) if isinstance(one, str) else str(one) for one in values
    )


def linked(text: str) -> Markup:
    """Text with its web addresses made into links, line breaks kept."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        parts += [escape(text[end : found.start()]), _link(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(address)


def _contact(location: str, id: str) -> Doc:
    with crm().store.read() as db:
        found = contacts.get(db, location, id)
    if found is None:
        abort(404)
    return found


def _everything_of(location: str, id: str) -> Doc:
    contact = _contact(location, id)
    with crm().store.read() as db:
        by_id = {user["id"]: user["name"] for user in users.list(db, AGENCY)}
        timeline = [
            {"kind": "Note", "at": one["dateAdded"], "text": one["body"], "title": one.get("title")}
            | {"by": by_id.get(one.get("userId"), APP_NAME)}
            for one in notes.list(db, location, contact_id=id)
        ]
        timeline += [
            {"kind": one["type"], "at": one["dateAdded"], "by": APP_NAME}
            | {"title": one.get("subject"), "text": one.get("message") or one.get("html") or ""}
            for one in messages.list(db, location, contact_id=id)
        ]
    timeline.sort(key=lambda one: str(one["at"]), reverse=True)
    return {"contact": contact, "timeline": timeline, "related": _related(location, id)}


def _related(location: str, id: str) -> list[Doc]:
    """What stands at the other end of a thing's relations, with its field names and values."""
    found = []
    with crm().store.read() as db:
        for mine, other in (("first", "second"), ("second", "first")):
            for one in relations.list(db, location, **{f"{mine}_id": id}):
                link = associations.get(db, location, one["associationId"]) or {}
                key, other_id = one[f"{other}ObjectKey"], one[f"{other}RecordId"]
                found.append(
                    {
                        "key": key,
                        "id": other_id,
                        "label": link.get(f"{other}ObjectLabel", key),
                        "contact": contacts.get(db, location, other_id),
                        "record": records.get(db, location, other_id),
                        "fields": _fields(location, key),
                    }
                )
    return found


def _fields(location: str, key: str) -> list[Doc]:
    """The fields of an object with their bare names."""
    with crm().store.read() as db:
        return [
            {**field, "bare": bare(field["fieldKey"])}
            for field in object_fields.list(db, location, object_key=key)
        ]
