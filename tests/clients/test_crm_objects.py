"""Custom objects, records and relations, made in the sandbox as an account's first set-up does."""

from __future__ import annotations

import pytest

from app.clients.crm import Crm, ObjectSchema, OutsideError
from tests.fixtures.sandbox import Sandbox

KEY = "custom_objects.training_record"


@pytest.fixture
def schema(crm: Crm) -> ObjectSchema:
    made = crm.create_object(
        KEY,
        singular="Training Record",
        plural="Training Records",
        primary_property="title",
        primary_name="Title",
    )
    _, folders = crm.object_fields(KEY)
    crm.create_object_field(KEY, "hub_key", "Hub key", "TEXT", folders[0].id)
    crm.create_object_field(KEY, "score", "Score", "NUMERICAL", folders[0].id)
    return made


def test_an_object_is_made_once(crm: Crm, schema: ObjectSchema) -> None:
    assert (schema.key, schema.primary_property, schema.plural) == (
        KEY,
        "title",
        "Training Records",
    )
    assert KEY in [known.key for known in crm.objects()]
    with pytest.raises(OutsideError) as caught:
        crm.create_object(
            KEY, singular="x", plural="xs", primary_property="title", primary_name="Title"
        )
    assert caught.value.already_exists


def test_an_unknown_object_is_gone(crm: Crm) -> None:
    with pytest.raises(OutsideError) as caught:
        crm.object_fields("custom_objects.nothing")
    assert caught.value.is_gone


def test_a_location_may_not_be_allowed_to_make_objects(sandbox: Sandbox, crm: Crm) -> None:
    sandbox.crm.put("settings", schema_needs_agency=True)
    with pytest.raises(OutsideError) as caught:
        crm.create_object(
            KEY, singular="x", plural="xs", primary_property="title", primary_name="Title"
        )
    assert caught.value.is_forbidden
    assert not caught.value.is_unauthorised


def test_fields_are_made_in_folders(crm: Crm, schema: ObjectSchema) -> None:
    folder = crm.create_field_folder(KEY, "Progress")
    made = crm.create_object_field(
        KEY,
        "result",
        "Result",
        "SINGLE_OPTIONS",
        folder.id,
        [("passed", "Passed"), ("failed", "Failed")],
    )
    fields, folders = crm.object_fields(KEY)
    assert made.options == (("passed", "Passed"), ("failed", "Failed"))
    assert {"title", "hub_key", "score", "result"} <= {field.key for field in fields}
    assert folder.id in [known.id for known in folders]
    with pytest.raises(OutsideError) as caught:
        crm.create_object_field(KEY, "result", "Result", "TEXT", folder.id)
    assert caught.value.already_exists


def test_a_record_is_found_by_its_searchable_key(crm: Crm, schema: ObjectSchema) -> None:
    record = crm.create_record(KEY, {"title": "Forklift", "hub_key": "enr-1", "score": 0})
    assert crm.find_record(KEY, "hub_key", "enr-1") is None

    searchable = crm.make_searchable(KEY, ["title", "hub_key"]).searchable
    assert searchable == {"title", "hub_key"}
    found = crm.find_record(KEY, "hub_key", "enr-1")
    assert found is not None
    assert found.id == record.id
    assert crm.find_record(KEY, "hub_key", "enr") is None


def test_only_the_given_properties_change(crm: Crm, schema: ObjectSchema) -> None:
    record = crm.create_record(KEY, {"title": "Forklift", "score": 0})
    crm.update_record(KEY, record.id, {"score": 87.5})
    after = crm.record(KEY, record.id)
    assert after.properties == {"title": "Forklift", "score": 87.5}
    assert after.updated is not None


def test_a_deleted_record_is_gone(crm: Crm, schema: ObjectSchema) -> None:
    record = crm.create_record(KEY, {"title": "Forklift"})
    crm.delete_record(KEY, record.id)
    for call in (
        lambda: crm.record(KEY, record.id),
        lambda: crm.update_record(KEY, record.id, {"title": "x"}),
    ):
        with pytest.raises(OutsideError) as caught:
            call()
        assert caught.value.is_gone


def test_a_contact_is_related_to_its_record_once(
    sandbox: Sandbox, crm: Crm, schema: ObjectSchema
) -> None:
    association = crm.create_association(
        "contact_training", first=("contact", "Learner"), second=(KEY, "Training Record")
    )
    assert association.id in [known.id for known in crm.associations()]
    contact = crm.create_contact(first_name="Ann", email="ann.relation@example.test")
    record = crm.create_record(KEY, {"title": "Forklift"})

    crm.create_relation(association.id, contact.id, record.id)
    crm.create_relation(association.id, contact.id, record.id)

    assert len(sandbox.crm.effects("relation_created")) == 1
    relations = crm.relations(record.id, [association.id])
    assert [(one.first_record_id, one.second_record_id) for one in relations] == [
        (contact.id, record.id)
    ]
    assert crm.relations(contact.id) == relations

    for _ in range(2):  # a second time it is gone already
        crm.delete_relation(relations[0].id)
    assert crm.relations(contact.id) == []


def test_relations_to_what_is_not_there_are_refused(crm: Crm, schema: ObjectSchema) -> None:
    association = crm.create_association(
        "contact_training", first=("contact", "Learner"), second=(KEY, "Training Record")
    )
    contact = crm.create_contact(first_name="Ann", email="ann.relation@example.test")
    with pytest.raises(OutsideError) as caught:
        crm.create_relation(association.id, contact.id, "no-record")
    assert caught.value.is_gone
