"""Programs of the system that no package of ours brings: found, or installed on Debian as root,
or asked for in plain words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from tools.progress import SetupError, run_step

APT = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-q", "-y"]
QUIETLY = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def program(names: Sequence[str], packages: Sequence[str], *, why: str, elsewhere: str) -> str:
    """The path of the first of `names` that can be run; installs Debian's `packages` if none can.

    Raises SetupError saying what to install where we may not install it ourselves.
    """
    found = first_on_path(names)
    if found is None:
        install_debian_package(*packages, why=why, elsewhere=elsewhere)
        found = first_on_path(names)
    if found is None:
        raise SetupError(f"{' '.join(packages)} is installed, but brings no {names[0]}.")
    return found


def first_on_path(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def install_debian_package(*packages: str, why: str, elsewhere: str = "") -> None:
    wanted = " ".join(packages)
    if not shutil.which("apt-get"):
        raise SetupError(
            f"{elsewhere or wanted} is needed {why}. Please install it, then try again."
        )
    if os.geteuid() != 0:
        raise SetupError(
            f"{wanted} is needed {why}. Please install it, then try again:\n"
            f"    sudo apt-get update && sudo apt-get install -y --no-install-recommends {wanted}"
        )
    env = {**os.environ, **QUIETLY}
    run_step("Refreshing Debian's package lists", [*APT, "update"], env=env)
    install = [*APT, "install", "--no-install-recommends", *packages]
    run_step(f"Installing {wanted} from Debian {why}", install, env=env)
