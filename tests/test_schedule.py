"""The clock: every kind of owed work is rung for, and nothing stops it."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from app import schedule
from app.clients.http import OutsideError
from app.extensions import db
from app.models import OwesWork, across_accounts, now
from app.models.base import Base
from tests.factories import make_account, make_course, make_enrollment


def test_every_table_that_can_owe_work_is_swept() -> None:
    can_owe = {mapper.class_ for mapper in Base.registry.mappers} & set(all_owing())
    assert {model for model, _ in schedule.OWED} == can_owe


def all_owing() -> list[type]:
    return [m.class_ for m in Base.registry.mappers if issubclass(m.class_, OwesWork)]


def test_what_is_due_is_rung_for_in_every_account(app: Flask) -> None:
    for location in ("one", "two"):
        enrollment = make_enrollment(make_course(make_account(location)), registered=False)
        enrollment.owe()
        with across_accounts():
            db.session.flush()
    db.session.commit()
    assert schedule.sweep() == 2


def test_what_is_not_due_leased_parked_or_settled_is_left_alone(app: Flask) -> None:
    course = make_course(make_account())
    early, held, parked, settled = (make_enrollment(course) for _ in range(4))
    for row in (early, held, parked):
        row.owe()
    early.postpone(timedelta(minutes=1))
    held.leased_until = now() + timedelta(minutes=1)
    parked.park("No.")
    settled.settle()
    with across_accounts():
        db.session.commit()
    assert schedule.sweep() == 0
    with time_machine.travel(now() + timedelta(minutes=2), tick=True):
        assert schedule.sweep() == 2


@pytest.mark.parametrize(
    "trouble",
    [OutsideError("Storage", "GET", "/", "could not be reached"), RuntimeError("anything")],
)
def test_the_clock_goes_on_whatever_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    done: list[str] = []

    def fails() -> None:
        raise trouble

    monkeypatch.setattr(
        schedule,
        "REGULAR",
        [(timedelta(hours=1), fails), (timedelta(hours=1), lambda: done.append("next"))],
    )
    logging.disable(logging.CRITICAL)
    schedule.Clock().round()
    logging.disable(logging.NOTSET)
    assert done == ["next"]


def test_what_is_regular_happens_at_the_start_and_then_in_its_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(
        schedule, "REGULAR", [(timedelta(minutes=3), lambda: done.append("looked"))]
    )
    clock = schedule.Clock()
    clock.round()
    clock.round()
    assert len(done) == 1
    with time_machine.travel(now() + timedelta(minutes=3, seconds=1), tick=True):
        clock.round()
    assert len(done) == 2
