"""Who did what: whatever an admin changes is a line of the list under Activity.

Every address that does more than read is in one of the two lists of audited_changes.py. A new one
has to be added by somebody who has thought: either a person does something there, and the list has
to say so, or it changes nothing, and the reason stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.cookies import TAB
from app.extensions import db
from app.key_rotation import encrypted_columns, encrypted_tables
from app.models import Account, AuditEntry, EnrollLink, across_accounts
from app.models.base import AccountOwned, Base
from sandbox.courses.build import build
from tests.audited_changes import CHANGES, CHANGES_NOTHING, Change, Scene, forget_lines
from tests.factories import install_account, sign_in
from tests.fixtures.hub import Work
from tests.fixtures.sandbox import Sandbox
from tests.test_tenancy import METHODS, guarded

WRITING = set(METHODS) - {"GET", "HEAD"}
OLIVIA = "Olivia Owner"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build(tmp_path_factory.mktemp("courses"))[0].read_bytes()


@pytest.fixture
def scene(app: Flask, client: FlaskClient, sandbox: Sandbox, work: Work, package: bytes) -> Scene:
    account = install_account(sandbox)
    sign_in(client, account, OLIVIA)
    return Scene(app, client, account, sandbox, work, package)


@pytest.fixture
def written_at(app: Flask) -> Iterator[list[str]]:
    """The addresses that took something in, by their views' names, in order."""
    seen: list[str] = []

    def note(_app: Flask, response: Response, **_: Any) -> None:
        if request.method in WRITING and response.status_code < 400:
            seen.append(request.endpoint or "")

    with request_finished.connected_to(note, app):
        yield seen


def lines() -> list[AuditEntry]:
    with across_accounts():
        return list(db.session.scalars(select(AuditEntry)))


def secrets(scene: Scene) -> Iterator[str]:
    """Whatever opens something: keys and tokens of the account, its links, Olivia's session."""
    for table in encrypted_tables():
        columns = [table.c[name] for name in encrypted_columns(table)]
        for row in db.session.execute(select(*columns)):
            yield from filter(None, row)
    with across_accounts():
        yield from db.session.scalars(select(EnrollLink.token))
    cookie = scene.client.get_cookie(TAB, domain="hub.localhost")
    assert cookie
    yield cookie.value
    yield scene.client.environ_base["HTTP_X_CSRFTOKEN"]


def rows_of(account: Account) -> dict[str, list[Any]]:
    """Everything that the account has, sessions aside."""
    tables = [
        m.class_.__table__ for m in Base.registry.mappers if issubclass(m.class_, AccountOwned)
    ]
    with across_accounts():
        found = {
            table.name: db.session.execute(
                select(table).where(table.c.account_id == account.id).order_by(table.c.id)
            ).all()
            for table in tables
        }
        found["accounts"] = db.session.execute(
            select(Account.__table__).where(Account.id == account.id)
        ).all()
    return {name: [tuple(row) for row in rows] for name, rows in found.items()}


def test_every_address_that_takes_something_in_is_known(app: Flask) -> None:
    writing = {rule.endpoint for rule in guarded(app) if WRITING & (rule.methods or set())}
    changing = {endpoint for each in CHANGES for endpoint in each.endpoints}
    assert writing == changing | set(CHANGES_NOTHING)
    assert not changing & set(CHANGES_NOTHING)


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.do.__name__)
def test_a_change_is_one_line_in_the_list(
    scene: Scene, change: Change, written_at: list[str]
) -> None:
    forget_lines()  # the installation's
    answer = change.do(scene)
    assert answer.status_code < 400, answer.text
    assert set(change.endpoints) <= set(written_at)
    [line] = lines()
    assert (line.action, line.actor, line.account_id) == (change.said, OLIVIA, scene.account.id)
    page = scene.client.get("/activity?show=people").text
    assert change.said[0].upper() + change.said[1:] in page
    assert OLIVIA in page
    kept = json.dumps([line.action, line.subject, line.subject_id, line.details])
    for secret in secrets(scene):
        assert secret not in kept


@pytest.mark.parametrize("endpoint", CHANGES_NOTHING)
def test_what_has_no_line_changes_nothing(
    scene: Scene, endpoint: str, written_at: list[str]
) -> None:
    course = scene.imported()
    forget_lines()
    before = rows_of(scene.account)
    reason, do = CHANGES_NOTHING[endpoint]
    assert reason
    answer = do(scene, course)
    assert answer.status_code < 400, answer.text
    assert written_at[-1] == endpoint
    assert rows_of(scene.account) == before
