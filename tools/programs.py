"""The five programs of a running hub and its sandbox, as bin/dev and the story tests start them."""

from __future__ import annotations

from collections.abc import Mapping

from tools.environment import Ports
from tools.places import PYTHON
from tools.ports import HOST, answers
from tools.processes import Program

GUNICORN = [PYTHON, "-m", "gunicorn"]
SANDBOX_CONFIG = ["--config", "tools/gunicorn_sandbox.py"]


def web_program(ports: Ports, env: Mapping[str, str]) -> Program:
    command = [*GUNICORN, "--bind", f"{HOST}:{ports.hub}", "--log-level", "warning", "wsgi:app"]
    few = {"WEB_CONCURRENCY": "1", **env}
    return Program("web", command, few, answers=answers(ports.hub, "/healthz"))


def work_programs(env: Mapping[str, str]) -> list[Program]:
    return [
        Program("worker", [PYTHON, "-m", "app", "worker"], env),
        Program("clock", [PYTHON, "-m", "app", "clock"], env),
    ]


def sandbox_programs(ports: Ports, env: Mapping[str, str]) -> list[Program]:
    def serve(name: str, module: str, port: int) -> Program:
        bind = ["--bind", f"{HOST}:{port}"]
        command = [*GUNICORN, *SANDBOX_CONFIG, *bind, f"{module}:create_app()"]
        return Program(name, command, env, answers=answers(port, "/sandbox/"))

    return [
        serve("crm", "sandbox.crm", ports.crm),
        serve("cloud", "sandbox.scorm_cloud", ports.cloud),
    ]
