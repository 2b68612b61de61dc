"""The rules of the house, checked by reading the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.places import ROOT

APP = ROOT / "app"
FOLDERS = (
    "accounts", "certificates", "courses", "enrollments", "learners", "reports", "settings", "sync",
    "webhooks", "workflows",
)  # fmt: skip
ENTRIES = ("views.py", "public.py")  # ends of files' names; besides everything in webhooks/
# The parts of accounts/ that deal with the browser itself.
KNOW_FLASK = {"accounts/cookies.py", "accounts/shell.py"}
MAY_COMMIT = {
    "transactions.py", "background.py", "schedule.py", "cli.py", "accounts/tokens.py",
    "accounts/grant_lock.py",
}  # fmt: skip
# SQL past the ORM's session, where tenancy's gate looks less closely: why stands in each file.
MAY_USE_CONNECTIONS = {
    "extensions.py", "webhooks/storing.py", "accounts/sessions.py", "accounts/grant_lock.py",
    "accounts/tokens.py", "models/limiting.py", "audit.py",
}  # fmt: skip
MAY_WRITE_SQL = {"health.py", "accounts/grant_lock.py", "models/base.py", "models/limiting.py"}
MAY_SEE_EVERY_ACCOUNT = {
    "background.py", "schedule.py", "cli.py", "health.py", "courses/leftovers.py",
    "certificates/public.py", "courses/public.py", "enrollments/public.py",
    "enrollments/form_uses.py", "models/base.py", "models/__init__.py", "models/limiting.py",
}  # fmt: skip
# Who may use whose verbs. accounts/{trial,tokens,sessions} and what they need lie below everybody.
LOWEST = {
    "app.accounts.banners", "app.accounts.brand", "app.accounts.cookies", "app.accounts.sessions",
    "app.accounts.tokens", "app.accounts.trial",
}  # fmt: skip
MAY_USE = {
    "webhooks": {"enrollments", "courses", "learners", "accounts", "certificates", "sync"},
    "enrollments": {"courses", "learners", "certificates", "sync"},
    "courses": {"enrollments", "learners", "certificates", "sync"},
    "learners": {"enrollments", "courses", "certificates", "sync"},
    "certificates": {"sync"},
    "sync": set(),
    "workflows": {"enrollments", "courses", "learners", "certificates", "sync"},
    "accounts": {"sync"},
    "settings": {"accounts", "sync", "certificates"},
    "reports": {"accounts", "courses", "enrollments", "learners", "certificates", "sync"},
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "services", "managers", "misc"}


def sources() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(APP).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Dotted names of everything the file imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def verbs() -> list[Path]:
    """Files of the product's folders that are no entry point."""
    return [
        path
        for path in sources()
        if (folder := name_of(path).split("/")[0]) in FOLDERS
        and folder != "webhooks"
        and not path.name.endswith(ENTRIES)
    ]


@pytest.mark.parametrize("path", verbs(), ids=name_of)
def test_verbs_know_no_request(path: Path) -> None:
    if name_of(path) in KNOW_FLASK:
        return
    known = {name for name in imports(path) if name.split(".")[0] in ("flask", "werkzeug")}
    assert not known


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_commits_stand_in_few_places(path: Path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert not calls or name_of(path) in MAY_COMMIT


def know_the_database() -> list[Path]:
    return [path for path in sources() if not name_of(path).startswith("clients/")]


def names_used(path: Path) -> set[str]:
    """Every name that the file reads, imports, or takes from something."""
    used = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            used.update(alias.name for alias in node.names)
    return used


def names_of_sqlalchemy(path: Path) -> set[str]:
    return {name.rpartition(".")[2] for name in imports(path) if name.startswith("sqlalchemy")}


@pytest.mark.parametrize("path", know_the_database(), ids=name_of)
def test_statements_pass_the_gate(path: Path) -> None:
    """See app/models/limiting.py: what comes from the ORM's session is limited to one account."""
    known = {
        "engine", "connection", "get_bind", "create_engine", "exec_driver_sql", "raw_connection",
        "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings",
    }  # fmt: skip
    assert not names_used(path) & known or name_of(path) in MAY_USE_CONNECTIONS
    as_text = {"text", "literal_column", "TextClause", "DDL", "tstring"}
    assert not names_of_sqlalchemy(path) & as_text or name_of(path) in MAY_WRITE_SQL
    used = names_used(path) & {"across_accounts", "ACROSS", "Reaching", "EVERY_ACCOUNT"}
    assert not used or name_of(path) in MAY_SEE_EVERY_ACCOUNT


@pytest.mark.parametrize("path", sorted((APP / "models").glob("*.py")), ids=name_of)
def test_models_know_no_request_and_no_client(path: Path) -> None:
    if path.name == "encrypted.py":
        return  # the one column type that needs the deployment's keys
    foreign = {
        name
        for name in imports(path)
        if name.startswith("flask")
        or (name.startswith("app.") and not name.startswith("app.models"))
    }
    assert not foreign


@pytest.mark.parametrize("path", sorted((APP / "clients").rglob("*.py")), ids=name_of)
def test_clients_know_neither_flask_nor_the_database(path: Path) -> None:
    foreign = {
        name
        for name in imports(path)
        if name.split(".")[0] in ("flask", "sqlalchemy")
        or (name.startswith("app.") and not name.startswith("app.clients"))
    }
    assert not foreign


@pytest.mark.parametrize("path", verbs(), ids=name_of)
def test_imports_among_verbs_run_one_way(path: Path) -> None:
    mine = name_of(path).split("/")[0]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "app" or len(parts) < 3 or parts[1] not in FOLDERS or parts[1] == mine:
            continue
        lowest = ".".join(parts[:3]) in LOWEST
        assert lowest or parts[1] in MAY_USE[mine], f"{name_of(path)} imports {name}"


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_entry_points_are_imported_by_nobody(path: Path) -> None:
    if path.name in ("blueprints.py", "schedule.py"):
        return
    used = {
        name
        for name in imports(path)
        if name.startswith("app.") and name.endswith(("views", ".public"))
    }
    assert not used


def test_no_folder_for_everything() -> None:
    names = {path.stem for path in sources()} | {
        path.name for path in APP.rglob("*") if path.is_dir()
    }
    assert not names & FORBIDDEN_NAMES


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    if path.read_text().strip():
        assert ast.get_docstring(ast.parse(path.read_text()))


def fragments_rendered() -> Iterator[tuple[str, str]]:
    """Each `render(page, fragment)` and `render_template(name)` of the views."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            given = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if node.func.id == "render" and len(given) >= 2:
                yield str(given[0]), str(given[1])


def test_fragments_start_with_an_underscore_and_pages_do_not() -> None:
    for page, fragment in fragments_rendered():
        assert not Path(page).name.startswith("_"), page
        assert Path(fragment).name.startswith("_"), fragment


def test_fragments_are_rendered_where_it_is_known_who_asks() -> None:
    """`render` and `part` of htmx.py send whoever is not htmx to the whole page."""
    for path in sources():
        if name_of(path) == "htmx.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "render_template":
                given = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                assert not any(Path(str(name)).name.startswith("_") for name in given), given


def test_questions_name_the_act_and_its_effect() -> None:
    """By the macro, which asks for both and for the words of the button."""
    for path in (APP / "templates").rglob("*.html"):
        if path.name != "overlays.html":
            assert "-confirm" not in path.read_text(), path.name


def test_what_polls_is_the_one_macro() -> None:
    """It carries the version that makes an unchanged answer empty."""
    for path in (APP / "templates").rglob("*.html"):
        if path.name != "poll.html":
            assert 'hx-trigger="every' not in path.read_text(), path.name


def test_fragments_are_no_whole_pages() -> None:
    for path in (APP / "templates").rglob("_*.html"):
        assert "{% extends" not in path.read_text(), path.name


def test_templates_keep_their_escaping() -> None:
    for path in (APP / "templates").rglob("*.html"):
        text = path.read_text()
        assert "autoescape false" not in text, path.name
        if "@page" not in text:  # a document for the PDF maker, never sent to a browser
            assert " style=" not in text, f"{path.name}: the content policy forbids inline styles"
        assert "onclick=" not in text, path.name
