"""A hub that runs in this process, so that its rows can be put back between two presses.

The browser reaches it as it reaches any other: by HTTP, at the address that the sandbox knows. Its
worker works only when it is told to, so nothing moves by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext
from werkzeug.serving import WSGIRequestHandler, make_server

from app.accounts.cookies import TAB as TAB_COOKIE
from tests.fixtures.sandbox import Sandbox
from tests.walk.hub import Hub
from tests.walk.walker import IN_A_TAB, Walker, Way
from tools.environment import Ports

EYES = Path(__file__).with_name("eyes.js").read_text()
CRM_MARGIN = 34  # what the CRM's page leaves beside its frame


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as by gunicorn

    def log(self, *args: object, **kwargs: object) -> None:
        """Requests are judged, not listed."""


@pytest.fixture(scope="module")
def hub(
    session_app: Flask,
    running_sandbox: Sandbox,
    redis_url: str,
    ports: Ports,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hub]:
    hub = Hub(session_app, running_sandbox, redis_url, ports)
    session_app.config["SEND_FILE_MAX_AGE_DEFAULT"] = (
        3600  # scripts are read once, not at each press
    )
    hub.seed(tmp_path_factory.mktemp("walk"))
    server = make_server(
        "127.0.0.1", ports.hub, session_app, threaded=True, request_handler=QuietHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hub
    session_app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None
    server.shutdown()
    server.server_close()


def looking(hub: Hub, context: BrowserContext, way: Way) -> Walker:
    """Somebody in this browser, who is signed in if that is their way."""
    context.add_init_script(EYES)
    if way == IN_A_TAB:
        cookie = {"name": TAB_COOKIE, "value": hub.world.token, "url": hub.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
    return Walker(hub, context, way)


@pytest.fixture(scope="module")
def walker(request: pytest.FixtureRequest, hub: Hub, browser: Browser) -> Iterator[Walker]:
    """Who walks all pages of a test file in the file's WAY, and remembers what was pressed."""
    way: Way = request.module.WAY
    width = way.width + (CRM_MARGIN if way.framed else 0)
    context = browser.new_context(viewport={"width": width, "height": 740})
    yield looking(hub, context, way)
    context.close()
