"""Acknowledged postbacks per second through gunicorn, against a bare durable insert.

Both are served by the same gunicorn settings and write to the same database, in turns within one
run: reference, hub, reference, hub … Each figure is the median of the rounds.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import load
from tools import environment, postgresql, redis_server
from tools.environment import Ports
from tools.places import PYTHON, ROOT
from tools.ports import HOST, answers, free_ports
from tools.processes import Program, Supervisor

ROUNDS, SECONDS = 5, 4.0
CREATE_TABLE = "create table bare_insert (id varchar(32) primary key, body text not null)"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        measure("sqlite", f"sqlite:///{folder}/hub.sqlite3", Path(folder) / "one")
    with postgresql.server(durable=True) as url, tempfile.TemporaryDirectory() as folder:
        measure("postgresql", url, Path(folder))


def measure(database: str, url: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with running(url, folder) as (hub_port, bare_port, headers):
        hub, bare = [], []
        load.post(hub_port, "/api/webhooks/scorm-cloud", body, headers, 1.0)  # both are warm now
        load.post(bare_port, "/insert", body, {}, 1.0)
        for number in range(ROUNDS):
            bare.append(load.post(bare_port, "/insert", body_of_round(number), {}, SECONDS))
            hub.append(
                load.post(
                    hub_port, "/api/webhooks/scorm-cloud", body_of_round(number), headers, SECONDS
                )
            )
    report(database, hub, bare)


def report(database: str, hub: list[load.Figures], bare: list[load.Figures]) -> None:
    rate, reference = median(hub, "per_second"), median(bare, "per_second")
    slow, slow_reference = median(hub, "p99_ms"), median(bare, "p99_ms")
    figure = {
        "benchmark": "postbacks",
        "database": database,
        "acknowledged_per_second": round(rate),
        "reference_per_second": round(reference),
        "ratio": round(rate / reference, 2),
        "p99_ms": round(slow, 1),
        "reference_p99_ms": round(slow_reference, 1),
        "p99_ratio": round(slow / slow_reference, 2),
        "failures": sum(one.failures for one in hub + bare),
        "rounds": ROUNDS,
    }
    print(json.dumps(figure), flush=True)


def median(figures: list[load.Figures], name: str) -> float:
    return statistics.median(getattr(one, name) for one in figures)


def body(number: int) -> bytes:
    return body_of_round(-1)(number)


def body_of_round(turn: int) -> Callable[[int], bytes]:
    """Postbacks as SCORM Cloud sends them, no two alike."""

    def make(number: int) -> bytes:
        registration = {
            "id": f"registration-{turn}-{number}",
            "instance": 0,
            "updated": "2026-03-04T10:12:45.000Z",
            "registrationCompletion": "COMPLETED",
            "registrationSuccess": "PASSED",
            "score": {"scaled": 87.5},
            "totalSecondsTracked": 734.2,
            "course": {"id": "c7", "title": "Safety", "version": 0},
            "learner": {"id": "u9", "firstName": "Ann", "lastName": "Lee"},
            "activityDetails": {"id": "root", "attempts": 1, "children": []},
        }
        return json.dumps(registration).encode()

    return make


@contextmanager
def running(url: str, folder: Path) -> Iterator[tuple[int, int, dict[str, str]]]:
    """The hub and the reference on ports of their own; gives both and the hub's headers."""
    hub_port, bare_port = free_ports(2)
    redis_url, redis = redis_server.embedded(folder / "redis")
    env = {
        **environment.hub(Ports(hub_port, 1, 2), redis_url=redis_url, data=folder),
        **environment.new_secrets(),
        "DATABASE_URL": url,
        "WEB_CONCURRENCY": "2",
    }
    supervisor = Supervisor(lambda name, line: None)
    try:
        supervisor.start(redis)
        supervisor.wait_until_ready(30)
        flask(env, "-m", "flask", "db", "upgrade")
        account = flask(env, "-m", "benchmarks.rows", CREATE_TABLE).split()
        supervisor.start(
            serve("hub", hub_port, "wsgi:app", env, "/healthz"),
            serve("bare", bare_port, "benchmarks.bare_insert:app", env, "/healthz"),
        )
        supervisor.wait_until_ready(60)
        yield hub_port, bare_port, basic(*account)
    finally:
        supervisor.close()


def serve(name: str, port: int, module: str, env: dict[str, str], path: str) -> Program:
    command = [PYTHON, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "--log-level", "warning"]
    return Program(name, [*command, module], env, answers=answers(port, path))


def flask(env: dict[str, str], *arguments: str) -> str:
    finished = subprocess.run(
        [PYTHON, *arguments], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True
    )
    if finished.returncode != 0:
        raise SystemExit(finished.stderr)
    return finished.stdout


def basic(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}", "Content-Type": "application/json; charset=UTF-8"}
