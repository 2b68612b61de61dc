"""What fits into our columns: SQLite does not mind the length of a text, PostgreSQL does."""

from __future__ import annotations

from sqlalchemy import String

from app.models import Base, CrmEffect, DriftCheck, new_id
from app.sync.drift import COMPANIES


def length(column: object) -> int:
    kind = column.type  # type: ignore[attr-defined]
    assert isinstance(kind, String) and kind.length
    return kind.length


def test_a_check_can_remember_the_company_it_stopped_at() -> None:
    assert len(COMPANIES + new_id()) <= length(DriftCheck.__table__.c.after)


def test_an_effect_can_name_an_enrolment_and_a_milestone() -> None:
    assert len(f"{new_id()}:completed") <= length(CrmEffect.__table__.c.subject)


def test_every_column_that_holds_an_id_of_ours_has_room_for_it() -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if column.foreign_keys or column.name == "id":
                assert length(column) >= len(new_id()), f"{table.name}.{column.name}"
