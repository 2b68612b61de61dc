"""Catching up: a missed postback heals by Sync All, the reconciler or the nightly compare."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from app import connections
from app.clients.scorm_cloud import CloudLearner
from app.enrollments import catching_up, enrolling, progress, syncing
from app.extensions import db
from app.models import (
    Account,
    Certificate,
    Completion,
    Course,
    Enrollment,
    SyncRun,
    across_accounts,
    acting_for,
    now,
)
from tests.enrollments.conftest import Work, enrollments, play
from tests.factories import make_account, make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox

DONE = {"completion": "COMPLETED", "success": "PASSED", "score": 80, "seconds": 30}


@pytest.fixture
def three(course: Course, account: Account) -> list[Enrollment]:
    """Three learners with registrations at SCORM Cloud."""
    made = [make_enrollment(course, make_learner(account), registered=False) for _ in range(3)]
    with acting_for(account.id):
        for enrollment in made:
            enrolling.register(enrollment)
        db.session.commit()
    return made


def runs() -> list[SyncRun]:
    with across_accounts():
        db.session.rollback()
        return db.session.query(SyncRun).order_by(SyncRun.created_at).all()


def sync_all(client: FlaskClient, course: Course) -> str:
    return client.post(f"/courses/{course.id}/sync", headers={"HX-Request": "true"}).text


def completions() -> list[str]:
    return [row.completion for row in enrollments()]


@pytest.fixture
def owner(client: FlaskClient, account: Account) -> FlaskClient:
    sign_in(client, account)
    return client


def test_sync_all_finds_what_no_postback_told(
    owner: FlaskClient, course: Course, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    play(sandbox, three[0], **DONE)
    assert "Syncing" in sync_all(owner, course)
    work(ahead=timedelta(seconds=1))
    [run] = runs()
    assert (run.updated, run.unchanged, run.failed) == (1, 2, 0)
    assert completions().count(Completion.COMPLETED) == 1
    status = owner.get(f"/courses/{course.id}/sync", headers={"HX-Request": "true"})
    assert "1 updated, 2 unchanged, 0 failed" in status.text
    assert status.headers["HX-Trigger"] == "progress-changed"
    assert all(row.last_synced_at for row in enrollments())
    with across_accounts():
        assert db.session.query(Certificate).count() == 1


def test_sync_all_again_changes_nothing(
    owner: FlaskClient, course: Course, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    play(sandbox, three[0], **DONE)
    for _ in range(2):
        sync_all(owner, course)
        work()
    assert [(run.updated, run.unchanged) for run in runs()] == [(1, 2), (0, 3)]


@pytest.mark.parametrize("look", ["sync_all", "reconciler", "compare"])
def test_looking_at_everybody_costs_one_call_when_nothing_is_new(
    owner: FlaskClient,
    account: Account,
    course: Course,
    three: list[Enrollment],
    sandbox: Sandbox,
    work: Work,
    look: str,
) -> None:
    """One page of a listing holds a hundred; only what changed is read one by one."""
    looks = {
        "sync_all": lambda: sync_all(owner, course),
        "reconciler": syncing.reconcile_all,
        "compare": lambda: syncing.compare(db.session.get_one(Account, account.id)),
    }
    play(sandbox, three[0], **DONE)
    syncing.reconcile_all()
    work()
    before = sandbox.cloud.get("ledger", since=0)["next"]
    looks[look]()
    work()
    entries = sandbox.cloud.get("ledger", since=before)["entries"]
    assert len({entry["call"] for entry in entries}) == 1


def test_a_second_press_watches_the_run_that_is_going_on(
    owner: FlaskClient, course: Course, three: list[Enrollment]
) -> None:
    sync_all(owner, course)
    sync_all(owner, course)
    assert len(runs()) == 1


def test_one_that_scorm_cloud_has_no_more_counts_as_failed(
    owner: FlaskClient, account: Account, course: Course, three: list[Enrollment], work: Work
) -> None:
    connections.scorm_cloud(account).delete_registration(three[0].registration_id)
    sync_all(owner, course)
    work()
    [run] = runs()
    assert (run.updated, run.unchanged, run.failed) == (0, 2, 1)


def test_trouble_with_one_does_not_stop_the_rest(
    owner: FlaskClient, course: Course, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    for enrollment in three:
        play(sandbox, enrollment, **DONE)
    sandbox.cloud.faults(rate_500=1, match=f"GET /.*/registrations/{three[1].registration_id}")
    sync_all(owner, course)
    work()
    [run] = runs()
    assert (run.updated, run.unchanged, run.failed) == (2, 0, 1)
    assert completions().count(Completion.COMPLETED) == 2


def test_with_scorm_cloud_away_it_says_so_and_ends(
    owner: FlaskClient, course: Course, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    sandbox.cloud.faults(down=True)
    sync_all(owner, course)
    work()
    status = owner.get(f"/courses/{course.id}/sync", headers={"HX-Request": "true"}).text
    assert "SCORM Cloud" in status
    assert "tried again by itself" in status
    work(ahead=timedelta(minutes=11))
    [run] = runs()
    assert (run.running, run.failed) == (False, 3)


def test_refused_keys_end_the_run_at_once(
    owner: FlaskClient, account: Account, course: Course, three: list[Enrollment], work: Work
) -> None:
    account.scorm_secret_key = "wrong"
    sync_all(owner, course)
    work()
    [run] = runs()
    assert (run.running, run.failed) == (False, 3)
    assert "Sync All" in owner.get(f"/courses/{course.id}").text


@pytest.mark.parametrize("limit", ["STEP", "MOST_READ"])
def test_many_are_synced_in_steps_and_a_killed_worker_loses_none(
    owner: FlaskClient,
    course: Course,
    three: list[Enrollment],
    sandbox: Sandbox,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
) -> None:
    monkeypatch.setattr(catching_up, limit, 1)
    for enrollment in three:
        play(sandbox, enrollment, **DONE)
    sync_all(owner, course)
    run = runs()[0]
    with acting_for(run.account_id):
        syncing.continue_run(run)  # the first step; then the worker is killed
        db.session.commit()
    assert 1 <= runs()[0].updated < 3
    work(ahead=timedelta(seconds=1))
    [run] = runs()
    assert (run.running, run.updated, run.unchanged, run.failed) == (False, 3, 0, 0)


def test_a_plain_form_is_led_back_to_the_course(owner: FlaskClient, course: Course) -> None:
    for answer in (
        owner.post(f"/courses/{course.id}/sync"),
        owner.get(f"/courses/{course.id}/sync"),
    ):
        assert (answer.status_code, answer.location) == (303, f"/courses/{course.id}")


def test_the_reconciler_finds_a_missed_postback(
    account: Account, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    play(sandbox, three[2], **DONE)
    syncing.reconcile_all()
    work()
    assert completions().count(Completion.COMPLETED) == 1
    first = db.session.get_one(Account, account.id).reconciled_until
    assert first
    assert now() - first < timedelta(minutes=11)
    play(sandbox, three[1], **DONE)
    syncing.reconcile_all()
    work()
    assert completions().count(Completion.COMPLETED) == 2


def test_the_reconciler_goes_on_step_by_step_until_it_is_through(
    account: Account,
    three: list[Enrollment],
    sandbox: Sandbox,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching_up, "MOST_READ", 1)
    for enrollment in three:
        play(sandbox, enrollment, **DONE)
    syncing.reconcile_all()
    work()
    assert completions() == [Completion.COMPLETED] * 3


def test_registrations_that_are_not_ours_are_passed_over(
    account: Account,
    course: Course,
    three: list[Enrollment],
    sandbox: Sandbox,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Made by somebody else in the same application of SCORM Cloud: step by step, none is ours."""
    monkeypatch.setattr(catching_up, "STEP", 1)
    cloud = connections.scorm_cloud(account)
    for number in range(3):
        person = CloudLearner(f"stranger-{number}", "x@example.com", "Somebody", "Else")
        cloud.create_registration(f"foreign-{number}", course.scorm_course_id, person)
    play(sandbox, three[0], **DONE)
    syncing.reconcile_all()
    work()
    assert completions().count(Completion.COMPLETED) == 1


def test_the_compare_looks_at_everything_once_a_day(
    account: Account, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    play(sandbox, three[0], **DONE)
    account.reconciled_until = now() + timedelta(days=1)  # as if the change had been passed over
    syncing.reconcile_all()
    work()
    assert Completion.COMPLETED not in completions()
    syncing.compare_all()
    work()
    assert completions().count(Completion.COMPLETED) == 1
    compared = db.session.get_one(Account, account.id).compared_at
    syncing.compare_all()
    work()
    assert db.session.get_one(Account, account.id).compared_at == compared
    with time_machine.travel(now() + timedelta(hours=25), tick=True):
        syncing.compare_all()
        work()
    assert db.session.get_one(Account, account.id).compared_at != compared


def test_accounts_that_are_asleep_are_left_in_peace(app: object, work: Work) -> None:
    for facts in ({"uninstalled_at": now()}, {"cancelled_at": now()}, {"scorm_connection": "none"}):
        make_account(f"location-{len(facts)}-{next(iter(facts))}", **facts)
    syncing.reconcile_all()
    syncing.compare_all()
    work()
    assert {row.compared_at for row in db.session.query(Account)} == {None}


def test_a_postback_leads_to_a_look_and_to_the_record(
    client: FlaskClient, account: Account, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    play(sandbox, three[0], **DONE)
    pair = base64.b64encode(f"{account.id}:{account.postback_password}".encode()).decode()
    answer = client.post(
        "/api/webhooks/scorm-cloud",
        json={"id": three[0].registration_id},
        headers={"Authorization": f"Basic {pair}"},
    )
    assert answer.status_code == 200
    work()
    assert completions().count(Completion.COMPLETED) == 1
    assert db.session.get_one(Account, account.id).last_postback_at


def test_what_two_workers_heard_at_once_ends_with_the_newest(
    app: object, account: Account, three: list[Enrollment], sandbox: Sandbox
) -> None:
    """One has read an older state and writes it last."""
    cloud = connections.scorm_cloud(account)
    play(sandbox, three[0], completion="INCOMPLETE", score=10, seconds=5)
    older = cloud.registration(three[0].registration_id)
    play(sandbox, three[0], **DONE)
    newer = cloud.registration(three[0].registration_id)
    enrollment_id = three[0].id
    with acting_for(account.id):
        row = db.session.get_one(Enrollment, enrollment_id)
        assert not row.completed  # it was read before the other one wrote
        record_elsewhere(account.id, enrollment_id, newer)
        progress.record(row, older)
        db.session.commit()
    assert enrollments()[0].id
    with acting_for(account.id):
        row = db.session.get_one(Enrollment, enrollment_id)
        assert (row.completion, row.score) == (Completion.COMPLETED, 80)


def record_elsewhere(account_id: str, enrollment_id: str, result: object) -> None:
    import threading

    from flask import current_app

    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def record() -> None:
        with app.app_context(), acting_for(account_id):
            catching_up.record(enrollment_id, result)  # type: ignore[arg-type]
            db.session.commit()

    thread = threading.Thread(target=record)
    thread.start()
    thread.join(30)


@pytest.fixture
def late_clock(sandbox: Sandbox) -> None:
    """SCORM Cloud's is nine minutes behind ours."""
    sandbox.cloud.post("clock", offset_s=-timedelta(minutes=9).total_seconds())


def test_the_reconciler_misses_nothing_because_clocks_differ(
    account: Account, late_clock: None, three: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    """What happens after a look is dated before it."""
    syncing.reconcile_all()
    work()
    play(sandbox, three[0], **DONE)
    syncing.reconcile_all()
    work()
    assert completions().count(Completion.COMPLETED) == 1
