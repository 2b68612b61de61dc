"""The stand-ins in this process, each test on fresh data, and somebody for them to talk to.

serve           puts any WSGI application on a free port and gives its address
cloud_server    the SCORM Cloud stand-in, which can be restarted on the same data
hub_inbox       a receiver of postbacks that answers as it is told and remembers what came
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import requests
from flask import Flask
from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.scorm_cloud import create_app
from tests.waiting import eventually

Serve = Callable[[WSGIApplication], str]


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class Servers:
    """Threaded servers on free ports of this machine."""

    def __init__(self) -> None:
        self._running: list[BaseWSGIServer] = []

    def start(self, app: WSGIApplication, port: int = 0) -> BaseWSGIServer:
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        server.daemon_threads = True  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self._running.append(server)
        return server

    def stop(self, server: BaseWSGIServer) -> None:
        server.shutdown()
        server.server_close()
        self._running.remove(server)

    def stop_all(self) -> None:
        for server in list(self._running):
            self.stop(server)


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers()
    yield running
    running.stop_all()


@pytest.fixture
def serve(servers: Servers) -> Serve:
    return lambda app: f"http://127.0.0.1:{servers.start(app).server_port}"


class CloudServer:
    """The running SCORM Cloud stand-in."""

    def __init__(self, servers: Servers, data: Path) -> None:
        self._servers = servers
        self._data = data
        self._start()

    def _start(self, port: int = 0) -> None:
        self.app: Flask = create_app(self._data)
        self._server = self._servers.start(self.app, port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def cloud(self) -> Any:
        return self.app.extensions["scorm_cloud"]

    def restart(self) -> None:
        """End it and start it again on the same data and port."""
        self.stop()
        self._servers.stop(self._server)
        self._start(self._server.server_port)

    def stop(self) -> None:
        self.cloud.deliveries.stop()
        self.cloud.store.close()

    def call(self, method: str, path: str, app: str = "SANDBOX", **more: Any) -> requests.Response:
        """One API call by plain HTTP, to look at the answer as it is."""
        secret = {"SANDBOX": "sandbox-secret", "SECOND": "second-secret"}[app]
        more.setdefault("auth", (app, secret))
        return requests.request(method, f"{self.url}/api/v2{path}", timeout=60, **more)

    def control(self, method: str, path: str, **body: Any) -> Any:
        """One call of the controls; its JSON."""
        answer = requests.request(
            method,
            f"{self.url}/sandbox/{path}",
            json=body if method != "GET" else None,
            headers={"Accept": "application/json"},
            timeout=60,
        )
        assert answer.ok, answer.text
        return answer.json()

    def import_course(
        self, course: str, package: Path, app: str = "SANDBOX", **query: str
    ) -> dict[str, Any]:
        """Import a package and give the finished job."""
        with package.open("rb") as file:
            answer = self.call(
                "POST",
                "/courses/importJobs/upload",
                app,
                params={"courseId": course, **query},
                files={"file": (package.name, file, "application/zip")},
            )
        assert answer.status_code == 200, answer.text
        return self.finished(answer.json()["result"], app)

    def finished(self, job: str, app: str = "SANDBOX") -> dict[str, Any]:
        def outcome() -> dict[str, Any] | None:
            state = self.call("GET", f"/courses/importJobs/{job}", app).json()
            return state if state["status"] != "RUNNING" else None

        found = eventually(outcome)
        assert found
        return found

    def enroll(
        self, registration: str, course: str = "c1", app: str = "SANDBOX", **more: Any
    ) -> None:
        learner = more.pop("learner", {"id": "u1", "firstName": "Ann", "lastName": "Lee"})
        body = {"courseId": course, "registrationId": registration, "learner": learner, **more}
        answer = self.call("POST", "/registrations", app, json=body)
        assert answer.status_code == 204, answer.text

    def registration(self, registration: str, **flags: str) -> dict[str, Any]:
        answer = self.call("GET", f"/registrations/{registration}", params=flags)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def cloud_server(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CloudServer]:
    monkeypatch.setenv("SANDBOX_CONTROLS", "1")
    server = CloudServer(servers, tmp_path / "data")
    server.cloud.knobs.change({"import_polls": 0})
    yield server
    server.stop()


@dataclass
class Inbox:
    """What a receiver got, in the order it came, and how it answers."""

    url: str = ""
    answers: list[int] = field(default_factory=list)  # used up first; then 204
    received: list[Request] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        request.get_data()
        with self._lock:
            self.received.append(request)
            self.times.append(time.monotonic())
            status = self.answers.pop(0) if self.answers else 204
        headers = {"Location": "/elsewhere"} if status in (301, 302, 307) else {}
        return Response(status=status, headers=headers)(environ, start_response)

    def wait_for(self, count: int) -> list[Request]:
        eventually(lambda: len(self.received) >= count)
        return self.received


@pytest.fixture
def hub_inbox(serve: Serve) -> Inbox:
    inbox = Inbox()
    inbox.url = serve(inbox)
    return inbox
