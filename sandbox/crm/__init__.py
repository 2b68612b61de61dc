"""The sandbox CRM: a local stand-in for the CRM's API, its webhooks and its desktop.

The API is strict, as the real one is: what it refuses here it refuses there. See `access.py` for
the door that every call passes, `desktop.py` for the pages, `crm_controls.py` for the switches.
"""

import os
from pathlib import Path

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.clock import Clock
from sandbox.crm import (
    agency_view,
    app_calls,
    associations,
    businesses,
    choose_location,
    contact_tags,
    contacts,
    conversations,
    custom_fields,
    custom_menus,
    desktop,
    desktop_contacts,
    desktop_objects,
    desktop_text,
    locations,
    marketplace,
    notes,
    oauth,
    object_schemas,
    records,
    tasks,
    users,
    webhooks,
    workflows,
)
from sandbox.crm.access import respond
from sandbox.crm.crm_controls import make_controls
from sandbox.crm.crm_state import KNOBS, Crm, CrmFaults
from sandbox.crm.identities import LOCATIONS
from sandbox.crm.pace import Pace
from sandbox.crm.people import seed
from sandbox.crm.refusals import Refusal
from sandbox.crm.schema import SCHEMA
from sandbox.crm.signing import SigningKey
from sandbox.deliveries import Deliveries
from sandbox.knobs import Knobs
from sandbox.ledger import Ledger
from sandbox.store import Store

_API = (
    associations,
    businesses,
    contact_tags,
    contacts,
    conversations,
    custom_fields,
    custom_menus,
    locations,
    marketplace,
    notes,
    oauth,
    object_schemas,
    records,
    tasks,
    users,
    workflows,
)
_DESKTOP = (desktop, desktop_contacts, desktop_objects, agency_view)
_PAGES = ("/v2/", "/sandbox/", "/desktop/", "/oauth/chooselocation")


def create_app() -> Flask:
    app = Flask(__name__, static_folder="static", static_url_path="/desktop")
    app.url_map.strict_slashes = False
    here = _crm(Path(os.environ.get("SANDBOX_DATA", "instance/sandbox")))
    app.extensions["sandbox_crm"] = here
    here.ledger.init_app(app, is_api, lambda environ: None)
    for module in (*_API, choose_location, *_DESKTOP):
        app.register_blueprint(module.bp)
    app.register_blueprint(make_controls(here))
    app.add_template_filter(desktop_text.linked)
    app.add_template_filter(desktop_text.shown)
    app.add_url_rule("/", view_func=_home)
    app.register_error_handler(HTTPException, _http_error)
    app.wsgi_app = here.faults.middleware(  # type: ignore[assignment,method-assign]
        app.wsgi_app, is_api, here.ledger.refused
    )
    here.deliveries.start()
    return app


def is_api(path: str) -> bool:
    """Whether a path belongs to the API; pages and controls do not."""
    return path != "/" and not path.startswith(_PAGES)


def _crm(data: Path) -> Crm:
    store = Store(data / "crm.sqlite3", SCHEMA, seed)
    clock = Clock(store)
    faults = CrmFaults(store, clock)
    knobs = Knobs(store, KNOBS)
    return Crm(
        store=store,
        clock=clock,
        faults=faults,
        knobs=knobs,
        ledger=Ledger(store, clock, "location"),
        deliveries=Deliveries(
            store,
            clock,
            faults,
            [webhooks.KIND, app_calls.KIND],
            lambda: float(knobs["webhook_time_scale"]),
        ),
        pace=Pace(),
        signing_key=SigningKey(data / "crm-signing.pem"),
        crm_url=_address("CRM_URL", "http://crm.localhost:8001"),
        hub_url=_address("HUB_URL", "http://hub.localhost:8000"),
    )


def _address(name: str, default: str) -> str:
    return (os.environ.get(name) or default).rstrip("/")


def _home() -> ResponseReturnValue:
    return redirect(url_for("contact_pages.people", location=LOCATIONS[0]))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """An unknown address of the API answers in JSON, as the CRM words it."""
    if not is_api(request.path):
        return error.get_response()
    code = error.code or 500
    if code in (404, 405):
        refusal = Refusal(404, f"Cannot {request.method} {request.path}")
        return respond(refusal.body(), 404)
    return respond(Refusal(code, error.description or error.name).body(), code)
