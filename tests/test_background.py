"""The doorbell: rung after the commit only, answered by one worker only, and never needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import update

from app import background, schedule
from app.clients.http import OutsideError
from app.errors import BadInput, Hold
from app.extensions import db
from app.models import OwesWork, WebhookEvent, now
from app.models.base import Base
from app.models.owed_work import FIRST_GAP
from tests.fixtures.hub import hear_nudges

Work = Callable[..., None]
done: list[str] = []
trouble: list[Exception] = []


@background.owed
def try_it(event: WebhookEvent) -> None:
    """Does the work of an event, or fails in the way that the test has laid out."""
    if trouble:
        event.outcome = "a change that must not stay"
        db.session.flush()
        raise trouble.pop(0)
    done.append(event.id)


def look(event: WebhookEvent) -> None:
    """A verb that nobody owes."""
    if trouble:
        raise trouble.pop(0)
    done.append(event.id)


def wake() -> None:
    done.append("woken")


@pytest.fixture(autouse=True)
def verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs name verbs of the app only; here they find the ones of this test."""
    found = {f"{__name__}.{verb.__name__}": verb for verb in (try_it, look, wake, come_back)}
    monkeypatch.setattr(background, "_verb", found.__getitem__)
    done.clear()
    trouble.clear()


@background.owed
def come_back(event: WebhookEvent) -> None:
    """Takes three steps."""
    done.append(event.id)
    if len(done) < 3:
        event.postpone(timedelta(seconds=5))


@pytest.fixture
def queue(app: Flask, redis_url: str) -> Queue:
    return Queue(background.QUEUE, connection=Redis.from_url(redis_url), serializer=JSONSerializer)


@pytest.fixture
def event(app: Flask) -> WebhookEvent:
    event = WebhookEvent(source="crm", key="key", kind="Nothing", body="{}")
    event.owe()
    db.session.add(event)
    db.session.commit()
    return event


def test_the_bell_rings_after_the_commit_and_not_before(event: WebhookEvent, queue: Queue) -> None:
    background.later(try_it, event)
    background.later(try_it, event)
    db.session.flush()
    assert queue.count == 0
    db.session.commit()
    assert queue.count == 1


def test_a_bell_that_waits_never_rings_before_its_time(event: WebhookEvent, queue: Queue) -> None:
    """It would find nothing due, and the row would wait for the clock. RQ counts whole seconds."""
    wait = timedelta(seconds=1.9)
    background.later(try_it, event, wait)
    due = now() + wait
    db.session.commit()
    [job_id] = queue.scheduled_job_registry.get_job_ids()
    assert queue.scheduled_job_registry.get_scheduled_time(job_id) >= due


def test_a_rollback_forgets_the_bell(event: WebhookEvent, queue: Queue) -> None:
    background.later(try_it, event)
    db.session.rollback()
    db.session.commit()
    assert queue.count == 0


def test_a_savepoint_rings_nothing_by_itself(event: WebhookEvent, queue: Queue) -> None:
    background.later(try_it, event)
    with db.session.begin_nested():
        event.outcome = "seen"
    assert queue.count == 0
    db.session.commit()
    assert queue.count == 1


def test_a_savepoint_that_is_undone_keeps_the_bells_from_before(
    event: WebhookEvent, queue: Queue
) -> None:
    background.later(try_it, event)
    inner = db.session.begin_nested()
    inner.rollback()
    db.session.commit()
    assert queue.count == 1


def test_what_a_savepoint_held_goes_with_the_transaction(event: WebhookEvent) -> None:
    """The driver of SQLite would keep it: it takes the savepoint for the transaction."""
    with db.session.begin_nested():
        db.session.add(WebhookEvent(source="crm", key="inner", kind="Nothing", body="{}"))
    db.session.rollback()
    assert db.session.query(WebhookEvent).filter_by(key="inner").count() == 0


def test_the_work_is_done_and_no_longer_owed(event: WebhookEvent, work: Work) -> None:
    background.later(try_it, event)
    work()
    assert done == [event.id]
    assert (event.due_at, event.leased_until, event.attempts) == (None, None, 0)


def test_a_second_bell_finds_nothing_to_do(event: WebhookEvent, queue: Queue, work: Work) -> None:
    for _ in range(2):
        background.ring(background.Bell(f"{__name__}.try_it", "WebhookEvent", event.id))
    assert queue.count == 2
    work()
    assert done == [event.id]


def test_a_lost_bell_is_rung_by_the_clock(
    event: WebhookEvent, work: Work, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "OWED", [(WebhookEvent, try_it)])
    background.later(try_it, event)
    db.session.commit()
    Redis.from_url(redis_url).flushall()
    work()
    assert not done
    assert schedule.sweep() == 1
    work()
    assert done == [event.id]


def test_a_sweep_does_not_ring_twice_for_a_row_that_waits(
    event: WebhookEvent, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "OWED", [(WebhookEvent, try_it)])
    with time_machine.travel((now() + timedelta(hours=1)).replace(minute=30), tick=False):
        schedule.sweep()
        schedule.sweep()
    assert queue.count == 1


def test_a_job_that_died_does_not_keep_the_clock_from_ringing_again(
    event: WebhookEvent, app: Flask, queue: Queue, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "OWED", [(WebhookEvent, try_it)])
    [bell] = schedule.due_bells()
    job_id = background.once_per_lease(bell, app)
    queue.connection.hset(f"rq:job:{job_id}", "status", "started")  # and never finished
    assert schedule.sweep() == 1
    assert queue.count == 0
    work(ahead=timedelta(seconds=121))
    assert done == [event.id]


def test_with_redis_away_the_work_is_still_owed(
    event: WebhookEvent, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Redis(host="127.0.0.1", port=1)
    monkeypatch.setitem(app.extensions, "redis", gone)
    background.later(try_it, event)
    db.session.commit()
    assert schedule.sweep() == 0
    assert event.owes_work


@pytest.mark.parametrize("round", range(3))
def test_one_of_many_workers_takes_the_row(event: WebhookEvent, app: Flask, round: int) -> None:
    event_id, won = event.id, list[bool]()
    start = threading.Barrier(8)

    def claim() -> None:
        with app.app_context():
            row = db.session.get_one(WebhookEvent, event_id)
            start.wait()
            mine = row.claim(timedelta(seconds=120))
            db.session.commit()
            won.append(mine)

    db.session.commit()
    in_parallel(8, claim)
    assert sorted(won) == [False] * 7 + [True]


def in_parallel(count: int, verb: Callable[[], None]) -> None:
    threads = [threading.Thread(target=verb) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_many_bells_at_once_do_the_work_once(event: WebhookEvent, app: Flask) -> None:
    event_id = event.id

    def answer() -> None:
        with app.app_context():
            background.run(f"{__name__}.try_it", "WebhookEvent", event_id)

    db.session.commit()
    in_parallel(6, answer)
    assert done == [event_id]


def test_a_lease_keeps_others_away_until_it_ends(event: WebhookEvent, work: Work) -> None:
    assert event.claim(timedelta(seconds=120))
    db.session.commit()
    background.later(try_it, event)
    work()
    assert not done
    assert not db.session.scalars(WebhookEvent.due(10)).all()
    with time_machine.travel(now() + timedelta(seconds=121), tick=True):
        background.later(try_it, event)
        work()
    assert done == [event.id]


def test_new_work_that_comes_in_meanwhile_is_done_too(
    event: WebhookEvent, app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when something changes while its older state is being written."""

    @background.owed
    def busy(row: WebhookEvent) -> None:
        done.append(row.id)
        if len(done) == 1:
            owe_in_another_transaction(row.id)

    busy.__qualname__ = "busy"
    monkeypatch.setattr(background, "_verb", lambda name: busy)
    background.later(busy, event)
    work()
    assert len(done) == 2
    assert not event.owes_work


def owe_in_another_transaction(row_id: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            update(WebhookEvent).where(WebhookEvent.id == row_id).values(due_at=now())
        )


def test_new_work_during_trouble_is_tried_at_once(
    event: WebhookEvent, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    @background.owed
    def busy(row: WebhookEvent) -> None:
        done.append(row.id)
        if len(done) == 1:
            owe_in_another_transaction(row.id)
            raise BadInput("It cannot be done.")

    busy.__qualname__ = "busy"
    monkeypatch.setattr(background, "_verb", lambda name: busy)
    background.later(busy, event)
    work()
    assert len(done) == 2
    assert (event.owes_work, event.parked_at) == (False, None)


def test_a_verb_that_takes_steps_is_called_until_it_is_through(
    event: WebhookEvent, work: Work
) -> None:
    background.later(come_back, event)
    work()
    assert len(done) == 1
    assert event.owes_work
    for _ in range(2):
        with time_machine.travel(event.due_at, tick=True):
            background.later(come_back, event)
            work()
    assert len(done) == 3
    assert not event.owes_work


def outside(status: int | None, retry_after: float | None = None) -> OutsideError:
    return OutsideError(
        "CRM", "POST", "/contacts/c/notes", "No.", status=status, retry_after=retry_after
    )


def fail_with(error: Exception, event: WebhookEvent, work: Work) -> timedelta | None:
    trouble.append(error)
    background.later(try_it, event)
    with time_machine.travel(before := now(), tick=False):  # a busy machine takes its time
        work()
    assert not trouble
    assert not done
    assert event.outcome is None, "a failed try leaves nothing behind"
    assert event.leased_until is None
    return event.due_at - before if event.due_at else None


def test_a_hold_waits_without_counting(event: WebhookEvent, work: Work) -> None:
    wait = fail_with(Hold("Not installed.", timedelta(minutes=7)), event, work)
    assert wait is not None
    assert timedelta(minutes=7) <= wait < timedelta(minutes=8)
    assert (event.attempts, event.last_error) == (0, "Not installed.")


def test_trouble_that_can_pass_is_tried_again_with_growing_gaps(
    event: WebhookEvent, work: Work
) -> None:
    gaps = []
    for _ in range(4):
        gap = fail_with(outside(503), event, work)
        assert gap is not None
        gaps.append(round(gap.total_seconds()))
        event.due_at = now()
        db.session.commit()
    assert gaps == [5, 10, 20, 40]
    assert event.attempts == 4


def test_a_longer_wait_that_the_other_side_asks_for_is_kept(
    event: WebhookEvent, work: Work
) -> None:
    wait = fail_with(outside(429, retry_after=90), event, work)
    assert wait is not None
    assert wait >= timedelta(seconds=90)


def test_after_72_hours_it_is_given_up_and_shown(event: WebhookEvent, work: Work) -> None:
    event.owed_since = now() - timedelta(hours=73)
    assert fail_with(outside(503), event, work) is None
    assert event.parked_at
    assert "72 hours" in (event.last_error or "")


@pytest.mark.parametrize("error", [outside(404), BadInput("It cannot be done.")])
def test_trouble_that_cannot_pass_is_parked_with_its_reason(
    event: WebhookEvent, work: Work, error: Exception
) -> None:
    assert fail_with(error, event, work) is None
    assert event.parked_at
    assert event.last_error in (
        "The CRM was asked to write the note, but what this is about is not there any more. "
        "Look for it in the CRM, then retry or dismiss this.",
        "It cannot be done.",
    )


def test_the_unexpected_is_tried_again_and_tells_nothing_of_itself(
    event: WebhookEvent, work: Work
) -> None:
    assert fail_with(RuntimeError("secret token"), event, work)
    assert event.last_error == "An unexpected problem on our side."


def test_outside_trouble_of_work_that_nobody_owes_is_only_noted(
    event: WebhookEvent, work: Work
) -> None:
    trouble.append(outside(503))
    background.later(look, event)
    work()  # which fails the test if the job failed
    assert event.owes_work


def test_a_job_can_only_name_our_own_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(ValueError, match="not a verb"):
        background._verb("os.system")


def test_many_nudges_leave_one_bell(app: Flask, queue: Queue, work: Work) -> None:
    for _ in range(5):
        background.nudge(wake)
        db.session.commit()
    hear_nudges()
    assert queue.count == 1
    work()
    assert done == ["woken"]


def test_what_is_owed_anew_starts_with_the_shortest_gap(event: WebhookEvent, work: Work) -> None:
    """Retry forgets how often it went wrong before."""
    event.attempts = 9
    event.park("The contact is gone.")
    event.owe()
    assert (event.attempts, event.last_error, event.parked_at) == (0, None, None)
    event.fail("Busy.")
    assert event.due_in <= FIRST_GAP


def takes_it_and_dies(event: WebhookEvent, ahead: timedelta) -> None:
    """As a worker that is killed in the middle: the row is claimed, and nobody ever ends that."""
    with time_machine.travel(now() + ahead, tick=True):
        assert event.claim(timedelta(seconds=120))
        db.session.commit()


def test_a_row_whose_workers_die_three_times_is_parked(
    event: WebhookEvent, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "OWED", [(WebhookEvent, try_it)])
    for number in range(3):
        takes_it_and_dies(event, timedelta(minutes=3 * number))
    work(ahead=timedelta(minutes=9))
    db.session.expire_all()
    assert done == []
    assert event.parked_at is not None
    assert "Three times in a row" in (event.last_error or "")
    event.owe()  # Retry
    db.session.commit()
    work(ahead=timedelta(minutes=10))
    db.session.expire_all()
    assert done == [event.id]
    assert (event.due_at, event.lost_claims) == (None, 0)


def test_two_deaths_are_forgiven(
    event: WebhookEvent, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "OWED", [(WebhookEvent, try_it)])
    for number in range(2):
        takes_it_and_dies(event, timedelta(minutes=3 * number))
    trouble.append(OutsideError("CRM", "GET", "/", "away"))
    work(ahead=timedelta(minutes=6))
    db.session.expire_all()
    assert event.parked_at is None
    assert event.lost_claims == 0
    work(ahead=timedelta(minutes=9))
    assert done == [event.id]


@pytest.mark.parametrize("model", [model for model, _ in schedule.OWED], ids=lambda m: m.__name__)
def test_every_table_that_owes_work_counts_the_workers_it_lost(model: type[OwesWork]) -> None:
    assert model.__table__.c.lost_claims.default.arg == 0  # type: ignore[attr-defined]


def test_every_table_that_owes_work_is_swept() -> None:
    swept = {model for model, _ in schedule.OWED}
    owing = {one.class_ for one in Base.registry.mappers if issubclass(one.class_, OwesWork)}
    assert owing == swept
