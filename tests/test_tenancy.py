"""Every address, as owner, stranger and signed out: another account's row is like no row at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from app.extensions import db
from app.models import (
    Account,
    Certificate,
    Course,
    CrmEffect,
    EffectKind,
    EnrollLink,
    Enrollment,
    Launch,
    Learner,
    SyncRun,
    across_accounts,
    acting_for,
    new_id,
    now,
)
from app.models.base import AccountOwned, Base, UnscopedAccess
from app.tenancy import open_to_all
from tests.factories import make_account, make_course, make_enrollment, sign_in
from tests.fixtures.sandbox import Sandbox

# Addresses that need no session. A new one has to be added here by somebody who has thought.
OPEN = {
    "accounts_public.begin",
    "accounts_public.callback",
    "accounts_public.embed",
    "accounts_public.embed_session",
    "accounts_public.home",
    "accounts_public.logo",
    "certificates_public.verify",
    "courses_public.accept",
    "documentation.index",
    "enrollments_public.come",
    "enrollments_public.enroll",
    "enrollments_public.launch",
    "enrollments_public.leave",
    "enrollments_public.submit",
    "health.alive",
    "health.metrics",
    "health.ready",
    "static",
    # called by the CRM's workflows, with a secret of their own
    "workflows_public.courses",
    "workflows_public.enroll",
    "workflows_public.fields",
    "workflows_public.filters",
    "workflows_public.subscription",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Parts of addresses that are words and not rows' ids.
WORDS = {"name": "tags", "kind": "csv", "table": "crm-effect", "filename": "tokens.css"}
CANARY = "Canary of the other account"


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def guarded(app: Flask) -> Iterator[Rule]:
    with app.test_request_context():
        for rule in rules(app):
            if not open_to_all(rule.endpoint):
                yield rule


@pytest.fixture
def others_account(app: Flask) -> Account:
    return make_account("another-location", name=CANARY, company_id="another-company")


@pytest.fixture
def other(others_account: Account) -> dict[str, str]:
    """What the other account has; the ids by the names that addresses give them."""
    return belongings(others_account, CANARY)


def belongings(account: Account, title: str) -> dict[str, str]:
    """Gives the account a row of every kind."""
    course = make_course(account, title=title)
    enrollment = make_enrollment(course)
    with acting_for(account.id):
        rows: dict[str, Any] = {
            "launch_id": Launch(account_id=account.id, enrollment_id=enrollment.id),
            "run_id": SyncRun(account_id=account.id, course_id=course.id),
            "certificate_id": Certificate(
                account_id=account.id,
                enrollment_id=enrollment.id,
                learner_name=CANARY,
                course_title=CANARY,
                completed_at=now(),
                result=enrollment.result,
            ),
            "effect_id": CrmEffect(
                account_id=account.id,
                kind=EffectKind.TAGS,
                subject=enrollment.learner_id,
                learner_id=enrollment.learner_id,
            ),
        }
        db.session.add_all(rows.values())
        db.session.commit()
        ids = {name: row.id for name, row in rows.items()}
    return ids | {
        "course_id": course.id,
        "enrollment_id": enrollment.id,
        "learner_id": enrollment.learner_id,
        "row_id": ids["effect_id"],
    }


@pytest.fixture
def owner(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_account(name="The owner"))
    return client


def address(rule: Rule, ids: dict[str, str]) -> str:
    """The rule's address with these ids in it. KeyError for a part that nobody has classified."""
    with_ids = {part: WORDS.get(part) or ids[part] for part in rule.arguments}
    built = rule.build(with_ids)
    assert built
    return built[1]


def comparable(answer: Any, used: str) -> tuple[int, str]:
    """Status and body, without what differs at every request."""
    body = re.sub(r'nonce="[^"]*"|nonce-[\w-]+', "", answer.get_data(as_text=True))
    return answer.status_code, body.replace(used, "ID")


def snapshot() -> dict[str, list[Any]]:
    """All rows of the other account."""
    with across_accounts():
        account = db.session.scalars(select(Account).where(Account.name == CANARY)).one()
        tables = [m.class_ for m in Base.registry.mappers if issubclass(m.class_, AccountOwned)]
        return {
            model.__tablename__: db.session.execute(
                select(model.__table__).where(model.__table__.c.account_id == account.id)
            ).all()
            for model in tables
        }


def test_every_open_address_is_known(app: Flask) -> None:
    with app.test_request_context():
        found = {rule.endpoint for rule in rules(app) if open_to_all(rule.endpoint)}
    assert found - OPEN == set()


def test_a_foreign_id_answers_like_none(
    owner: FlaskClient, app: Flask, other: dict[str, str]
) -> None:
    before, walked = snapshot(), 0
    for rule in guarded(app):
        if not rule.arguments - set(WORDS):
            continue
        missing = dict.fromkeys(other, new_id())
        for method in METHODS:
            foreign, none = address(rule, other), address(rule, missing)
            one = owner.open(foreign, method=method)
            two = owner.open(none, method=method)
            for part in rule.arguments - set(WORDS):
                foreign_id, missing_id = other[part], missing[part]
            assert comparable(one, foreign_id) == comparable(two, missing_id), f"{method} {rule}"
            assert one.status_code in (404, 405, 422), f"{method} {rule}"
            assert CANARY not in one.get_data(as_text=True), f"{method} {rule}"
            walked += 1
    assert walked
    assert snapshot() == before


def test_the_ids_of_ones_own_rows_are_answered(
    client: FlaskClient, app: Flask, sandbox: Sandbox, others_account: Account
) -> None:
    """Without this, a 404 for everybody would pass for tenancy."""
    sign_in(client, others_account)
    for number, rule in enumerate(guarded(app)):
        if not rule.arguments - set(WORDS):
            continue
        mine = belongings(others_account, f"{CANARY} {number}")
        for method in set(METHODS) & (rule.methods or set()):
            answer = client.open(address(rule, mine), method=method)
            assert answer.status_code not in (401, 403, 404, 405), f"{method} {rule}"


def test_a_foreign_id_in_a_form_answers_like_none(
    owner: FlaskClient, other: dict[str, str]
) -> None:
    before = snapshot()
    one, two = (
        owner.post("/activity/check", data={"learner": row_id})
        for row_id in (other["learner_id"], new_id())
    )
    assert comparable(one, "") == comparable(two, "")
    assert one.status_code == 404
    assert snapshot() == before


def test_lists_show_nothing_of_others(
    owner: FlaskClient, app: Flask, other: dict[str, str]
) -> None:
    for rule in guarded(app):
        if rule.arguments or "GET" not in (rule.methods or set()):
            continue
        answer = owner.get(rule.rule)
        assert answer.status_code < 500, rule.rule
        assert CANARY not in answer.get_data(as_text=True), rule.rule


def test_without_a_session_nothing_is_told(
    client: FlaskClient, app: Flask, other: dict[str, str]
) -> None:
    before = snapshot()
    for rule in guarded(app):
        for method in METHODS:
            answer = client.open(address(rule, other), method=method)
            assert answer.status_code in (401, 405), f"{method} {rule}"
            assert CANARY not in answer.get_data(as_text=True), f"{method} {rule}"
    assert snapshot() == before


def test_writing_by_cookie_alone_is_refused(owner: FlaskClient, app: Flask) -> None:
    owner.environ_base.pop("HTTP_X_CSRFTOKEN")
    for rule in guarded(app):
        for method in {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()):
            ids = {part: new_id() for part in rule.arguments}
            answer = owner.open(address(rule, ids), method=method)
            assert answer.status_code == 403, f"{method} {rule}"


def test_reading_for_no_account_is_a_mistake(app: Flask) -> None:
    for model in (Course, Learner, Enrollment, EnrollLink, Certificate, CrmEffect):
        with pytest.raises(UnscopedAccess):
            db.session.scalar(select(func.count(model.id)))


def test_a_row_is_not_written_for_another_account(app: Flask) -> None:
    mine, theirs = make_account(), make_account("another-location")
    db.session.commit()
    with acting_for(mine.id):
        db.session.add(Learner(account_id=theirs.id))
        with pytest.raises(UnscopedAccess):
            db.session.flush()
        db.session.rollback()
