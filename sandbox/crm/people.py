"""The first data of a sandbox CRM: one agency, two locations, their users and sixty contacts each.

Names come from many places, with accents, other scripts and awkward shapes, because real ones do.
Ids are derived from the names, so they are the same on every machine. All addresses are invented
and end in domains kept for examples.
"""

import csv
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.clock import iso
from sandbox.crm import search_index
from sandbox.crm.documents import (
    AGENCY,
    Doc,
    businesses,
    contacts,
    custom_values,
    locations,
    tags,
    users,
    workflows,
)
from sandbox.crm.identities import COMPANY, COMPANY_NAME, LOCATIONS
from sandbox.crm.ids import seeded_hex_id, seeded_id
from sandbox.crm.object_schemas import add_schema

_START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
_DIALLING = {"US": "+1202555", "CA": "+1613555", "GB": "+4477009", "IE": "+35320910"}
_PLACES = {
    "demo-location": ("Demo Location", "12 Quay Street", "Bristol", "GB", "Europe/London"),
    "second-location": ("Second Location", "8 Lake Road", "Denver", "US", "America/Denver"),
}
_USERS = (
    ("agency-owner", "Robin", "Harbour", "agency", "admin", ()),
    ("agency-helper", "Noor", "Haddad", "agency", "user", ("second-location",)),
    ("both-admin", "Ifeoma", "Eze", "account", "admin", LOCATIONS),
    ("demo-admin", "Dana", "Whitfield", "account", "admin", ("demo-location",)),
    ("demo-user", "Marek", "Nowak", "account", "user", ("demo-location",)),
    ("second-admin", "Sven", "Lindqvist", "account", "admin", ("second-location",)),
    ("second-user", "Camila", "Reyes", "account", "user", ("second-location",)),
)
_WORKFLOWS = (
    ("Welcome new contacts", "published"),
    ("Send training invitation", "published"),
    ("Congratulate on completion", "draft"),
)
_STANDARD_OBJECTS = (
    ("contact", "Contact", "Contacts", "name"),
    ("opportunity", "Opportunity", "Opportunities", "name"),
    ("business", "Company", "Companies", "name"),
)


def seed(db: sqlite3.Connection) -> None:
    """Fill an empty sandbox."""
    for key, first, last, kind, role, places in _USERS:
        users.add(db, AGENCY, _user(key, first, last, kind, role, list(places)))
    with (Path(__file__).parent / "people.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    for location in LOCATIONS:
        rows = [row for row in people if row["location"] == location]
        open_location(db, location, *_PLACES[location])
        _tags(db, location, sorted({tag for row in rows for tag in row["tags"].split(";") if tag}))
        _businesses(db, location, sorted({row["business"] for row in rows if row["business"]}))
        for number, row in enumerate(rows):
            contact = _contact(location, number, row)
            contacts.add(db, location, contact)
            search_index.fill(db, "contact", location, contact)


def open_location(
    db: sqlite3.Connection,
    location: str,
    name: str,
    address: str = "1 New Street",
    city: str = "Leeds",
    country: str = "GB",
    timezone: str = "Europe/London",
) -> None:
    """A location of the agency, with what every new one has: nobody in it yet."""
    locations.add(db, location, _location(location, name, address, city, country, timezone))
    _objects(db, location)
    _extras(db, location)


def company(agency_url: str) -> Doc:
    """The agency, whose own address for the CRM is ``agency_url``."""
    return {
        "id": COMPANY,
        "name": COMPANY_NAME,
        "email": "owner@harbour-agency.example",
        "domain": urlsplit(agency_url).netloc,
        "logoUrl": f"{agency_url}/desktop/logo.svg",
        "timezone": "Europe/London",
        "country": "GB",
        "status": "active",
        "phone": "+442079460000",
        "website": "https://harbour-agency.example",
    }


def _user(key: str, first: str, last: str, kind: str, role: str, places: list[str]) -> Doc:
    return {
        "id": seeded_id("user", key),
        "name": f"{first} {last}",
        "firstName": first,
        "lastName": last,
        "email": f"{first}.{last}@harbour-agency.example".lower(),
        "phone": "",
        "companyId": COMPANY,
        "deleted": False,
        "permissions": {"contactsEnabled": True, "settingsEnabled": role == "admin"},
        "roles": {
            "type": kind,
            "role": role,
            "locationIds": places,
            "restrictSubAccount": kind == "agency" and bool(places),
        },
    }


def _location(
    location: str, name: str, address: str, city: str, country: str, timezone: str
) -> Doc:
    where = {"address": address, "city": city, "state": "", "country": country}
    more = {"postalCode": "10001", "website": f"https://{location}.example", "timezone": timezone}
    return {
        "id": location,
        "companyId": COMPANY,
        "name": name,
        "domain": "",
        "logoUrl": "",
        "firstName": "Robin",
        "lastName": "Harbour",
        "email": f"office@{location}.example",
        "phone": "+442079460001",
        **where,
        **more,
        "business": {"name": name, "logoUrl": "", **where, **more},
        "social": {},
        "settings": {
            "allowDuplicateContact": False,
            "allowDuplicateOpportunity": False,
            "allowFacebookNameMerge": False,
            "disableContactTimezone": False,
            "contactUniqueIdentifiers": ["email", "phone"],
        },
        "reseller": {},
        "suspended": False,
    }


def _objects(db: sqlite3.Connection, location: str) -> None:
    for key, singular, plural, primary in _STANDARD_OBJECTS:
        add_schema(
            db,
            location,
            key,
            {"singular": singular, "plural": plural},
            {"key": primary, "name": "Name", "dataType": "TEXT"},
            iso(_START),
            seeded_hex_id("object", location, key),
        )


def _tags(db: sqlite3.Connection, location: str, names: list[str]) -> None:
    for name in names:
        id = seeded_id("tag", location, name)
        tags.add(db, location, {"id": id, "name": name, "locationId": location})


def _extras(db: sqlite3.Connection, location: str) -> None:
    for name, status in _WORKFLOWS:
        moment = iso(_START)
        workflow: Doc = {
            "id": seeded_id("workflow", location, name),
            "name": name,
            "status": status,
        }
        workflow |= {"version": 1, "createdAt": moment, "updatedAt": moment}
        workflows.add(db, location, {**workflow, "locationId": location})
    value = {"name": "Training contact", "value": f"training@{location}.example"}
    value |= {"id": seeded_id("value", location), "locationId": location}
    custom_values.add(db, location, {**value, "fieldKey": "{{ custom_values.training_contact }}"})


def _businesses(db: sqlite3.Connection, location: str, names: list[str]) -> None:
    for name in names:
        domain = name.lower().replace(" ", "-") + ".example"
        business: Doc = {"id": _business_id(location, name), "name": name, "locationId": location}
        business |= {"email": f"hello@{domain}", "website": f"https://{domain}", "phone": ""}
        business |= {"createdAt": iso(_START), "updatedAt": iso(_START)}
        businesses.add(db, location, business)


def _contact(location: str, number: int, row: dict[str, str]) -> Doc:
    first, last = row["first"], row["last"]
    full = f"{first} {last}".strip()
    added = iso(_START + timedelta(hours=7 * number))
    email = f"{row['mailbox']}@{_domain(row)}" if row["mailbox"] else None
    return {
        "id": seeded_id("contact", location, number),
        "locationId": location,
        "name": full,
        "contactName": full,
        "firstName": first,
        "lastName": last,
        "firstNameLowerCase": first.lower(),
        "lastNameLowerCase": last.lower(),
        "fullNameLowerCase": full.lower(),
        "email": email,
        "emailLowerCase": email.lower() if email else None,
        "phone": f"{_DIALLING.get(row['country'], '+88810')}{_line(location, number)}",
        "companyName": row["business"] or None,
        "businessId": _business_id(location, row["business"]) if row["business"] else None,
        "city": row["city"],
        "country": row["country"],
        "type": "customer" if "customer" in row["tags"] else "lead",
        "source": "website form" if number % 3 else "import",
        "dnd": False,
        "tags": [tag for tag in row["tags"].split(";") if tag],
        "customFields": [],
        "additionalEmails": [],
        "additionalPhones": [],
        "followers": [],
        "dateAdded": added,
        "dateUpdated": added,
        "createdBy": {
            "source": "WEB_USER",
            "channel": "APP",
            "sourceId": seeded_id("user", "both-admin"),
            "timestamp": added,
        },
    }


def _domain(row: dict[str, str]) -> str:
    """A company's own domain; everybody else has an account with example.org."""
    business = row["business"].lower().replace(" ", "-")
    if row["mailbox"] != row["mailbox"].lower():
        return "Example.com"
    return f"{business}.example" if business else "example.org"


def _line(location: str, number: int) -> str:
    return f"{(0 if location == LOCATIONS[0] else 100) + number:04d}"


def _business_id(location: str, name: str) -> str:
    return seeded_hex_id("business", location, name)
