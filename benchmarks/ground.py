"""What a benchmark stands on: a database, a Redis and the sandbox, thrown away afterwards."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from flask import Flask

from tools import environment, redis_server
from tools.environment import Ports
from tools.places import PYTHON, ROOT
from tools.ports import HOST, free_ports
from tools.processes import Supervisor
from tools.programs import sandbox_programs

LATENCY_MS = 50  # of the outside, as the figures are asked for


@dataclass
class Ground:
    """A hub in this process, and the two systems outside."""

    app: Flask
    ports: Ports
    env: dict[str, str]
    folder: Path
    supervisor: Supervisor

    def control(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """One of the sandbox's controls; `system` is "crm" or "cloud"."""
        port = self.ports.crm if system == "crm" else self.ports.cloud
        answer = requests.request(
            method,
            f"http://{HOST}:{port}/sandbox/{path}",
            json=body,
            headers={"Accept": "application/json"},
            timeout=300,
        )
        answer.raise_for_status()
        return answer.json()

    def latency(self, milliseconds: int) -> None:
        for system in ("crm", "cloud"):
            self.control(system, "PUT", "faults", {"latency_ms": milliseconds})

    def calls(self, system: str, since: int) -> int:
        """How many calls the system's ledger counts after this entry."""
        numbers = set()
        while entries := self.control(system, "GET", f"ledger?since={since}")["entries"]:
            numbers |= {entry["call"] for entry in entries}
            since = entries[-1]["seq"]
        return len(numbers)

    def mark(self, system: str) -> int:
        """The newest entry of the ledger, to count from."""
        newest = 0
        while entries := self.control(system, "GET", f"ledger?since={newest}")["entries"]:
            newest = entries[-1]["seq"]
        return int(newest)


@contextmanager
def ground() -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        ports = Ports(*free_ports(3))
        redis_url, redis = redis_server.embedded(folder / "redis")
        env = {
            **environment.hub(ports, redis_url=redis_url, data=folder),
            **environment.webhook_key(folder / "sandbox"),
            **environment.new_secrets(),
        }
        supervisor = Supervisor(lambda name, line: None)
        try:
            sandbox_env = environment.sandbox(ports, folder / "sandbox")
            supervisor.start(redis, *sandbox_programs(ports, sandbox_env))
            supervisor.wait_until_ready(60)
            migrate(env)
            yield Ground(make_app(env), ports, env, folder, supervisor)
        finally:
            supervisor.close()


def migrate(env: dict[str, str]) -> None:
    command = [PYTHON, "-m", "flask", "db", "upgrade"]
    finished = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True
    )
    if finished.returncode != 0:
        raise SystemExit(finished.stderr)


def make_app(env: dict[str, str]) -> Flask:
    from app import create_app
    from config import Config

    return create_app(Config.from_environment(env))
