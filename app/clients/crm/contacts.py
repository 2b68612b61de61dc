"""People in the CRM: finding and keeping contacts, their tags, notes and custom fields."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from app.clients.crm.connection import Connection
from app.clients.http import part
from app.clients.reading import mapping, mappings, text, texts, when

QUERY_LENGTH = 75
LARGEST_PAGE = 500


@dataclass(frozen=True)
class Contact:
    """A contact. Tags are in lower case; custom fields are keyed by the field's id."""

    id: str
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    email: str = ""
    other_emails: tuple[str, ...] = ()
    phone: str = ""
    company_name: str = ""
    business_id: str = ""
    tags: frozenset[str] = frozenset()
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    added: datetime | None = None
    updated: datetime | None = None

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.name or self.email

    def has_email(self, email: str) -> bool:
        wanted = email.strip().casefold()
        return wanted in (known.casefold() for known in (self.email, *self.other_emails))

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        others = answer.get("additionalEmails")
        listed = [text(item.get("email")) for item in mappings(others)]
        return cls(
            id=text(answer.get("id")),
            first_name=text(answer.get("firstName")),
            last_name=text(answer.get("lastName")),
            name=text(answer.get("contactName") or answer.get("name")),
            email=text(answer.get("email")),
            other_emails=tuple(filter(None, (*listed, *texts(others)))),
            phone=text(answer.get("phone")),
            company_name=text(answer.get("companyName")),
            business_id=text(answer.get("businessId")),
            tags=tag_set(answer.get("tags")),
            custom_fields={
                text(item.get("id")): item.get("value", item.get("fieldValue"))
                for item in mappings(answer.get("customFields"))
            },
            added=when(answer.get("dateAdded")),
            updated=when(answer.get("dateUpdated")),
        )


@dataclass(frozen=True)
class Note:
    """A note on a contact's timeline."""

    id: str
    body: str
    contact_id: str = ""
    title: str = ""
    added: datetime | None = None

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("id")),
            body=text(answer.get("body")),
            contact_id=text(answer.get("contactId")),
            title=text(answer.get("title")),
            added=when(answer.get("dateAdded")),
        )


class Contacts(Connection):
    """Calls below /contacts. A contact that is not there: `is_gone`."""

    def search_contacts(self, query: str, limit: int = 20) -> list[Contact]:
        """POST /contacts/search, for a search box: part of a name, an e-mail address in any case.

        The CRM's own search comes first; when it knows nothing, names that contain every word do.
        Its index lags behind writes by seconds.
        """
        query = " ".join(query.split())[:QUERY_LENGTH]
        if not query:
            return []
        found = self._search(limit, query=query)
        words = query.split()
        if not found and all(word.isalpha() for word in words):
            found = self._search(limit, filters=[name_contains(word) for word in words])
        return found

    def contacts_tagged(self, tag: str) -> Iterator[Contact]:
        """POST /contacts/search, page by page: everybody who carries exactly this tag.

        The CRM gives at most 10,000 in this way.
        """
        tag, page = tag.strip().lower(), 0
        carries = {"field": "tags", "operator": "contains", "value": tag}
        while True:
            page += 1
            found = self._search(LARGEST_PAGE, page=page, filters=[carries])
            yield from (contact for contact in found if tag in contact.tags)
            if len(found) < LARGEST_PAGE:
                return

    def contact(self, contact_id: str) -> Contact:
        """GET /contacts/{id}."""
        return self._contact("GET", f"/contacts/{part(contact_id)}")

    def contact_by_email(self, email: str) -> Contact | None:
        """GET /contacts/search/duplicate: the contact with this address, upper and lower case
        alike.
        """
        answer = self._http.call(
            "GET",
            "/contacts/search/duplicate",
            params={**self._here, "email": email.strip().lower()},
        )
        found = mapping(answer.get("contact"))
        contact = Contact.parse(found) if found.get("id") else None
        # Where the location's unique key is the phone number, somebody else may come back.
        return contact if contact and contact.has_email(email) else None

    def create_contact(
        self,
        *,
        tags: Iterable[str] = (),
        custom_fields: Mapping[str, Any] | None = None,
        **facts: str,
    ) -> Contact:
        """POST /contacts/. Facts: first_name, last_name, email, phone, company_name, source, ...

        A person the location knows, where it forbids duplicates: `already_exists` and
        `existing_id`. A refused call (422) has been seen to create all the same.
        """
        body = {**self._here, **written(facts, custom_fields)}
        if tags := list(tags):
            body["tags"] = tags
        return self._contact("POST", "/contacts/", body)

    def update_contact(
        self, contact_id: str, *, custom_fields: Mapping[str, Any] | None = None, **facts: str
    ) -> Contact:
        """PUT /contacts/{id}: only what is given changes; company_name cannot be."""
        return self._contact("PUT", f"/contacts/{part(contact_id)}", written(facts, custom_fields))

    def add_tags(self, contact_id: str, tags: Iterable[str]) -> frozenset[str]:
        """POST /contacts/{id}/tags: the contact's tags as they are now."""
        return self._tags("POST", contact_id, tags)

    def remove_tags(self, contact_id: str, tags: Iterable[str]) -> frozenset[str]:
        """DELETE /contacts/{id}/tags: the contact's tags as they are now."""
        return self._tags("DELETE", contact_id, tags)

    def tag_many(
        self, contact_ids: Iterable[str], tags: Iterable[str]
    ) -> dict[str, frozenset[str]]:
        """POST /contacts/bulk/tags/update/add: the tags that each contact had before, by its id.

        Left out is whoever the CRM reports as an error, or does not report: they may be deleted.
        """
        changed = self._bulk_tags("add", contact_ids, tags)
        return {
            contact_id: tag_set(one["oldTags"])
            for contact_id, one in changed.items()
            if isinstance(one.get("oldTags"), list)
        }

    def untag_many(self, contact_ids: Iterable[str], tags: Iterable[str]) -> list[str]:
        """POST /contacts/bulk/tags/update/remove: the ids of those that no longer have the tags."""
        return list(self._bulk_tags("remove", contact_ids, tags))

    def notes(self, contact_id: str) -> list[Note]:
        """GET /contacts/{id}/notes."""
        answer = self._http.call("GET", f"/contacts/{part(contact_id)}/notes")
        return [Note.parse(item) for item in mappings(answer.get("notes"))]

    def note(self, contact_id: str, note_id: str) -> Note:
        """GET /contacts/{id}/notes/{note id}."""
        path = f"/contacts/{part(contact_id)}/notes/{part(note_id)}"
        return Note.parse(self._one("GET", path, "note"))

    def create_note(self, contact_id: str, body: str) -> Note:
        """POST /contacts/{id}/notes. Not repeatable: after an unknown outcome look at `notes`
        first.
        """
        path = f"/contacts/{part(contact_id)}/notes"
        return Note.parse(self._one("POST", path, "note", body={"body": body}))

    def _search(self, limit: int, **body: Any) -> list[Contact]:
        body = {**self._here, "page": 1, "pageLimit": limit, **body}
        answer = self._http.call("POST", "/contacts/search", body=body)
        return [Contact.parse(item) for item in mappings(answer.get("contacts"))]

    def _contact(self, method: str, path: str, body: dict[str, Any] | None = None) -> Contact:
        return Contact.parse(self._one(method, path, "contact", body=body))

    def _tags(self, method: str, contact_id: str, tags: Iterable[str]) -> frozenset[str]:
        path = f"/contacts/{part(contact_id)}/tags"
        answer = self._http.call(method, path, body={"tags": sorted(tags)})
        return tag_set(answer.get("tags"))

    def _bulk_tags(
        self, change: str, contact_ids: Iterable[str], tags: Iterable[str]
    ) -> dict[str, dict[str, Any]]:
        """What the CRM confirms, by the contact's id."""
        asked = list(contact_ids)
        body = {**self._here, "contacts": asked, "tags": sorted(tags)}
        answer = self._http.call("POST", f"/contacts/bulk/tags/update/{change}", body=body)
        told = {text(one.get("contactId")): one for one in mappings(answer.get("responses"))}
        return {
            contact_id: told[contact_id]
            for contact_id in asked
            if contact_id in told and told[contact_id].get("type") == "success"
        }


SPELLINGS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "phone": "phone",
    "company_name": "companyName",
    "source": "source",
    "timezone": "timezone",
    "country": "country",
}


def written(facts: Mapping[str, str], custom_fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """Facts about a contact as the CRM spells them. A name not known here: KeyError."""
    body: dict[str, Any] = {SPELLINGS[name]: value for name, value in facts.items()}
    if custom_fields:
        body["customFields"] = [
            {"id": field_id, "field_value": value} for field_id, value in custom_fields.items()
        ]
    return body


def name_contains(word: str) -> dict[str, Any]:
    lowered = word.lower()
    return {
        "group": "OR",
        "filters": [
            {"field": name, "operator": "contains", "value": lowered}
            for name in ("firstNameLowerCase", "lastNameLowerCase")
        ],
    }


def tag_set(tags: Any) -> frozenset[str]:
    return frozenset(tag.lower() for tag in texts(tags))
