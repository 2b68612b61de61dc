"""The location and what belongs to it: its people, companies, workflows and contact fields."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from app.clients.crm.connection import Connection
from app.clients.crm.objects import Field
from app.clients.http import part
from app.clients.reading import mapping, mappings, text, texts


@dataclass(frozen=True)
class Location:
    """An account of ours as the CRM describes it. The zone is an IANA name."""

    id: str
    company_id: str
    name: str
    email: str
    timezone: str
    country: str
    domain: str
    logo_url: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        business = mapping(answer.get("business"))
        return cls(
            id=text(answer.get("id")),
            company_id=text(answer.get("companyId")),
            name=text(answer.get("name")) or text(business.get("name")),
            email=text(answer.get("email")),
            timezone=text(answer.get("timezone")) or text(business.get("timezone")),
            country=text(answer.get("country")),
            domain=text(answer.get("domain")),
            logo_url=text(answer.get("logoUrl")) or text(business.get("logoUrl")),
        )


@dataclass(frozen=True)
class User:
    """Somebody who works in the CRM. `role` is admin or user, `kind` account or agency.

    `restricted` is said of the agency's people: only the locations listed are open to them.
    """

    id: str
    name: str
    email: str
    role: str
    kind: str
    location_ids: tuple[str, ...] = ()
    restricted: bool = False
    deleted: bool = False

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        roles = mapping(answer.get("roles"))
        listed, restricted = texts(roles.get("locationIds")), roles.get("restrictSubAccount")
        full = f"{text(answer.get('firstName'))} {text(answer.get('lastName'))}".strip()
        return cls(
            id=text(answer.get("id")),
            name=text(answer.get("name")) or full,
            email=text(answer.get("email")),
            role=text(roles.get("role")),
            kind=text(roles.get("type")),
            location_ids=listed,
            restricted=restricted if isinstance(restricted, bool) else bool(listed),
            deleted=answer.get("deleted") is True,
        )

    def may_enter(self, location_id: str, *, of_their_agency: bool) -> bool:
        """Whether a location is open to them; all of their own agency's are, unless restricted."""
        if self.deleted:
            return False
        unbound = self.kind == "agency" and not self.restricted and of_their_agency
        return unbound or location_id in self.location_ids


@dataclass(frozen=True)
class Business:
    """A company to which contacts belong."""

    id: str
    name: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(id=text(answer.get("id")), name=text(answer.get("name")))


@dataclass(frozen=True)
class Workflow:
    """An automation of the location."""

    id: str
    name: str
    status: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(text(answer.get("id")), text(answer.get("name")), text(answer.get("status")))


class Places(Connection):
    """Calls about the location as a whole."""

    def location(self) -> Location:
        """GET /locations/{id}."""
        return Location.parse(self._one("GET", f"/locations/{part(self.location_id)}", "location"))

    def users(self) -> list[User]:
        """GET /users/: everybody with access to the location."""
        answer = self._http.call("GET", "/users/", params=self._here)
        return [User.parse(item) for item in mappings(answer.get("users"))]

    def user(self, user_id: str) -> User:
        """GET /users/{id}. Somebody who was removed: `is_gone`."""
        return User.parse(self._one("GET", f"/users/{part(user_id)}", "user"))

    def businesses(self) -> list[Business]:
        """GET /businesses/: all companies of the location."""
        return [Business.parse(item) for item in self._every("/businesses/", "businesses")]

    def business(self, business_id: str) -> Business:
        """GET /businesses/{id}."""
        return Business.parse(self._one("GET", f"/businesses/{part(business_id)}", "business"))

    def workflows(self) -> list[Workflow]:
        """GET /workflows/."""
        answer = self._http.call("GET", "/workflows/", params=self._here)
        return [Workflow.parse(item) for item in mappings(answer.get("workflows"))]

    def contact_fields(self) -> list[Field]:
        """GET /locations/{id}/customFields: the fields that contacts have here."""
        path = f"/locations/{part(self.location_id)}/customFields"
        answer = self._http.call("GET", path, params={"model": "contact"})
        return [Field.parse(item) for item in mappings(answer.get("customFields"))]

    def create_contact_field(
        self, name: str, data_type: str = "TEXT", options: Iterable[str] = ()
    ) -> Field:
        """POST /locations/{id}/customFields. The CRM makes the key from the name."""
        body: dict[str, Any] = {"name": name, "dataType": data_type, "model": "contact"}
        if options := list(options):
            body["textBoxListOptions"] = options
        path = f"/locations/{part(self.location_id)}/customFields"
        return Field.parse(self._one("POST", path, "customField", body=body))
