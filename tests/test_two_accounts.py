"""Beside an account with much more, an account sees to the byte what it sees alone.

Every address of the hub is asked, and every link that its pages show, as a page and as a fragment;
whatever takes something in is sent an empty form. First alone, then with the same rows once more,
beside the other account. A new page is asked without anybody adding it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select
from time_machine import Traveller
from werkzeug.routing import Rule

from app.accounts.cookies import TAB
from app.enrollments.passes import COOKIE
from app.extensions import db
from app.models import Account, across_accounts
from app.models.base import AccountOwned, Base
from app.models.limiting import Reach, Reaching
from tests import commands
from tests.crowds import fill
from tests.factories import install_account, make_account, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.hub_client import empty_tables
from tests.test_tenancy import WORDS, rules

# What answers for the whole installation, or anew at each time.
NOT_OF_AN_ACCOUNT = {
    "health.metrics": "figures of all accounts, for the operator's scraper alone",
    "static": "files",
    "accounts_public.begin": "answers with a new random state",
    "accounts.open_tab": "opens a new session",
}
LINKS = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
CHANGES_EACH_TIME = re.compile(r'nonce="[^"]*"|nonce-[\w-]+|name="form_token" value="[^"]*"')
FRAGMENT = {"HX-Request": "true"}
SEVERAL, MANY = 3, 60

Rows = dict[Any, list[dict[str, Any]]]
Answers = dict[str, tuple[int, list[tuple[str, str]], bytes]]


def rows() -> Rows:
    """Everything in the database."""
    found = {}
    for table in Base.metadata.sorted_tables:
        question = select(table).options(Reaching(Reach.EVERY_ACCOUNT))
        found[table] = [dict(row) for row in db.session.execute(question).mappings()]
    db.session.rollback()
    return found


def put_back(kept: Rows) -> None:
    db.session.rollback()
    empty_tables()
    with db.engine.begin() as connection:
        for table, content in kept.items():
            if content:
                connection.execute(table.insert(), content)


class Walk:
    """Asks everything once and keeps the answers, by address."""

    def __init__(
        self, app: Flask, client: FlaskClient, ids: dict[str, str], redis: Redis, clock: Traveller
    ) -> None:
        self.app, self.client, self.ids, self.redis, self.clock = app, client, ids, redis, clock
        client.delete_cookie(COOKIE, domain="hub.localhost")  # a browser that was nowhere yet
        self.cookie = client.get_cookie(TAB, domain="hub.localhost")
        self.answers: Answers = {}

    def read(self) -> Answers:
        """Every address that can be read, and whatever these link to."""
        todo = [self.address(rule) for rule in self.rules("GET")]
        todo += [f"{path}?page=2" for path in todo]
        while todo:
            path = todo.pop(0)
            if f"GET {path}" in self.answers or not self.is_walked(path):
                continue
            for kind, headers in (("GET", {}), ("fragment", FRAGMENT)):
                answer = self.ask("GET", path, kind, headers)
                text = answer.get_data().decode(errors="replace")
                todo += [unescape(link) for link in LINKS.findall(text)]
        return self.answers

    def write(self, kept: Rows) -> Answers:
        """Every address that takes something in, each on the rows as they were."""
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for rule in self.rules(method):
                put_back(kept)
                self.ask(method, self.address(rule), method, FRAGMENT)
        return self.answers

    def ask(self, method: str, path: str, kind: str, headers: dict[str, str]) -> Any:
        self.redis.flushall()  # nobody is refused because of the many questions
        self.clock.shift(timedelta(milliseconds=1))
        assert self.cookie
        self.client.set_cookie(TAB, self.cookie.value, domain="hub.localhost")
        answer = self.client.open(path, method=method, headers=headers)
        self.answers[f"{kind} {path}"] = (
            answer.status_code,
            sorted(one for one in answer.headers if one[0] != "Content-Length"),
            answer.get_data(),
        )
        return answer

    def rules(self, method: str) -> Iterator[Rule]:
        for rule in rules(self.app):
            if method in (rule.methods or ()) and rule.endpoint not in NOT_OF_AN_ACCOUNT:
                yield rule

    def address(self, rule: Rule) -> str:
        missing = {"key": "x" * 20, "digest": "0" * 64}
        values = {part: WORDS.get(part) or {**missing, **self.ids}[part] for part in rule.arguments}
        with self.app.test_request_context():
            built = rule.build(values)
        assert built
        return built[1]

    def is_walked(self, path: str) -> bool:
        adapter = self.app.url_map.bind("hub.localhost")
        endpoint, _ = adapter.match(path.partition("?")[0], method="GET")
        return endpoint not in NOT_OF_AN_ACCOUNT


def comparable(answers: Answers) -> dict[str, Any]:
    plain = {}
    for address, (status, headers, body) in answers.items():
        text = CHANGES_EACH_TIME.sub("", body.decode("utf-8", "surrogateescape"))
        plain[address] = (status, CHANGES_EACH_TIME.sub("", str(headers)), text)
    return plain


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """Goes on by a moment with each question, so that both walks take place at the same times."""
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def account(app: Flask, sandbox: Sandbox) -> Account:
    return install_account(sandbox)


@pytest.fixture
def others(app: Flask) -> Account:
    """Of the same company, with the same SCORM Cloud application, people and courses."""
    return make_account("another-location")


def test_the_other_account_has_rows_of_every_kind(others: Account) -> None:
    fill(others, SEVERAL)
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, AccountOwned):
            with across_accounts():
                assert db.session.scalars(select(mapper.class_)).first(), mapper.class_


def test_an_account_sees_what_it_would_see_alone(
    client: FlaskClient,
    app: Flask,
    redis_url: str,
    account: Account,
    others: Account,
    clock: Traveller,
) -> None:
    start = datetime.now(UTC)
    ids = fill(account, SEVERAL)
    sign_in(client, account)
    redis = Redis.from_url(redis_url)
    alone = rows()
    first = Walk(app, client, ids, redis, clock)
    first.read()
    first.write(alone)
    put_back(alone)
    fill(others, MANY)
    crowded = rows()
    clock.move_to(start)
    second = Walk(app, client, ids, redis, clock)
    second.read()
    second.write(crowded)
    right, seen = comparable(first.answers), comparable(second.answers)
    assert seen.keys() == right.keys()
    for address, answer in seen.items():
        assert answer == right[address], address


def test_what_commands_say_of_an_account_is_its_own(
    app: Flask, account: Account, others: Account, tmp_path: Path, clock: Traveller
) -> None:
    fill(account, SEVERAL)
    start, kept = datetime.now(UTC), rows()
    alone = told(app, account, tmp_path / "alone")
    put_back(kept)
    clock.move_to(start)
    fill(others, MANY)
    assert told(app, account, tmp_path / "crowded") == alone


def told(app: Flask, account: Account, folder: Path) -> list[str]:
    """Its line in the operator's list, and the files that it takes along."""
    listed = commands.run(app, "list-accounts").output.splitlines()
    cancelled = commands.run(app, "cancel", account.location_id, "--yes", "--export", str(folder))
    assert cancelled.exit_code == 0, cancelled.output
    own = [line for line in listed if line.startswith(f"{account.location_id} ")]
    return own + [file.read_text() for file in sorted(folder.iterdir())]
