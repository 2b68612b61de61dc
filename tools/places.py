"""Where things lie: the project, its virtual environment, and the two folders git ignores."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
CACHE = ROOT / ".cache"  # can be thrown away at any time
LOCAL = ROOT / ".local"  # the data of bin/dev: `bin/dev --fresh` throws it away
NODE_MODULES = ROOT / "node_modules"


def digest(*files: Path) -> str:
    """One digest over the contents of several files, to notice that a set-up step is due again."""
    total = sha256()
    for file in files:
        total.update(file.name.encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def stamped(stamp: Path, mark: str) -> bool:
    """Whether the step that left this stamp was finished with the same inputs."""
    return stamp.exists() and stamp.read_text() == mark
