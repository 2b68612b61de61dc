"""The SCORM Cloud stand-in: its API under ``/api/v2``, launch pages, controls under ``/sandbox/``.

Run it with one process and many threads:
``gunicorn -w 1 -k gthread --threads 32 'sandbox.scorm_cloud:create_app()'``.
"""

import importlib.util
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, redirect
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Authorization

from sandbox.faults import WSGIApp
from sandbox.scorm_cloud import auth
from sandbox.scorm_cloud.applications import applications
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.course_assets import assets
from sandbox.scorm_cloud.courses import courses
from sandbox.scorm_cloud.errors import handle_errors
from sandbox.scorm_cloud.import_calls import import_calls
from sandbox.scorm_cloud.imports import resume_imports
from sandbox.scorm_cloud.instance_calls import instance_calls
from sandbox.scorm_cloud.learners import learners
from sandbox.scorm_cloud.management import management
from sandbox.scorm_cloud.registrations import registrations
from sandbox.scorm_cloud.sandbox_controls import cloud_controls

API = "/api/v2"
_PARTS = (
    applications,
    management,
    import_calls,
    courses,
    assets,
    registrations,
    instance_calls,
    learners,
)


def create_app(data: Path | None = None) -> Flask:
    """The application on the folder ``data`` (SANDBOX_DATA unless given)."""
    cloud = Cloud.open(data or Path(os.environ.get("SANDBOX_DATA", "var/sandbox")))
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["scorm_cloud"] = cloud
    cloud.ledger.init_app(app, _is_api, _caller)
    handle_errors(app, API)
    app.register_blueprint(_api())
    app.register_blueprint(cloud_controls(cloud))
    app.add_url_rule("/", "home", _home)
    _add_player(app)
    app.wsgi_app = _single_slashes(  # type: ignore[method-assign, assignment]
        cloud.faults.middleware(app.wsgi_app, _is_api, cloud.ledger.refused)
    )
    cloud.deliveries.start()
    resume_imports(cloud)
    return app


def _api() -> Blueprint:
    api = Blueprint("api", __name__, url_prefix=API)
    api.before_request(auth.authenticate)
    for part in _PARTS:
        api.register_blueprint(part)
    return api


def _add_player(app: Flask) -> None:
    """The launch pages; the API works without them."""
    if importlib.util.find_spec("sandbox.scorm_cloud.player"):
        from sandbox.scorm_cloud import player

        app.register_blueprint(player.blueprint)


def _home() -> ResponseReturnValue:
    return redirect("/sandbox/")


def _is_api(path: str) -> bool:
    return path.startswith("/api/")


def _caller(environ: dict[str, Any]) -> str | None:
    """Whose call it is, as far as the request itself says."""
    given = Authorization.from_header(environ.get("HTTP_AUTHORIZATION"))
    return given.username if given is not None and given.type == "basic" else None


def _single_slashes(app: WSGIApp) -> WSGIApp:
    """The official client's default address ends in a slash, so it asks for ``/api/v2//ping``."""

    def collapsed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/api/"):
            environ["PATH_INFO"] = re.sub("/{2,}", "/", path)
        return app(environ, start_response)

    return collapsed
