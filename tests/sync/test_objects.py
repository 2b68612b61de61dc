"""Provision Now against the sandbox: all of it, again, half-way, and where the CRM forbids it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.extensions import db
from app.models import Account, EffectKind, Enrollment
from app.sync import ledger, objects, push
from app.sync.schemas import CONTACT_FIELDS, OBJECTS
from tests.factories import complete
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm

Work = Callable[..., None]


def test_everything_is_missing_at_first(account: Account) -> None:
    state = objects.state(account)
    assert state.status == "missing"
    assert not any(part.exists for part in state.parts)


def test_provision_now_makes_both_objects_with_fields_and_associations(
    account: Account, work: Work, in_crm: InCrm
) -> None:
    push.provision(account)
    assert objects.state(account).status == "working"
    work()
    assert objects.state(account).ready
    made = in_crm.written()
    assert made.count("schema_created") == 2
    fields = sum(len(spec.fields) for spec in OBJECTS) + len(CONTACT_FIELDS)
    assert made.count("field_created") == fields
    assert made.count("association_created") == 2


def test_pressing_twice_makes_nothing_double(
    provisioned: Account, work: Work, in_crm: InCrm
) -> None:
    in_crm.written()
    provisioned.crm_objects = {}  # even if we had forgotten all of it
    push.provision(provisioned)
    work()
    assert in_crm.written() == []
    assert objects.state(provisioned).ready


def test_a_failure_half_way_is_finished_later(
    account: Account, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    sandbox.crm.faults(rate_500=1, match="POST /associations")
    push.provision(account)
    work()
    state = objects.state(account)
    assert state.status == "trouble"
    assert [part.exists for part in state.parts] == [True, True, False, False, False]
    sandbox.crm.faults()
    work(ahead=timedelta(minutes=2))
    assert objects.state(account).ready
    assert in_crm.written().count("schema_created") == 2


def test_where_objects_may_not_be_made_it_is_said_and_what_was_made_by_hand_is_found(
    account: Account, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    sandbox.crm.put("settings", schema_needs_agency=True)
    push.provision(account)
    work()
    state = objects.state(account)
    assert state.status == "by_hand"
    assert [spec.singular for spec in state.by_hand] == [spec.singular for spec in OBJECTS]
    assert "by hand" in state.sentence
    sandbox.crm.put("settings", schema_needs_agency=False)
    in_crm.crm.create_object(
        "trainings",
        singular="Training Record",
        plural="Training Records",
        primary_property="title",
        primary_name="Title",
    )
    push.provision(account)
    work()
    assert objects.state(account).ready
    assert objects.kept(account, "record").key == "custom_objects.trainings"
    assert objects.kept(account, "record").primary == "title"


def test_records_that_waited_are_filled_in_afterwards(
    account: Account, enrollment: Enrollment, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment)
    push.mark(enrollment)
    work(ahead=timedelta(minutes=2))
    record = ledger.find(account.id, EffectKind.RECORD, enrollment.id)
    assert record is not None
    assert record.last_error == objects.AWAITED
    assert not record.owes_work
    push.provision(account)
    work(ahead=timedelta(minutes=2))
    assert [one["status"] for one in in_crm.records()] == ["completed"]


def test_an_object_deleted_in_the_crm_makes_writes_wait_again(
    provisioned: Account, enrollment: Enrollment, work: Work
) -> None:
    facts = dict(provisioned.crm_objects["record"])
    provisioned.crm_objects = {
        **provisioned.crm_objects,
        "record": {**facts, "key": "custom_objects.gone"},
    }
    db.session.flush()
    push.mark(enrollment)
    work()
    assert not objects.ready(provisioned, "record")
    record = ledger.find(provisioned.id, EffectKind.RECORD, enrollment.id)
    assert record is not None
    assert record.last_error == objects.AWAITED
