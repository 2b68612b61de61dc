"""What the documents name exists: paths, commands, addresses, functions, settings, pictures.

A word in backticks is taken at its word. So a document cannot go on speaking of what was renamed.
"""

from __future__ import annotations

import ast
import re
import struct
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.accounts.consent import SCOPES
from app.health import owed_work
from app.schedule import OWED, REGULAR
from app.webhooks import views as webhooks
from app.webhooks.handlers import HANDLERS
from benchmarks.__main__ import NAMES as BENCHMARKS
from config import SETTINGS, Setting
from tools.places import ROOT

DOCUMENTS = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(path for path in (ROOT / "docs").rglob("*.md") if path.name != "pages.md"),
    ]
)
PICTURE = ROOT / "docs" / "pictures" / "course-page.png"
WORD = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
SUFFIXES = (".py", ".md", ".html", ".js", ".css", ".txt", ".json", ".toml", ".png", ".svg")
PATH = re.compile(r"[\w./-]+")
FUNCTION = re.compile(r"([A-Za-z_]+)\.([a-z_]+)")
COMMAND = re.compile(r"\bflask (?:--app wsgi )?([a-z][a-z-]*)")
ADDRESS = re.compile(r"/[\w/.<>-]*")
UPPERCASE = re.compile(r"[A-Z]+_[A-Z_]+")


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))


def words(document: Path) -> list[str]:
    """Everything that stands in single backticks, outside code blocks."""
    prose = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    return WORD.findall(prose)


@cache
def sources() -> dict[str, ast.Module]:
    """Our Python files, parsed, by their path."""
    folders = ("app", "confined", "sandbox", "tools", "benchmarks", "tests")
    files = [
        *ROOT.glob("*.py"),
        *(file for name in folders for file in (ROOT / name).rglob("*.py")),
    ]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text()) for file in files}


@cache
def owners() -> dict[str, set[str]]:
    """What is defined in each of the hub's modules, by its file's name, and in each class."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, tree in sources().items():
        if not path.startswith(("app/", "confined/")):
            continue
        found[Path(path).stem] |= defined_in(tree)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name] |= defined_in(node)
    return found


def defined_in(place: ast.Module | ast.ClassDef) -> set[str]:
    found = set()
    for node in place.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@cache
def texts_in_code() -> set[str]:
    """Every string that our files hold, the names of settings among them."""
    return {
        node.value
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def top_level() -> set[str]:
    return {path.name for path in ROOT.iterdir()} - {".cache"}  # made while working, never here


def looks_like_a_path(word: str) -> bool:
    if not PATH.fullmatch(word):
        return False
    return word.endswith(SUFFIXES) or ("/" in word and word.split("/")[0] in top_level())


@each_document
def test_every_path_exists(document: Path) -> None:
    for word in words(document):
        path = word.split(" ")[0]  # a command may be followed by its options
        if looks_like_a_path(path):
            assert found_somewhere(path), f"{document.name} names {path}"


def found_somewhere(path: str) -> bool:
    """From the project's folder, or a file's name as the rules of the house use it (`views.py`)."""
    if (ROOT / path).exists() or (ROOT / "app" / path).exists():
        return True
    return "/" not in path and any(Path(source).name == path for source in sources())


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        place = document.parent / path if path else document
        assert place.exists(), f"{document.name} links to {target}"
        if anchor:
            assert anchor in anchors(place), f"{document.name} links to {target}"


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@each_document
def test_every_function_exists(document: Path) -> None:
    for word in words(document):
        parts = FUNCTION.fullmatch(word)
        if parts is None or looks_like_a_path(word) or word in SCOPES:
            continue
        owner, name = parts.groups()
        assert name in owners().get(owner, set()), f"{document.name} names {word}"


@each_document
def test_every_flask_command_exists(document: Path, session_app: Flask) -> None:
    known = set(session_app.cli.commands) | {"run", "shell", "routes"}
    for command in COMMAND.findall(document.read_text()):
        assert command in known, f"{document.name} names flask {command}"


def test_the_operators_page_names_every_command(session_app: Flask) -> None:
    named = set(COMMAND.findall(operations()))
    assert named >= set(session_app.cli.commands)


@each_document
def test_every_address_exists(document: Path, session_app: Flask) -> None:
    rules = {plain(rule.rule) for rule in session_app.url_map.iter_rules()} | set(
        webhooks.ADDRESSES
    )
    for word in words(document):
        address = re.sub(r"^(GET|POST|PUT) ", "", word).split("?")[0]
        if ADDRESS.fullmatch(address) and not address.startswith("/sandbox/"):
            assert plain(address) in rules, f"{document.name} names {address}"


def plain(address: str) -> str:
    """Whatever its variable parts are called."""
    return re.sub(r"<[^>]*>", "<>", address)


@each_document
def test_every_setting_is_one_that_something_reads(document: Path) -> None:
    known = texts_in_code() | {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}  # boto3 reads these
    for word in words(document):
        if UPPERCASE.fullmatch(word):
            assert word in known, f"{document.name} names {word}"


# Tables that must not fall behind the code


def architecture() -> str:
    return (ROOT / "docs" / "architecture.md").read_text()


def operations() -> str:
    return (ROOT / "docs" / "operations.md").read_text()


def test_the_architecture_names_every_folder_of_the_house() -> None:
    folders = [path.name for path in (ROOT / "app").iterdir() if any(path.glob("*.py"))]
    assert not [name for name in folders if f"{name}/`" not in architecture()]


def test_the_architecture_names_all_owed_work_and_its_verb() -> None:
    for model, verb in OWED:
        row = rf"^\| `{model.__name__}` \| .* \| `{spoken(verb)}` \|$"
        assert re.search(row, architecture(), re.MULTILINE), f"{model.__name__} is missing"


def test_the_operators_page_names_what_the_clock_does_and_how_often() -> None:
    for every, verb in REGULAR:
        minutes = int(every.total_seconds() // 60)
        gap = f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"
        row = rf"^\| {gap} \| .* \| `{spoken(verb)}` \|$"
        assert re.search(row, operations(), re.MULTILINE), f"{verb.__name__} is missing"


def test_the_operators_page_names_every_figure(app: Flask) -> None:
    figures = {name.removesuffix("_owed") for name in owed_work() if name.endswith("_owed")}
    assert not [name for name in figures if f"hub_{name}_owed" not in operations()]


def test_the_performance_page_explains_every_benchmark() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert not [name for name in BENCHMARKS if f"bin/bench {name}" not in page]


def spoken(verb: Callable[..., Any]) -> str:
    """A verb as the documents name it: its file and its name."""
    return f"{verb.__module__.rpartition('.')[2]}.{verb.__name__}"


def test_the_readme_names_every_command() -> None:
    commands = names([path for path in (ROOT / "bin").iterdir() if path.is_file()])
    assert not [name for name in commands if f"`{name}" not in readme()]


# The README's tables


def readme() -> str:
    return (ROOT / "README.md").read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_readme_lists_each_setting_with_its_meaning_and_default(setting: Setting) -> None:
    row = f"| `{setting.name}` | {setting.meaning} | {without(setting)} |"
    assert row in readme(), f"README.md should say: {row}"


def without(setting: Setting) -> str:
    if setting.default is None:
        return "**required**"
    if not setting.default:
        return "empty"
    return f"`{setting.default}`" if len(setting.default) <= 60 else "the CRM's own"


def row_of_the_readme(first_cell: str) -> list[str]:
    """The words in backticks of one row of its tables."""
    line = next(line for line in readme().splitlines() if line.startswith(f"| {first_cell} |"))
    return WORD.findall(line)


def test_the_readme_asks_for_the_scopes_that_installing_asks_for() -> None:
    assert row_of_the_readme("scopes") == SCOPES


def test_the_readme_asks_for_the_events_that_have_a_handler() -> None:
    events = {kind for source, kind in HANDLERS if source == "crm"}
    assert set(row_of_the_readme("events")) == events


def test_the_readme_shows_a_picture_that_loads_fast() -> None:
    assert f"]({PICTURE.relative_to(ROOT).as_posix()})" in readme()
    content = PICTURE.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I", content[16:20])[0] == 1280, "pixels wide"
    assert len(content) < 200_000


def test_the_documents_speak_of_the_project_alone() -> None:
    for document in DOCUMENTS:
        found = re.search(
            r"/(root|tmp|home|work)/|\b(todo|tbd|fixme)\b", document.read_text(), re.I
        )
        assert found is None, f"{document.name}: {found}"
