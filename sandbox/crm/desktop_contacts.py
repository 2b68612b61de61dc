"""The sandbox's contacts as a person sees them: the list, and a contact's page on which tags, notes
and records arrive. What is changed here reaches the app as webhooks, like changes made in the CRM.
"""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.crm import contact_book, contact_search
from sandbox.crm.crm_state import crm
from sandbox.crm.desktop import in_location
from sandbox.crm.desktop_objects import related
from sandbox.crm.documents import AGENCY, Doc, contacts, messages, notes, tags, users
from sandbox.crm.identities import APP_NAME
from sandbox.crm.signed_in import current_user

bp = Blueprint("contact_pages", __name__, url_prefix="/v2/location/<location>/contacts")


@bp.get("")
@in_location
def people(location: str) -> ResponseReturnValue:
    here, query = crm(), request.args.get("query", "")
    with here.store.read() as db:
        found = contact_search.matching(contacts.list(db, location), query)
    found.sort(key=lambda one: contact_search.plain(one["name"] or ""))
    return render_template("crm/contacts.html", contacts=found, query=query)


@bp.get("/<id>")
@in_location
def person(location: str, id: str) -> ResponseReturnValue:
    """One contact: tags, company, timeline and what it is related to."""
    with crm().store.read() as db:
        return render_template(
            "crm/contact.html",
            **_everything_of(location, id),
            known_tags=[tag["name"] for tag in tags.list(db, location)],
        )


@bp.get("/<id>/activity")
@in_location
def activity(location: str, id: str) -> ResponseReturnValue:
    """The moving part of a contact's page, which asks for it every few seconds."""
    return render_template("crm/_activity.html", **_everything_of(location, id))


@bp.post("/<id>/tags")
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
    return redirect(url_for("contact_pages.person", location=location, id=id))


@bp.post("/<id>/notes")
@in_location
def write_note(location: str, id: str) -> ResponseReturnValue:
    here, body = crm(), request.form.get("body", "").strip()
    with here.store.write() as db:
        if body:
            sent = {"body": body, "userId": current_user(here, location)["id"]}
            contact_book.write_note(here, db, _contact(location, id), sent)
    return redirect(url_for("contact_pages.person", location=location, id=id))


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
    return {"contact": contact, "timeline": timeline, "related": related(location, id)}
