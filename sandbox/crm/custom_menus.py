"""``/custom-menus``: links that the agency puts into the CRM's left menu."""

from flask import Blueprint

from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import AGENCY, Doc, custom_menus
from sandbox.crm.ids import new_hex_id
from sandbox.crm.refusals import not_found
from sandbox.crm.shapes import Rule, Shape, boolean, filled, list_of, numeral, one_of, text

bp = Blueprint("custom_menus", __name__)

_ICON = Shape({"name": filled, "fontFamily": one_of("fab", "fas", "far")})
_REQUIRED: dict[str, Rule] = {
    "title": filled,
    "url": filled,
    "icon": _ICON,
    "showOnCompany": boolean,
    "showOnLocation": boolean,
    "showToAllLocations": boolean,
    "openMode": one_of("iframe", "new_tab", "current_tab"),
    "locations": list_of(text),
    "userRole": one_of("all", "admin", "user"),
}
_OPTIONAL = {"allowCamera": boolean, "allowMicrophone": boolean}
_LIST = Shape(
    optional={
        "locationId": filled,
        "skip": numeral,
        "limit": numeral,
        "query": text,
        "showOnCompany": one_of("true", "false"),
    }
)


@bp.get("/custom-menus/")
@endpoint("custom-menu-link.readonly", token="company", query=_LIST)
def list_menus(call: Call) -> Doc:
    found = [one for one in custom_menus.list(call.db, AGENCY) if _wanted(call, one)]
    skip = call.number("skip", 0)
    return {
        "customMenus": found[skip : skip + call.number("limit", 20)],
        "totalLinks": len(found),
    }


@bp.post("/custom-menus/")
@endpoint("custom-menu-link.write", token="company", body=Shape(_REQUIRED, _OPTIONAL))
def create(call: Call) -> Answer:
    order = custom_menus.count(call.db, AGENCY) + 1
    menu = {"allowCamera": False, "allowMicrophone": False, **call.body}
    call.changed()
    return {
        "customMenu": custom_menus.add(
            call.db, AGENCY, {**menu, "id": new_hex_id(), "order": order}
        )
    }, 201


@bp.get("/custom-menus/<menu_id>")
@endpoint("custom-menu-link.readonly", token="company")
def get(call: Call, menu_id: str) -> Doc:
    return {"customMenu": _menu(call, menu_id)}


@bp.put("/custom-menus/<menu_id>")
@endpoint(
    "custom-menu-link.write", token="company", body=Shape(optional={**_REQUIRED, **_OPTIONAL})
)
def update(call: Call, menu_id: str) -> Doc:
    call.changed()
    changed = custom_menus.change(call.db, _menu(call, menu_id), **call.body)
    return {"success": True, "customMenu": changed}


@bp.delete("/custom-menus/<menu_id>")
@endpoint("custom-menu-link.write", token="company")
def delete(call: Call, menu_id: str) -> Doc:
    _menu(call, menu_id)
    custom_menus.remove(call.db, AGENCY, id=menu_id)
    call.changed()
    return {
        "success": True,
        "message": "Custom menu deleted",
        "deletedMenuId": menu_id,
        "deletedAt": call.now,
    }


def _wanted(call: Call, menu: Doc) -> bool:
    location, company = call.arg("locationId"), call.arg("showOnCompany")
    everywhere = menu["showToAllLocations"] or location in menu["locations"]
    return (
        (not location or everywhere)
        and (not company or menu["showOnCompany"] == (company == "true"))
        and call.arg("query").lower() in menu["title"].lower()
    )


def _menu(call: Call, menu_id: str) -> Doc:
    found = custom_menus.get(call.db, AGENCY, menu_id)
    if found is None:
        raise not_found(f"Custom menu with id {menu_id} not found")
    return found
