"""The stage of the player's tests: a real server on a free port and a learner at a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.courses.build import build
from sandbox.scorm_cloud import create_app
from tests.samples import COLLECTION
from tests.sandbox.scorm_cloud.player.stage import Learner, Stage
from tools.ports import free_ports

# Real packages are played where they are; elsewhere our own do (test_player_kinds.py).
collect_ignore = [] if COLLECTION.is_dir() else ["test_player_packages.py"]


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """A page of a course asks for a hundred files."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(free_ports(1)[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUD_URL", stage.url)
        patch.setenv("SANDBOX_CONTROLS", "1")
        app = create_app(tmp_path_factory.mktemp("cloud"))
        server = make_server("127.0.0.1", stage.port, app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield stage
        server.shutdown()
        thread.join()


@pytest.fixture
def learner(stage: Stage, context: BrowserContext) -> Learner:
    return Learner(stage, context)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with our own two courses, zipped."""
    folder = tmp_path_factory.mktemp("courses")
    build(folder)
    return folder
