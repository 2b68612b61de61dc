"""Refuses an old Python in plain words. This file must parse on any Python, even on 2.7."""

# ruff: noqa: UP031, RUF005, PTH113, PTH118, PTH119, PTH123

import os
import subprocess
import sys

NEEDED = (3, 11)
NAMES = ["python3.%d" % minor for minor in range(19, 10, -1)] + ["python3"]
FOLDERS = os.environ.get("PATH", os.defpath).split(os.pathsep) + ["/opt/homebrew/bin", "/usr/bin"]


def require():
    # type: () -> None
    """Ends the process with a sentence where this Python is older than the project needs."""
    if sys.version_info[:2] >= NEEDED:
        return
    command = os.path.join("bin", os.path.basename(sys.argv[0]))
    found = newer()
    if found:
        advice = "There is a newer one on this machine: run  %s %s" % (found, command)
    else:
        advice = "Install one (python.org, your package manager), then run %s again." % command
    this = "%d.%d.%d" % tuple(sys.version_info[:3])
    sys.exit(
        "SCORM Hub needs Python %d.%d or newer; this is Python %s (%s).\n%s"
        % (NEEDED + (this, sys.executable, advice))
    )


def newer():
    # type: () -> str | None
    """The path of a Python on this machine that is new enough, or None."""
    for name in NAMES:
        for folder in FOLDERS:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and is_new_enough(path):
                return path
    return None


def is_new_enough(path):
    # type: (str) -> bool
    question = "import sys; sys.exit(sys.version_info[:2] < %r)" % (NEEDED,)
    with open(os.devnull, "w") as nothing:
        return subprocess.call([path, "-c", question], stdout=nothing, stderr=nothing) == 0
