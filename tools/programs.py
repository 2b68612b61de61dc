"""The five programs of a running hub and its sandbox, as bin/dev and the story tests start them."""

from __future__ import annotations

from collections.abc import Mapping

from tools.environment import Ports
from tools.places import PYTHON
from tools.ports import HOST, answers
from tools.processes import Program

GUNICORN = [PYTHON, "-m", "gunicorn"]
# The sandbox keeps some of its state in memory: one process each, many threads.
ONE_PROCESS = "--workers 1 --worker-class gthread --threads 32 --no-control-socket".split()
NO_CONFIG = ["--config", "/dev/null"]  # gunicorn.conf.py is the hub's


def hub_programs(ports: Ports, env: Mapping[str, str]) -> list[Program]:
    web = [*GUNICORN, "--bind", f"{HOST}:{ports.hub}", "wsgi:app"]
    few = {**env, "WEB_CONCURRENCY": env.get("WEB_CONCURRENCY", "1")}
    return [
        Program("web", web, few, answers=answers(ports.hub, "/healthz")),
        Program("worker", [PYTHON, "-m", "flask", "worker"], env),
        Program("clock", [PYTHON, "-m", "flask", "clock"], env),
    ]


def sandbox_programs(ports: Ports, env: Mapping[str, str]) -> list[Program]:
    def serve(name: str, module: str, port: int) -> Program:
        bind = ["--bind", f"{HOST}:{port}"]
        command = [*GUNICORN, *NO_CONFIG, *ONE_PROCESS, *bind, f"{module}:create_app()"]
        return Program(name, command, env, answers=answers(port, "/sandbox/"))

    return [
        serve("crm", "sandbox.crm", ports.crm),
        serve("cloud", "sandbox.scorm_cloud", ports.cloud),
    ]


