"""What bin/dev says and decides before anything runs."""

from __future__ import annotations

import ast
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import environment, flask_command, migrations, ports, redis_server
from tools.dev import refuse_taken_ports
from tools.environment import Ports
from tools.places import ROOT
from tools.progress import SetupError, run_step


@pytest.fixture
def listener() -> Iterator[int]:
    """A port that somebody else uses."""
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_names_the_port_that_is_taken_and_a_way_out(listener: int) -> None:
    with pytest.raises(SetupError) as refusal:
        refuse_taken_ports(Ports.in_a_row(listener - 1))
    assert f"port {listener} (the sandbox CRM)" in str(refusal.value)
    assert "bin/dev --port " in str(refusal.value)


def test_a_free_port_is_given_away_once() -> None:
    """Test runs side by side each look for ports some moments before they listen on them."""
    given = ports.free_ports(3)
    assert not any(map(ports.reserve, given))
    question = f"from tools.ports import reserve; print([*map(reserve, {given})])"
    other = subprocess.run(
        [sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == "[False, False, False]"


@pytest.mark.parametrize(
    "file", ["bin/dev", "bin/test", "bin/bench", "bin/flask", "tools/python_version.py"]
)
def test_an_old_python_can_read_that_it_is_too_old(file: str) -> None:
    ast.parse((ROOT / file).read_text(), feature_version=(3, 4))


def test_the_lock_file_names_no_registry() -> None:
    assert "://" not in (ROOT / "package-lock.json").read_text()


def test_secrets_are_drawn_once_and_kept_private(tmp_path: Path) -> None:
    file = tmp_path / "env"
    first = environment.kept_secrets(file)
    assert len(first["SECRET_KEY"]) >= 32
    assert environment.kept_secrets(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_setting_added_by_hand_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "env"
    environment.kept_secrets(file)
    with file.open("a") as lines:
        lines.write("# mine\n\nSUPPORT_EMAIL = help@example.com\n")
    assert environment.kept_secrets(file)["SUPPORT_EMAIL"] == "help@example.com"


def test_a_long_path_gets_a_socket_that_is_short_enough(tmp_path: Path) -> None:
    deep = tmp_path / ("a-folder-with-a-long-name" * 5)
    path = redis_server.socket_path(deep)
    assert len(os.fsencode(path)) <= redis_server.LONGEST_SOCKET_PATH
    assert path == redis_server.socket_path(deep)
    path.parent.rmdir()


def test_migrations_have_one_newest_and_a_database_can_stand_at_it(tmp_path: Path) -> None:
    (newest,) = migrations.heads()
    file = tmp_path / "hub.sqlite3"
    url = f"sqlite:///{file}"
    assert not migrations.up_to_date(url)
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES (?)", [newest])
    assert migrations.up_to_date(url)


def test_a_step_that_fails_shows_its_output_and_what_to_do() -> None:
    with pytest.raises(SetupError, match=r"no such disk(?s:.*)Trying failed.*Buy one\."):
        run_step("Trying", ["sh", "-c", "echo no such disk; exit 1"], advice="Buy one.")


def test_the_hubs_commands_run_with_the_settings_of_the_launcher(tmp_path: Path) -> None:
    """bin/flask finds the data and secrets that bin/dev has left, whether that runs or not."""
    with pytest.raises(SetupError, match="Start bin/dev once"):
        flask_command.settings(tmp_path)
    places = Ports.in_a_row(8100)
    environment.keep_ports(places, tmp_path)
    env = flask_command.settings(tmp_path)
    assert env["PUBLIC_URL"] == "http://hub.localhost:8100"
    assert env == flask_command.settings(tmp_path), "the secrets are kept"
    migrations.run(env)
    run = "import sys; from pathlib import Path; from tools import flask_command as command; "
    run += f"command.LOCAL = Path({str(tmp_path)!r}); command.main()"
    for words in (["seed", "--courses", "1", "--enrollments", "1"], ["list-accounts"]):
        said = subprocess.run(
            [sys.executable, "-c", run, *words], cwd=ROOT, capture_output=True, text=True
        )
        assert said.returncode == 0, said.stderr
    assert "load-test" in said.stdout
