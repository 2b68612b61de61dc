"""bin/dev: sets everything up and runs the hub with its worker, its clock and the sandbox.

Ready when it prints `SCORM Hub is ready: <address>`; Ctrl-C stops everything it started.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tools import environment, migrations, ports, redis_server
from tools.environment import Ports
from tools.output import Output
from tools.places import CACHE, LOCAL, PYTHON, ROOT
from tools.processes import NotReadyError, Program, Supervisor
from tools.programs import sandbox_programs, web_program, work_programs
from tools.progress import SetupError, say
from tools.setup import TO_RUN, set_up

FIRST_PORT = 8000
START_SECONDS = 60
SANDBOX_DATA = LOCAL / "sandbox"
DEMO_MADE = LOCAL / "demo-made"


def main() -> None:
    options = read_options()
    # SIGINT too: a shell that starts us in the background would have us ignore it.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, interrupt)
    try:
        with only_one_here():
            run(options)
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(130)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/dev", description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=FIRST_PORT,
        metavar="N",
        help="hub on port N, sandbox CRM on N+1, sandbox SCORM Cloud on N+2 (default: 8000)",
    )
    parser.add_argument("--fresh", action="store_true", help="throw the local data away first")
    parser.add_argument("--empty", action="store_true", help="do not make the demo account")
    options = parser.parse_args()
    if not 1024 <= options.port <= 65533:
        parser.error("--port takes a number from 1024 to 65533")
    return options


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def only_one_here() -> Iterator[None]:
    """Two launchers must not share the data in .local."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SetupError(
                f"bin/dev is already running in this folder (process {lock.read().strip()}). "
                "Stop it first, with Ctrl-C where it runs."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def run(options: argparse.Namespace) -> None:
    places = Ports.in_a_row(options.port)
    refuse_taken_ports(places)
    set_up(TO_RUN)
    if options.fresh:
        shutil.rmtree(LOCAL, ignore_errors=True)
    LOCAL.mkdir(exist_ok=True)
    output = Output()
    supervisor = Supervisor(output.show)
    try:
        env = start_everything(supervisor, places)
        if not options.empty:
            make_demo_account(env)
        welcome(places, demo=DEMO_MADE.exists())
        threading.Event().wait()
    except NotReadyError as error:
        advice = "If this began with an update, start over with new local data: bin/dev --fresh"
        raise SetupError(f"{error}\n{advice}") from None
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        supervisor.close()


def refuse_taken_ports(places: Ports) -> None:
    taken = [(name, port) for name, port in places.named() if ports.taken(port)]
    if taken:
        whose = ", ".join(f"port {port} ({name})" for name, port in taken)
        free = ports.free_run(places.hub + 10, 3)
        raise SetupError(
            f"Already taken by another program: {whose}.\n"
            f"Stop that program, or move all three: bin/dev --port {free}"
        )


def start_everything(supervisor: Supervisor, places: Ports) -> dict[str, str]:
    """Starts all programs and returns the hub's settings once everything answers.

    Worker and clock come last: nobody waits for them yet, and the others start faster.
    """
    (LOCAL / "uploads").mkdir(exist_ok=True)
    redis_url = redis_server.named()
    if redis_url is None:
        redis_url, redis = redis_server.embedded(LOCAL / "redis")
        start_unless_running(supervisor, redis)
    environment.keep_ports(places, LOCAL)
    env = environment.of_the_launcher(places, redis_url=redis_url, data=LOCAL)
    sandbox_env = environment.sandbox(places, SANDBOX_DATA)
    migrations.run(env)
    supervisor.start(web_program(places, env), *sandbox_programs(places, sandbox_env))
    supervisor.wait_until_ready(START_SECONDS)
    supervisor.start(*work_programs(env))
    return {**sandbox_env, **env}


def start_unless_running(supervisor: Supervisor, redis: Program) -> None:
    """A server that outlived its launcher still holds our data: it is used as it is."""
    if redis.answers is None or not redis.answers():
        supervisor.start(redis)


def make_demo_account(env: Mapping[str, str]) -> None:
    """Installs, connects and uploads as a person would; the mark is left when all of it is done."""
    if DEMO_MADE.exists():
        return
    say("Making the demo account ...")
    command = [PYTHON, "-m", "sandbox.demo"]
    finished = subprocess.run(command, cwd=ROOT, env={**os.environ, **env})
    if finished.returncode != 0:
        say("The demo account could not be made (see above); the next start tries again.")
        return
    DEMO_MADE.touch()


def welcome(places: Ports, *, demo: bool) -> None:
    say(f"\nSCORM Hub is ready: {places.hub_url}")
    say(f"Sandbox CRM:          {places.crm_url}")
    say(f"Sandbox SCORM Cloud:  {places.cloud_url}/sandbox/")
    if demo:
        say("Try next: open the sandbox CRM, choose SCORM Hub in its menu, open a course and enrol")
        say("a contact. Play the course, then look at that contact's timeline in the CRM.")
    else:
        say("Try next: open the sandbox CRM and install SCORM Hub into a location.")
    say("Ctrl-C stops everything.\n")
