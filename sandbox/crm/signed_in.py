"""Who sits at the sandbox's desktop: anybody of its people, chosen freely and kept in a cookie."""

from flask import request

from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import AGENCY, Doc, users
from sandbox.crm.users import works_in

USER_COOKIE = "sandbox_user"


def current_user(here: Crm, location: str = "") -> Doc:
    """The one chosen, else the first who may work in the location (anywhere, without one)."""
    able = [user for user in everybody(here) if may_enter(user, location)]
    chosen = [user for user in able if user["id"] == request.cookies.get(USER_COOKIE)]
    locals_first = [user for user in able if user["roles"]["type"] == "account"] or able
    return (chosen or locals_first)[0]


def agency_user(here: Crm) -> Doc:
    """The one chosen, if they are the agency's, else its first."""
    able = [user for user in everybody(here) if user["roles"]["type"] == "agency"]
    return next((user for user in able if user["id"] == request.cookies.get(USER_COOKIE)), able[0])


def everybody(here: Crm) -> list[Doc]:
    with here.store.read() as db:
        return users.list(db, AGENCY)


def may_enter(user: Doc, location: str) -> bool:
    """The agency's users may enter every location, unless they are restricted to some."""
    roles = user["roles"]
    everywhere = roles["type"] == "agency" and not roles.get("restrictSubAccount")
    return not location or everywhere or works_in(user, location)
