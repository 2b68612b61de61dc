"""How records of the CRM hang together: association definitions, and the relations made by them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from app.clients.crm.connection import Connection
from app.clients.http import OutsideError, part
from app.clients.reading import text


@dataclass(frozen=True)
class Association:
    """Which two kinds of things may be related, in a fixed order."""

    id: str
    key: str
    first_object: str
    second_object: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("id")),
            key=text(answer.get("key")),
            first_object=text(answer.get("firstObjectKey")),
            second_object=text(answer.get("secondObjectKey")),
        )


@dataclass(frozen=True)
class Relation:
    """Two records that are related. A contact's id is its record id."""

    id: str
    association_id: str
    first_record_id: str
    second_record_id: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("id")),
            association_id=text(answer.get("associationId")),
            first_record_id=text(answer.get("firstRecordId")),
            second_record_id=text(answer.get("secondRecordId")),
        )


class Relations(Connection):
    """Calls below /associations."""

    def associations(self) -> list[Association]:
        """GET /associations/."""
        return [Association.parse(item) for item in self._every("/associations/", "associations")]

    def create_association(
        self, key: str, *, first: tuple[str, str], second: tuple[str, str]
    ) -> Association:
        """POST /associations/. Each side is (object key, label); a contact's object key is
        "contact".
        """
        body = {
            **self._here,
            "key": key,
            "firstObjectKey": first[0],
            "firstObjectLabel": first[1],
            "secondObjectKey": second[0],
            "secondObjectLabel": second[1],
        }
        return Association.parse(self._one("POST", "/associations/", "association", body=body))

    def create_relation(
        self, association_id: str, first_record_id: str, second_record_id: str
    ) -> None:
        """POST /associations/relations, records in the association's order. There already: fine."""
        body = {
            **self._here,
            "associationId": association_id,
            "firstRecordId": first_record_id,
            "secondRecordId": second_record_id,
        }
        try:
            self._http.call("POST", "/associations/relations", body=body)
        except OutsideError as error:
            if not error.already_exists:
                raise

    def relations(self, record_id: str, association_ids: Iterable[str] = ()) -> list[Relation]:
        """GET /associations/relations/{record id}: from whichever end the record stands at."""
        path = f"/associations/relations/{part(record_id)}"
        only = {"associationIds": list(association_ids)}
        return [Relation.parse(item) for item in self._every(path, "relations", **only)]

    def delete_relation(self, relation_id: str) -> None:
        """DELETE /associations/relations/{relation id}. Gone already: fine."""
        path = f"/associations/relations/{part(relation_id)}"
        try:
            self._http.call("DELETE", path, params=self._here)
        except OutsideError as error:
            if not error.is_gone:
                raise
