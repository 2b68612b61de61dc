"""The front-end files that others wrote: installed from npm by the lock file, then copied.

Nothing of it is committed. Each file is served from our own static folders, next to the licence it
came with. To use one more icon, add its name to app/static/icons.txt and run bin/assets.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools import node
from tools.places import CACHE, NODE_MODULES, ROOT, digest, stamped
from tools.progress import SetupError, say

HUB = ROOT / "app" / "static" / "vendor"
PLAYER = ROOT / "sandbox" / "scorm_cloud" / "static" / "vendor"
TESTS = CACHE / "axe"
STAMP = HUB / ".complete"

# Package, file in it, folder it is copied to.
FILES = [
    ("htmx.org", "dist/htmx.min.js", HUB),
    ("dejavu-fonts-ttf", "ttf/DejaVuSans.ttf", HUB / "fonts"),
    ("dejavu-fonts-ttf", "ttf/DejaVuSans-Bold.ttf", HUB / "fonts"),
    ("dejavu-fonts-ttf", "ttf/DejaVuSerif.ttf", HUB / "fonts"),
    ("dejavu-fonts-ttf", "ttf/DejaVuSerif-Bold.ttf", HUB / "fonts"),
    ("scorm-again", "dist/scorm12.min.js", PLAYER),
    ("scorm-again", "dist/scorm2004.min.js", PLAYER),
]
# The letters of PDFs beyond Latin, Greek and Cyrillic: many small files for each family, and a
# list that says which of them has a character. The Latin that comes with each is not needed.
NOTO = "@fontsource-variable/noto-"
LATIN = ("latin", "latin-ext", "vietnamese", "cyrillic", "cyrillic-ext", "greek", "greek-ext")
TEST_FILES = [("axe-core", "axe.min.js", TESTS)]

# The pictures on our buttons, by their names at Lucide.
ICONS = ROOT / "app" / "static" / "icons.txt"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/assets", description=__doc__)
    parser.add_argument(
        "--deployment",
        action="store_true",
        help="install only what is served, and remove node_modules afterwards",
    )
    prepare(deployment=parser.parse_args().deployment)


def prepare(*, deployment: bool = False) -> None:
    """Makes every front-end file stand in its place; does nothing where they already do."""
    wanted = digest(ROOT / "package-lock.json", ICONS, Path(__file__))
    with_tests = not deployment
    if stamped(STAMP, wanted) and all(target.exists() for _, target in copies(with_tests)):
        return
    node.install_packages(for_tests=with_tests)
    for source, target in copies(with_tests):
        copy(source, target)
    STAMP.write_text(wanted)
    if deployment:
        shutil.rmtree(NODE_MODULES)
        shutil.rmtree(node.WHEEL_FOLDER, ignore_errors=True)
    say(f"  copied to {HUB.relative_to(ROOT)} and {PLAYER.relative_to(ROOT)}")


def copies(with_tests: bool) -> Iterator[tuple[Path, Path]]:
    """Each file with the place it is copied to: the files, the icons, a licence per package."""
    files = FILES + (TEST_FILES if with_tests else [])
    for package, name, folder in files:
        yield NODE_MODULES / package / name, folder / Path(name).name
    for icon in ICONS.read_text().split():
        yield (
            NODE_MODULES / "lucide-static" / "icons" / f"{icon}.svg",
            HUB / "icons" / f"{icon}.svg",
        )
    noto = [package for package in packages() if package.startswith(NOTO)]
    for package in noto:
        yield from noto_files(package)
    licensed = {(package, folder) for package, _, folder in files if folder.name != "fonts"}
    licensed |= {("dejavu-fonts-ttf", HUB / "fonts"), ("lucide-static", HUB / "icons")}
    licensed |= {(package, font_folder(package)) for package in noto}
    for package, folder in sorted(licensed):
        yield licence(package), folder / f"{package.rpartition('/')[2]}.LICENSE.txt"


def packages() -> list[str]:
    return list(json.loads((ROOT / "package.json").read_text())["dependencies"])


def noto_files(package: str) -> Iterator[tuple[Path, Path]]:
    """The upright files of a family, of any weight, and the list of their characters."""
    source, target = NODE_MODULES / package, font_folder(package)
    yield source / "unicode.json", target / "unicode.json"
    name = package.rpartition("/")[2]
    for file in sorted((source / "files").glob(f"{name}-*-wght-normal.woff2")):
        part = file.name.removeprefix(f"{name}-").removesuffix("-wght-normal.woff2")
        if part not in LATIN:
            yield file, target / file.name


def font_folder(package: str) -> Path:
    return HUB / "fonts" / package.rpartition("/")[2]


def licence(package: str) -> Path:
    folder = NODE_MODULES / package
    return next(iter(sorted(folder.glob("LICENSE*"))), folder / "LICENSE")


def copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise SetupError(f"{source.relative_to(ROOT)} is not in its npm package: see {__file__}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
