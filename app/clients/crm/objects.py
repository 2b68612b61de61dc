"""Custom objects of the CRM: their schemas, their fields and their records.

An object is named `custom_objects.<key>` and a field `custom_objects.<key>.<field>` in the CRM;
records carry bare field names. Callers use the full object key and bare field names throughout.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from app.clients.crm.connection import Connection
from app.clients.http import part
from app.clients.reading import mapping, mappings, text, texts, when

PREFIX = "custom_objects."


@dataclass(frozen=True)
class Field:
    """A field of an object or of contacts. `key` is bare; options are (key, label) pairs."""

    id: str
    key: str
    name: str
    data_type: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        listed = answer.get("options")
        options = [(text(item.get("key")), text(item.get("label"))) for item in mappings(listed)]
        plain = texts(listed) or texts(answer.get("picklistOptions"))
        return cls(
            id=text(answer.get("id")),
            key=text(answer.get("fieldKey")).rpartition(".")[2],
            name=text(answer.get("name")),
            data_type=text(answer.get("dataType")),
            options=tuple(options) or tuple((name, name) for name in plain),
        )


@dataclass(frozen=True)
class Folder:
    """A group of fields on a record's page. Every field must be made in one."""

    id: str
    name: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(id=text(answer.get("id")), name=text(answer.get("name")))


@dataclass(frozen=True)
class ObjectSchema:
    """A kind of record. `key` is the full one; property names are bare."""

    id: str
    key: str
    singular: str
    plural: str
    standard: bool = False
    primary_property: str = ""
    searchable: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        labels = mapping(answer.get("labels"))
        return cls(
            id=text(answer.get("id")),
            key=text(answer.get("key")),
            singular=text(labels.get("singular")),
            plural=text(labels.get("plural")),
            standard=answer.get("standard") is True,
            primary_property=bare(text(answer.get("primaryDisplayProperty"))),
            searchable=frozenset(map(bare, texts(answer.get("searchableProperties")))),
        )


@dataclass(frozen=True)
class Record:
    """A record of a custom object."""

    id: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    created: datetime | None = None
    updated: datetime | None = None

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("id")),
            properties=mapping(answer.get("properties")),
            created=when(answer.get("createdAt") or answer.get("dateAdded")),
            updated=when(answer.get("updatedAt") or answer.get("dateUpdated")),
        )


class Objects(Connection):
    """Calls below /objects and /custom-fields. What is not there: `is_gone`."""

    def objects(self) -> list[ObjectSchema]:
        """GET /objects/: the standard and the custom objects of the location."""
        answer = self._http.call("GET", "/objects/", params=self._here)
        return [ObjectSchema.parse(item) for item in mappings(answer.get("objects"))]

    def create_object(
        self,
        key: str,
        *,
        singular: str,
        plural: str,
        primary_property: str,
        primary_name: str,
        description: str = "",
    ) -> ObjectSchema:
        """POST /objects/. Where a location's token `is_forbidden`, use the company's."""
        body = {
            **self._here,
            "key": key,
            "labels": {"singular": singular, "plural": plural},
            "description": description,
            "primaryDisplayPropertyDetails": {
                "key": full(key, primary_property),
                "name": primary_name,
                "dataType": "TEXT",
            },
        }
        return ObjectSchema.parse(self._one("POST", "/objects/", "object", body=body))

    def make_searchable(self, key: str, properties: Iterable[str]) -> ObjectSchema:
        """PUT /objects/{key}: records can be found by these properties, and by no others."""
        body = {**self._here, "searchableProperties": [full(key, name) for name in properties]}
        return ObjectSchema.parse(self._one("PUT", f"/objects/{part(key)}", "object", body=body))

    def object_fields(self, key: str) -> tuple[list[Field], list[Folder]]:
        """GET /custom-fields/object-key/{key}: the fields, and the folders that they stand in."""
        path = f"/custom-fields/object-key/{part(key)}"
        answer = self._http.call("GET", path, params=self._here)
        fields = [Field.parse(item) for item in mappings(answer.get("fields"))]
        return fields, [Folder.parse(item) for item in mappings(answer.get("folders"))]

    def create_field_folder(self, key: str, name: str) -> Folder:
        """POST /custom-fields/folder."""
        body = {**self._here, "objectKey": key, "name": name}
        return Folder.parse(self._one("POST", "/custom-fields/folder", "folder", body=body))

    def create_object_field(
        self,
        key: str,
        field_key: str,
        name: str,
        data_type: str,
        folder_id: str,
        options: Iterable[tuple[str, str]] = (),
    ) -> Field:
        """POST /custom-fields/. Types: TEXT, LARGE_TEXT, NUMERICAL, DATE, SINGLE_OPTIONS, ..."""
        body: dict[str, Any] = {
            **self._here,
            "objectKey": key,
            "fieldKey": full(key, field_key),
            "name": name,
            "dataType": data_type,
            "parentId": folder_id,
            "showInForms": False,
        }
        if choices := [{"key": choice, "label": label} for choice, label in options]:
            body["options"] = choices
        return Field.parse(self._one("POST", "/custom-fields/", "field", body=body))

    def find_record(self, key: str, prop: str, value: str) -> Record | None:
        """POST /objects/{key}/records/search: the record whose searchable property has this value.

        The index lags behind writes by seconds: None soon after a write proves nothing.
        """
        body = {
            **self._here,
            "page": 1,
            "pageLimit": 20,
            "query": f"{prop}:{value}",
            "searchAfter": [],
        }
        answer = self._http.call("POST", f"/objects/{part(key)}/records/search", body=body)
        found = map(Record.parse, mappings(answer.get("records")))
        # The search is by words; only the very same value counts.
        return next((item for item in found if text(item.properties.get(prop)) == value), None)

    def record(self, key: str, record_id: str) -> Record:
        """GET /objects/{key}/records/{id}."""
        path = self._record_path(key, record_id)
        return Record.parse(self._one("GET", path, "record", params=self._here))

    def create_record(self, key: str, properties: Mapping[str, Any]) -> Record:
        """POST /objects/{key}/records. Nothing keeps it unique: look with `find_record` before."""
        body = {**self._here, "properties": dict(properties)}
        path = f"/objects/{part(key)}/records"
        return Record.parse(self._one("POST", path, "record", body=body))

    def update_record(self, key: str, record_id: str, properties: Mapping[str, Any]) -> Record:
        """PUT /objects/{key}/records/{id}: only the given properties change."""
        path, body = self._record_path(key, record_id), {"properties": dict(properties)}
        return Record.parse(self._one("PUT", path, "record", params=self._here, body=body))

    def delete_record(self, key: str, record_id: str) -> None:
        """DELETE /objects/{key}/records/{id}."""
        self._http.call("DELETE", self._record_path(key, record_id), params=self._here)

    def _record_path(self, key: str, record_id: str) -> str:
        return f"/objects/{part(key)}/records/{part(record_id)}"


def full(key: str, name: str) -> str:
    """The CRM's own name of an object's field."""
    return f"{PREFIX}{key.removeprefix(PREFIX)}.{name}"


def bare(name: str) -> str:
    return name.rpartition(".")[2]
