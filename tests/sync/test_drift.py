"""Drift: somebody changes by hand what we wrote; a check finds it and a repair mends it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Account, CrmEffect, DriftCheck, EffectKind, Enrollment, Learner, acting_for
from app.sync import drift, ledger, objects, push
from tests.factories import complete, make_account, make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm
from tests.waiting import eventually

Work = Callable[..., None]
A_WHILE = timedelta(minutes=5)


@pytest.fixture
def written(provisioned: Account, enrollment: Enrollment, work: Work) -> Enrollment:
    """A completion of which everything stands in the CRM: tags, note, record, link, counters."""
    complete(enrollment)
    push.mark(enrollment)
    work(ahead=timedelta(minutes=1))
    return enrollment


def check(account: Account, work: Work) -> DriftCheck:
    drift.start(account, "Dana")
    return finished(account, work)


def finished(account: Account, work: Work) -> DriftCheck:
    """The newest check, when it has gone through all its steps with their pauses. How many these
    are is not known: where the CRM's pace holds one up, it is cut short and gone on with later."""
    found, steps = drift.latest(account), itertools.count(1)
    assert found is not None

    def ended() -> bool:
        work(ahead=A_WHILE * next(steps))
        db.session.refresh(found)
        return not found.running

    eventually(ended)
    assert found.finished_at is not None
    return found


def differing(account: Account) -> dict[str, str]:
    rows = db.session.query(CrmEffect).filter(CrmEffect.drift.is_not(None))
    return {str(row.kind): row.drift or "" for row in rows}


def contact_id(enrollment: Enrollment) -> str:
    assert enrollment.learner.crm_contact_id
    return enrollment.learner.crm_contact_id


def row(enrollment: Enrollment, kind: EffectKind) -> CrmEffect:
    subject = enrollment.learner_id if kind == EffectKind.TAGS else enrollment.id
    found = ledger.find(enrollment.account_id, kind, subject)
    assert found is not None
    return found


def test_what_was_just_written_does_not_differ(
    account: Account, written: Enrollment, work: Work
) -> None:
    done = check(account, work)
    assert differing(account) == {}
    assert (done.looked_at, done.found, done.unread) == (1, 0, 0)


def test_tags_removed_and_added_by_hand(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    before = in_crm.tags(contact_id(written))
    in_crm.crm.remove_tags(contact_id(written), ["scorm_passed"])
    in_crm.crm.add_tags(contact_id(written), ["scorm_failed", "vip"])
    assert check(account, work).found == 1
    assert differing(account) == {
        "tags": "Missing: scorm_passed. Should not be there: scorm_failed."
    }
    drift.repair(account, "Dana")
    work()
    assert in_crm.tags(contact_id(written)) == before
    assert "vip" in in_crm.crm.contact(contact_id(written)).tags
    assert differing(account) == {}


def test_a_deleted_record_is_made_again_and_linked(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    schema = objects.kept(account, objects.RECORD)
    old = row(written, EffectKind.RECORD).crm_id
    assert old
    in_crm.crm.delete_record(schema.key, old)
    check(account, work)
    assert differing(account)["record"] == "The record was deleted."
    drift.repair(account, "Dana")
    work(ahead=timedelta(minutes=2))
    db.session.expire_all()
    new = row(written, EffectKind.RECORD).crm_id
    assert new
    assert new != old
    assert in_crm.crm.record(schema.key, new).properties["status"] == "completed"
    check(account, work)
    assert differing(account) == {}


def test_a_record_changed_by_hand_is_put_right(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    schema = objects.kept(account, objects.RECORD)
    record_id = row(written, EffectKind.RECORD).crm_id or ""
    in_crm.crm.update_record(schema.key, record_id, {"score": 1})
    check(account, work)
    assert differing(account) == {"record": "Changed: score."}
    drift.repair(account, "Dana")
    work()
    assert in_crm.crm.record(schema.key, record_id).properties["score"] == 92
    assert len(in_crm.records()) == 1


def test_ties_cut_by_hand_are_made_again(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    ties = in_crm.crm.relations(contact_id(written))
    assert len(ties) == 2  # to the Training Record and to the company's summary
    for tie in ties:
        in_crm.crm.delete_relation(tie.id)
    assert check(account, work).found == 2
    assert set(differing(account)) == {"relation", "membership"}
    drift.repair(account, "Dana")
    work()
    after = in_crm.crm.relations(contact_id(written))
    ends = {(tie.first_record_id, tie.second_record_id) for tie in after}
    assert ends == {(tie.first_record_id, tie.second_record_id) for tie in ties}


def test_counters_changed_by_hand_are_put_right(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    field = objects.contact_fields(account)["completed"]
    in_crm.crm.update_contact(contact_id(written), custom_fields={field: 7})
    check(account, work)
    assert differing(account) == {"counters": "Changed: completed."}
    drift.repair(account, "Dana")
    work()
    check(account, work)
    assert differing(account) == {}


def test_a_deleted_note_is_written_once_more(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm, sandbox: Sandbox
) -> None:
    [note] = in_crm.crm.notes(contact_id(written))
    path = f"/contacts/{contact_id(written)}/notes/{note.id}"
    in_crm.crm._http.call("DELETE", path)
    check(account, work)
    assert differing(account) == {"note": "The note was deleted."}
    drift.repair(account, "Dana")
    work()
    assert len(in_crm.notes(contact_id(written))) == 1


def test_what_is_switched_off_or_waits_is_not_compared(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    account.sync_tags = False
    push.mark_account(account)
    work()
    in_crm.crm.remove_tags(contact_id(written), ["scorm_passed"])
    check(account, work)
    assert "tags" not in differing(account)


def test_a_check_reads_and_never_writes(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    in_crm.written()
    check(account, work)
    assert in_crm.written() == []


def test_many_are_gone_through_in_steps(
    account: Account, course: object, work: Work, in_crm: InCrm, sandbox: Sandbox
) -> None:
    for number, contact in enumerate(in_crm.crm.search_contacts("a", 20)[:12]):
        learner = make_learner(account, contact_id=contact.id, first_name=f"P{number}")
        enrollment = make_enrollment(course, learner)  # type: ignore[arg-type]
        complete(enrollment)
        push.mark(enrollment)
    work(ahead=timedelta(minutes=1))
    done = check(account, work)
    assert done.looked_at == done.total == db.session.query(Learner).count() == 12
    assert done.found == 0


def test_the_crm_away_only_delays_it(
    account: Account, written: Enrollment, work: Work, in_crm: InCrm, sandbox: Sandbox
) -> None:
    in_crm.crm.remove_tags(contact_id(written), ["scorm_passed"])
    sandbox.crm.faults(rate_500=1)
    started = drift.start(account, "Dana")
    work()
    assert started.running
    assert started.looked_at == 0
    sandbox.crm.faults()
    work(ahead=A_WHILE)
    db.session.refresh(started)
    assert (started.looked_at, started.found) == (1, 1)


# The page


def test_nobody_and_strangers(client: FlaskClient, account: Account, learner: Learner) -> None:
    assert client.post("/activity/check").status_code in (401, 403)
    token = sign_in(client, make_account("second-location")).csrf_token
    foreign = client.post("/activity/check", data={"csrf_token": token, "learner": learner.id})
    assert foreign.status_code == 404
    client.post("/activity/check", data={"csrf_token": token})
    client.post("/activity/check/repair", data={"csrf_token": token})
    with acting_for(account.id):
        assert drift.latest(account) is None


def test_an_admin_checks_and_repairs(
    client: FlaskClient, account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    token = sign_in(client, account).csrf_token
    form, part = {"csrf_token": token}, {"HX-Request": "true"}
    assert "Not checked yet." in client.get("/activity").text
    in_crm.crm.remove_tags(contact_id(written), ["scorm_passed"])
    started = client.post("/activity/check", data=form, headers=part).text
    assert "0 of 1 learner" in started
    assert "every 2s" in started
    finished(account, work)
    shown = client.get("/activity/check", headers=part).text
    assert "1 thing differs" in shown
    assert "Missing: scorm_passed." in shown
    assert "every 2s" not in shown
    client.post("/activity/check/repair", data=form, headers=part)
    work()
    assert "scorm_passed" in in_crm.tags(contact_id(written))
    page = client.get("/activity").text
    assert "Repaired" in page
    assert "is being written again" in page
    people = client.get("/activity?show=people").text
    assert "Checked the CRM" in people.replace("Checked the crm", "Checked the CRM")


def test_one_learner_alone(
    client: FlaskClient, account: Account, written: Enrollment, work: Work, in_crm: InCrm
) -> None:
    in_crm.crm.remove_tags(contact_id(written), ["scorm_passed"])
    make_learner(account, contact_id="c-1")
    token = sign_in(client, account).csrf_token
    data = {"csrf_token": token, "learner": written.learner_id}
    assert client.post("/activity/check", data=data).status_code == 303
    work(ahead=A_WHILE)
    done = drift.latest(account)
    assert done is not None
    assert (done.total, done.looked_at, done.found) == (1, 1, 1)
