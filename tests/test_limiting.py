"""Tenancy's gate: no shape of a statement yields a row or a number of another account.

What is right is found out without the gate: by the same statement where the other account has
nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Engine,
    Executable,
    Select,
    create_engine,
    delete,
    except_,
    exists,
    func,
    insert,
    intersect,
    literal,
    literal_column,
    outerjoin,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.exc import SAWarning, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session, aliased, selectinload
from sqlalchemy.pool import StaticPool

from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Course,
    EnrollLink,
    Enrollment,
    Grant,
    Learner,
    Source,
    WebhookEvent,
    across_accounts,
    acting_for,
    now,
)
from app.models.base import AccountOwned, Base, UnscopedAccess, acting_account, tables
from app.models.limiting import limit_statements
from tests.factories import make_account, make_course, make_enrollment, make_learner

MINE, OTHERS = "mine", "others"
Shape = Callable[[], Any]

E = Enrollment
ET: Any = Enrollment.__table__
SUB = "(SELECT count(*) FROM enrollments)"


def entity_only_in_an_aggregate() -> Select[Any]:
    return select(func.count(E.id).filter(E.id != ""))


LIMITED: dict[str, Shape] = {
    "entity": lambda: select(E.id),
    "count": lambda: select(func.count(E.id)),
    "count from entity": lambda: select(func.count()).select_from(E),
    "count by condition": lambda: select(func.count()).where(E.id != ""),
    "count of subquery": lambda: select(func.count()).select_from(select(E).subquery()),
    "count of cte": lambda: select(func.count()).select_from(select(E).cte()),
    "count in an aggregate's filter": entity_only_in_an_aggregate,
    "union": lambda: union_all(select(E.id), select(Course.id)),
    "union with a table": lambda: union_all(select(Course.id), select(ET.c.id)),
    "intersection": lambda: intersect(select(E.course_id), select(Course.id)),
    "difference": lambda: except_(select(Course.id), select(Account.id)),
    "count of union": lambda: select(func.count()).select_from(
        union_all(select(E.id), select(Course.id)).subquery()
    ),
    "scalar subquery": lambda: select(
        literal(1), select(func.count()).select_from(E).scalar_subquery()
    ),
    "exists": lambda: select(exists().where(E.source == Source.LINK)),
    "exists in a condition": lambda: select(Course.id).where(
        exists().where(E.source == Source.LINK)
    ),
    "in": lambda: select(Account.id).where(
        literal(Source.LINK.value).in_(select(E.source.cast(db.String)))
    ),
    "join": lambda: select(Account.id, E.id).join(E, true()),
    "outer join": lambda: select(Account.id, E.id).outerjoin(E, E.account_id == Account.id),
    "outer join of tables": lambda: select(Account.id, ET.c.id).select_from(
        outerjoin(Account.__table__, ET, true())
    ),
    "join within a join": lambda: select(Account.id, E.id).select_from(
        outerjoin(Account, outerjoin(E, Course, Course.id == E.course_id), true())
    ),
    "alias": lambda: select(aliased(E).id),
    "alias of a subquery": lambda: select(aliased(E, select(E).subquery()).id),
    "table": lambda: select(ET.c.id),
    "alias of a table": lambda: select(ET.alias().c.id),
    "statement for an entity": lambda: select(E.id).from_statement(select(ET.c.id)),
    "recursive cte": lambda: select(select(E.id).cte("r", recursive=True).c.id),
    "window": lambda: select(E.id, func.count().over()),
    "events, which may belong to nobody": lambda: select(func.count()).select_from(WebhookEvent),
    "locked": lambda: select(E.id).with_for_update(),
}
REFUSED: dict[str, Shape] = {
    "text": lambda: text("SELECT id FROM enrollments"),
    "text with columns": lambda: text("SELECT id FROM enrollments").columns(E.id),
    "text for an entity": lambda: select(E).from_statement(text("SELECT * FROM enrollments")),
    "text as a column": lambda: select(text(SUB)),
    "text as a literal column": lambda: select(literal_column(SUB)),
    "text as a condition": lambda: select(Account.id).where(text(f"{SUB} > 2")),
    "text as a prefix": lambda: select(Account.id).prefix_with(f"{SUB},"),
    "text in quotes": lambda: text('SELECT id FROM "ENROLLMENTS"'),
    "a name only": lambda: select(func.count()).select_from(table("enrollments")),
    "full join": lambda: select(Account.id).join(E, true(), full=True),
    "full join of ours": lambda: select(E.id).join(Account, true(), full=True),
}
CHANGES: dict[str, Shape] = {
    "update": lambda: update(E).values(attempts=7),
    "update of the table": lambda: update(ET).values(attempts=7),
    "update by another table": lambda: (
        update(Course).where(Course.id.in_(select(E.course_id))).values(attempts=7)
    ),
    "delete": lambda: delete(EnrollLink),
    "delete from the table": lambda: delete(EnrollLink.__table__),  # type: ignore[arg-type]
    "delete of events": lambda: delete(WebhookEvent),
}
REFUSED_CHANGES: dict[str, Shape] = {
    "update from another table": lambda: (
        update(Course).where(E.course_id == Course.id).values(attempts=7)
    ),
    "rows change hands": lambda: update(AuditEntry).values(account_id=OTHERS),
    "tables' rows change hands": lambda: update(AuditEntry.__table__).values(account_id=OTHERS),  # type: ignore[arg-type]
    "insert from a query": lambda: insert(AuditEntry).from_select(
        ["id", "account_id", "actor", "action"], select(Account.id, Account.id, E.id, E.id)
    ),
    "insert of values": lambda: insert(AuditEntry).values(account_id=OTHERS, actor="x", action="x"),
    "text": lambda: text("UPDATE enrollments SET attempts = 7"),
}


def fill(account_id: str, rows: int) -> None:
    account = db.session.get(Account, account_id) or make_account(account_id, id=account_id)
    source = Source.LINK if account_id == OTHERS else Source.DASHBOARD
    with acting_for(account_id):
        for number in range(rows):
            key = f"{account_id} {number}"
            course = make_course(account, id=key, slug=key)
            make_enrollment(course, make_learner(account, id=key), id=key, source=source)
            told = {"source": "crm", "key": key, "kind": "", "body": ""}
            db.session.add(WebhookEvent(account_id=account_id, **told))
            db.session.add(AuditEntry(account_id=account_id, actor="Olivia", action="looked"))
        db.session.commit()


def answers(session: Any, statement: Executable) -> list[str]:
    return sorted(map(repr, session.execute(statement).all()))


@pytest.fixture(autouse=True)
def _no_word_about_products() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of a cartesian product: what we try
        yield


@pytest.mark.parametrize("shape", LIMITED.values(), ids=LIMITED)
def test_a_statement_sees_rows_of_the_account_only(app: Flask, shape: Shape) -> None:
    fill(OTHERS, 0)
    fill(MINE, 2)
    with across_accounts():
        right = answers(db.session, shape())
    fill(OTHERS, 5)
    with acting_for(MINE):
        assert answers(db.session, shape()) == right
    with across_accounts():
        assert answers(db.session, shape()) != right  # the shape tells the two apart


@pytest.mark.parametrize("shape", REFUSED.values(), ids=REFUSED)
def test_a_statement_that_cannot_be_limited_is_refused(app: Flask, shape: Shape) -> None:
    fill(MINE, 2)
    with acting_for(MINE), pytest.raises(UnscopedAccess):
        db.session.execute(shape())


STRICT = [
    name for name in [*LIMITED, *REFUSED] if name not in ("events, which may belong to nobody",)
]


@pytest.mark.parametrize("name", STRICT)
def test_for_nobody_no_statement_is_answered(app: Flask, name: str) -> None:
    shape = {**LIMITED, **REFUSED}[name]
    with across_accounts():  # what was worked out for all serves nobody else
        try:
            db.session.execute(shape())
        except SQLAlchemyError:  # a shape that this database does not know
            db.session.rollback()
    with pytest.raises(UnscopedAccess):
        db.session.execute(shape())


def others_rows() -> list[Any]:
    db.session.expire_all()
    with across_accounts():
        return [
            db.session.execute(
                select(model.__table__).where(model.__table__.c.account_id == OTHERS)
            ).all()
            for model in (*owned_models(), WebhookEvent)
        ]


def owned_models() -> list[Any]:
    return [one.class_ for one in Base.registry.mappers if issubclass(one.class_, AccountOwned)]


@pytest.mark.parametrize("shape", CHANGES.values(), ids=CHANGES)
def test_a_change_reaches_rows_of_the_account_only(app: Flask, shape: Shape) -> None:
    fill(MINE, 2)
    fill(OTHERS, 5)
    before = others_rows()
    with acting_for(MINE):
        assert db.session.execute(shape()).rowcount == 2
    assert others_rows() == before


@pytest.mark.parametrize("shape", REFUSED_CHANGES.values(), ids=REFUSED_CHANGES)
def test_a_change_that_cannot_be_limited_is_refused(app: Flask, shape: Shape) -> None:
    fill(MINE, 2)
    with acting_for(MINE), pytest.raises(UnscopedAccess):
        db.session.execute(shape())


@pytest.mark.parametrize("name", [*CHANGES, *REFUSED_CHANGES])
def test_for_nobody_nothing_is_changed(app: Flask, name: str) -> None:
    if name == "delete of events":
        return  # events may belong to nobody
    with pytest.raises(UnscopedAccess):
        db.session.execute({**CHANGES, **REFUSED_CHANGES}[name]())


def test_rows_are_added_in_bulk_for_ones_own_account_only(app: Flask) -> None:
    fill(MINE, 0)
    fill(OTHERS, 0)
    rows = [{"account_id": owner, "actor": "x", "action": "x"} for owner in (MINE, MINE, OTHERS)]
    with acting_for(MINE):
        db.session.execute(insert(AuditEntry), rows[:2])
        with pytest.raises(UnscopedAccess):
            db.session.execute(insert(AuditEntry), rows)


def test_rows_are_added_in_bulk_only_where_it_can_be_seen_whose_they_are(app: Flask) -> None:
    fill(MINE, 0)
    fill(OTHERS, 0)
    mine, theirs = ({"account_id": one, "actor": "x", "action": "x"} for one in (MINE, OTHERS))
    several: Any = insert(AuditEntry).values([mine, theirs])
    for statement, rows in ((several, mine), (insert(AuditEntry).values(**theirs), mine)):
        with acting_for(MINE), pytest.raises(UnscopedAccess):
            db.session.execute(statement, rows)
    with acting_for(MINE):
        db.session.execute(insert(AuditEntry), mine)
        with pytest.raises(UnscopedAccess):
            db.session.execute(insert(AuditEntry), theirs)


def test_what_works_for_all_accounts_may_have_any_shape(app: Flask) -> None:
    fill(MINE, 2)
    fill(OTHERS, 5)
    joined = update(Course).where(E.course_id == Course.id).values(attempts=7)
    with across_accounts():
        assert db.session.execute(joined).rowcount == 7
        assert db.session.scalar(text("SELECT count(*) FROM enrollments")) == 7
        assert db.session.scalar(select(literal_column(SUB))) == 7
        db.session.execute(update(AuditEntry).values(account_id=OTHERS))
        assert db.session.scalar(select(func.count(AuditEntry.id.distinct()))) == 7


def test_tables_of_no_account_are_as_free_as_ever(app: Flask) -> None:
    fill(MINE, 0)
    fill(OTHERS, 0)
    for scope in (nullcontext(), acting_for(MINE)):
        with scope:
            assert db.session.scalar(select(func.count(Account.id))) == 2
            assert db.session.scalar(text("SELECT count(*) FROM accounts")) == 2
            named = update(Account).where(Grant.subject == Account.id).values(name="x")
            assert db.session.execute(named).rowcount == 0
            db.session.execute(delete(Grant))


def test_a_connection_past_the_session_is_limited_as_well(app: Flask) -> None:
    fill(MINE, 2)
    fill(OTHERS, 5)
    question = select(func.count()).select_from(ET)
    for scope in (across_accounts(), acting_for(MINE)):
        with scope:
            db.session.scalar(question)  # worked out for each of them before
    with acting_for(MINE), db.engine.connect() as connection:
        assert connection.scalar(question) == 2
    with db.engine.connect() as connection, pytest.raises(StatementError, match="for no account"):
        connection.scalar(question)


def test_a_row_that_is_known_already_is_not_handed_out(app: Flask) -> None:
    fill(MINE, 1)
    fill(OTHERS, 1)
    with across_accounts():
        known = db.session.get_one(Enrollment, f"{OTHERS} 0")
    with acting_for(MINE):
        assert db.session.get(Enrollment, known.id) is None
        assert db.session.get(Enrollment, f"{MINE} 0")
    with pytest.raises(UnscopedAccess):
        db.session.get(Enrollment, known.id)


def test_related_rows_are_loaded_within_the_account(app: Flask) -> None:
    fill(MINE, 2)
    fill(OTHERS, 5)
    with acting_for(MINE):
        found = db.session.scalars(select(Enrollment).options(selectinload(Enrollment.course)))
        assert {one.course.account_id for one in found} == {MINE}


def test_references_carry_the_account(app: Flask) -> None:
    """What is loaded from a row at hand is of the same account, whoever acts."""
    walked = 0
    for model in owned_models():
        for relation in model.__mapper__.relationships:
            if issubclass(relation.mapper.class_, AccountOwned):
                pairs = {(one.name, other.name) for one, other in relation.local_remote_pairs}
                assert ("account_id", "account_id") in pairs, f"{model.__name__}.{relation.key}"
                walked += 1
    assert walked


# Any shape at all


def database(mine: int, others: int) -> Engine:
    """One of its own, behind the gate, with so many rows of each account."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    limit_statements(engine, tables, acting_account)
    Base.metadata.create_all(engine)
    with across_accounts(), Session(engine) as session:
        for account_id, rows in ((MINE, mine), (OTHERS, others)):
            session.add(Account(id=account_id, location_id=account_id, created_at=now()))
            session.flush()
            for number in range(rows):
                key = f"{account_id} {number}"
                owner = {"id": key, "account_id": account_id}
                session.add(Course(title="", slug=key, filename="", size=1, **owner))
                session.add(Learner(first_name=str(number), **owner))
                session.flush()
                session.add(Enrollment(course_id=key, learner_id=key, **owner))
        session.commit()
    return engine


@pytest.fixture(scope="module")
def databases(session_app: Flask) -> Iterator[tuple[Engine, Engine]]:
    """One in which the other account has much, and one in which it has nothing."""
    with session_app.app_context():
        yield database(2, 5), database(2, 0)


MODELS: list[Any] = [Enrollment, Course, Learner, Account]
DEPTH = 2  # of a statement within another


@st.composite
def sources(draw: st.DrawFn, depth: int) -> Any:
    """Something to select from."""
    model = draw(st.sampled_from(MODELS))
    kind = draw(st.integers(0, 5 if depth else 3))
    if kind == 4:
        return draw(statements(depth - 1)).subquery()
    if kind == 5:
        return draw(statements(depth - 1)).cte()
    return (model, aliased(model), model.__table__, model.__table__.alias())[kind]


def key_of(source: Any) -> Any:
    return source.id if hasattr(source, "id") else source.c.id


@st.composite
def conditions(draw: st.DrawFn, source: Any, depth: int) -> Any:
    kinds = ["none", "other", "exists", "none of", "in", "not in", "count"]
    kind = draw(st.sampled_from(kinds if depth else kinds[:2]))
    if kind == "none":
        return true()
    if kind == "other":  # a FROM that only the condition names
        return key_of(draw(sources(0))) >= key_of(source)
    within = draw(statements(depth - 1))
    counted = select(func.count()).select_from(within.subquery()).scalar_subquery()
    return {
        "exists": exists(within),
        "none of": ~exists(within),
        "in": key_of(source).in_(within),
        "not in": key_of(source).not_in(within),
        "count": counted > 3,
    }[kind]


@st.composite
def columns(draw: st.DrawFn, source: Any) -> Any:
    key = key_of(source)
    answers = [
        key,
        func.max(key),
        func.count(),
        func.count(key),
        func.count(key.distinct()),
        func.count().filter(key != ""),
        func.coalesce(key, "none"),
        func.count().over(),
        literal(1),
        select(func.count(key)).correlate(None).scalar_subquery(),
        literal_column("(SELECT max(id) FROM learners)"),
    ]
    return draw(st.sampled_from(answers)).label("id")


@st.composite
def selects(draw: st.DrawFn, depth: int) -> Any:
    source = draw(sources(depth))
    statement = select(draw(columns(source))).select_from(source)
    if draw(st.booleans()):
        other = draw(sources(0))
        on = draw(st.sampled_from([true(), key_of(source) == key_of(other)]))
        statement = statement.join(other, on, isouter=draw(st.booleans()))
    return statement.where(draw(conditions(source, depth)))


@st.composite
def statements(draw: st.DrawFn, depth: int) -> Any:
    combine = draw(st.sampled_from([None, None, union_all, intersect, except_]))
    if combine is None:
        return draw(selects(depth))
    return combine(draw(selects(depth)), draw(selects(0)))


@st.composite
def changes(draw: st.DrawFn) -> Any:
    condition = draw(conditions(Enrollment, DEPTH))
    if draw(st.booleans()):
        return delete(Enrollment).where(condition).returning(Enrollment.id)
    changed = update(Enrollment).where(condition).values(attempts=7)
    return changed.returning(Enrollment.id)


def outcome(engine: Engine, statement: Any, scope: AbstractContextManager[None]) -> list[str]:
    with scope, Session(engine) as session:
        return answers(session, statement)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(statement=st.one_of(statements(DEPTH), changes()))
def test_no_shape_shows_another_accounts_rows(
    databases: tuple[Engine, Engine], statement: Any
) -> None:
    both, alone = databases
    try:
        right = outcome(alone, statement, across_accounts())
    except SQLAlchemyError:
        assume(False)  # not a statement that SQLite knows
    try:
        seen = outcome(both, statement, acting_for(MINE))
    except (UnscopedAccess, SQLAlchemyError):
        return
    assert seen == right
