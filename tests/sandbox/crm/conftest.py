"""The sandbox CRM alone as a real process, callers with tokens, and a listener for its webhooks."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fixtures.sandbox import Controls
from tools import environment
from tools.environment import Ports
from tools.places import CACHE, ROOT, digest
from tools.ports import HOST, free_ports
from tools.processes import Supervisor
from tools.programs import sandbox_programs

HERE = Path(__file__).parent
# The vendor's published interface files lie beside the project on our own machines.
INTERFACE = ROOT.parent / "shared" / "reference" / "openapi" / "highlevel" / "apps"
collect_ignore = [] if INTERFACE.is_dir() else ["test_openapi.py"]
CALLBACK = "https://hub.example/cb"
CLIENT = {"client_id": "sandboxapp-1", "client_secret": "sandbox-client-secret"}


class Api:
    """A caller of the CRM's API with one token, in one generation."""

    def __init__(self, url: str, token: str, version: str | None = "2021-07-28") -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if version:
            self.headers["Version"] = version

    def __call__(self, method: str, path: str, status: int | None = None, **more: Any) -> Any:
        """The answer's JSON; with ``status`` the answer must have it, else it must be a success."""
        response = self.raw(method, path, **more)
        right = response.status_code == status if status else response.ok
        assert right, f"{method} {path}: {response.status_code} {response.text[:600]}"
        return response.json()

    def raw(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=30, **more)

    def speaking(self, version: str | None) -> Api:
        token = self.headers["Authorization"].removeprefix("Bearer ")
        return Api(self.url, token, version)


class Crm:
    """The running sandbox CRM."""

    def __init__(self, ports: Ports) -> None:
        self.controls = Controls(ports.crm)
        self.url = f"http://{HOST}:{ports.crm}"
        self.ports = ports

    def code(self, place: str = "demo-location", **more: str) -> str:
        kind = "company" if place == "demo-company" else "location"
        asked = {kind: place, "redirect_uri": CALLBACK, **more}
        return str(self.controls.post("authorize", **asked)["code"])

    def token(
        self, status: int = 200, headers: Mapping[str, str] | None = None, **form: str
    ) -> Any:
        """Ask the token endpoint; the client's keys are added."""
        response = requests.post(
            f"{self.url}/oauth/token", data={**CLIENT, **form}, headers=headers, timeout=30
        )
        assert response.status_code == status, response.text
        return response.json()

    def tokens(self, place: str = "demo-location", **more: str) -> Any:
        code = self.code(place, **more)
        return self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    def api(self, place: str = "demo-location", **more: str) -> Api:
        return Api(self.url, self.tokens(place, **more)["access_token"])


class Receiver:
    """Listens where the hub would and keeps every webhook; answers with ``statuses``, then 200."""

    def __init__(self, port: int) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    status = receiver.statuses.pop(0) if receiver.statuses else 200
                    headers = {**dict(self.headers.items()), "path": self.path}
                    receiver.got.append((headers, body))
                    receiver.arrived.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer((HOST, port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self, type: str) -> list[dict[str, Any]]:
        return [event for _, body in self.got if (event := json.loads(body))["type"] == type]

    def wait_for(self, type: str, count: int = 1) -> list[dict[str, Any]]:
        """The events of a type, once so many of them have come."""
        with self.arrived:
            came = self.arrived.wait_for(lambda: len(self.events(type)) >= count, timeout=60)
        assert came, f"{len(self.events(type))} of {count} {type} came"
        return self.events(type)


@pytest.fixture(scope="session")
def crm_ports() -> Ports:
    return Ports(*free_ports(3))


@pytest.fixture(scope="session")
def running_crm(
    crm_ports: Ports, session_folder: Path, new_supervisor: Callable[[], Supervisor]
) -> Crm:
    supervisor = new_supervisor()
    env = environment.sandbox(crm_ports, session_folder / "crm-alone")
    supervisor.start(sandbox_programs(crm_ports, env)[0])
    supervisor.wait_until_ready(60)
    return Crm(crm_ports)


@pytest.fixture
def crm(running_crm: Crm) -> Crm:
    """The sandbox CRM as new, with webhooks off until a test asks for the receiver."""
    running_crm.controls.reset()
    running_crm.controls.faults(webhooks={"off": True})
    return running_crm


@pytest.fixture
def api(crm: Crm) -> Api:
    """A caller with the token of the demo location."""
    return crm.api()


@pytest.fixture
def receiver(crm: Crm) -> Iterator[Receiver]:
    receiver = Receiver(crm.ports.hub)
    crm.controls.faults()
    crm.controls.put("settings", webhook_time_scale=0.005)
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture(scope="session")
def sdk() -> Callable[[str], str]:
    """The interpreter of an environment of its own for each release of the vendor's client.

    The two releases exclude each other, so neither can live beside the hub's packages.
    """
    return _interpreter


def _interpreter(name: str) -> str:
    wanted = HERE / f"sdk_requirements_{name}.txt"
    CACHE.mkdir(exist_ok=True)
    folder = CACHE / f"sdk-{name}-{digest(wanted)[:12]}"
    with (CACHE / f"sdk-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, "--requirement", str(wanted)], check=True)
            (folder / "ready").touch()
    return str(folder / "bin" / "python")
