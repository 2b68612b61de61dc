"""bin/flask: the hub's commands (`bin/flask list-accounts`), with the settings and data of bin/dev.

The hub may be running or not. Commands that ask the CRM or SCORM Cloud need the sandbox, so bin/dev
has to run for them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools import environment, redis_server
from tools.places import LOCAL, PYTHON, ROOT
from tools.progress import SetupError


def main() -> None:
    os.chdir(ROOT)
    env = {**os.environ, **settings(LOCAL)}
    os.execve(PYTHON, [PYTHON, "-m", "flask", *sys.argv[1:]], env)


def settings(data: Path) -> dict[str, str]:
    """What bin/dev tells the hub. Raises SetupError where it has never run."""
    ports = environment.kept_ports(data)
    if ports is None:
        raise SetupError("There is no data here yet. Start bin/dev once, then try again.")
    redis_url = redis_server.named() or redis_server.address(data / "redis")
    return environment.of_the_launcher(ports, redis_url=redis_url, data=data)
