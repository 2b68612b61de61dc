"""The vendor's own Python client (generation v3) against the sandbox, run by its own interpreter.

Arguments: the address of the sandbox, a location's code, the agency's code. Prints one JSON object
of what came back; any refusal ends the script with its text.
"""

import asyncio
import json
import sys
from typing import Any

from highlevel import HighLevel  # type: ignore[import-not-found]

BASE, LOCATION_CODE, COMPANY_CODE = sys.argv[1:]
CLIENT = {"client_id": "sandboxapp-1", "client_secret": "sandbox-client-secret"}
KEY = "custom_objects.course_enrollment"


class Local(HighLevel):
    BASE_URL = BASE


async def token(client: Any, code: str, kind: str) -> dict[str, Any]:
    answer: dict[str, Any] = await client.oauth.get_access_token(
        {
            "clientId": CLIENT["client_id"],
            "clientSecret": CLIENT["client_secret"],
            "grantType": "authorization_code",
            "code": code,
            "userType": kind,
            "redirectUri": "https://hub.example/cb",
        }
    )
    return answer


async def main() -> dict[str, Any]:
    seen: dict[str, Any] = {}
    client = Local(**CLIENT, log_level="error")
    granted = await token(client, LOCATION_CODE, "Location")
    place = granted["locationId"]
    await client.session_storage.set_session(place, granted)
    company = await token(Local(**CLIENT, log_level="error"), COMPANY_CODE, "Company")
    agency = Local(**CLIENT, log_level="error", agency_access_token=company["accessToken"])
    seen["token"] = {name: granted[name] for name in ("userType", "tokenType", "expiresIn")}
    seen["company"] = {name: company[name] for name in ("userType", "isBulkInstallation")}
    seen |= await contacts(client, place)
    seen |= await objects(client, agency, place, seen["contact"])
    seen |= await the_rest(client, agency, place, seen["contact"], granted["companyId"])
    await client.close()
    await agency.close()
    return seen


async def contacts(client: Any, place: str) -> dict[str, Any]:
    header = {"headers": {"locationId": place}}
    search = await client.contacts.search_contacts_advanced({"locationId": place, "pageLimit": 5})
    made = await client.contacts.upsert_contact(
        {"locationId": place, "email": "New.Person+x@example.org", "firstName": "Zoë"}
    )
    id = made["contact"]["id"]
    got = await client.contacts.get_contact(id, options=header)
    added = await client.contacts.add_tags(id, {"tags": ["scorm-enrolled"]}, options=header)
    gone = await client.contacts.remove_tags(id, {"tags": ["scorm-enrolled"]}, options=header)
    note = await client.contacts.create_note(id, {"body": "done"}, options=header)
    notes = await client.contacts.get_all_notes(id, options=header)
    double = await client.contacts.get_duplicate_contact(place, email="new.person+x@example.org")
    return {
        "found": len(search["contacts"]),
        "total": search["total"],
        "new": made["new"],
        "contact": id,
        "first_name": got["contact"]["firstName"],
        "tags": [added["tags"], gone["tags"]],
        "note": note["note"]["body"],
        "notes": len(notes["notes"]),
        "duplicate": double["contact"]["id"],
        "location": (await client.locations.get_location(place))["location"]["name"],
        "location_tags": len((await client.locations.get_location_tags(place))["tags"]),
        "created_tag": (await client.locations.create_tag(place, {"name": "SDK Tag"}))["tag"][
            "name"
        ],
        "contact_fields": (await client.locations.get_custom_fields(place, model="contact")),
        "custom_value": (
            await client.locations.create_custom_value(place, {"name": "Link", "value": "x"})
        )["customValue"]["fieldKey"],
    }


async def objects(client: Any, agency: Any, place: str, contact: str) -> dict[str, Any]:
    header = {"headers": {"locationId": place}}
    schema = await agency.objects.create_custom_object_schema(
        {
            "locationId": place,
            "labels": {"singular": "Enrolment", "plural": "Enrolments"},
            "key": "course_enrollment",
            "primaryDisplayPropertyDetails": {"key": "name", "name": "Name", "dataType": "TEXT"},
        }
    )
    fields = await client.custom_fields.get_custom_fields_by_object_key(KEY, place)
    folder = fields["folders"][0]["id"]
    field = await client.custom_fields.create_custom_field(
        {
            "locationId": place,
            "name": "Progress",
            "dataType": "NUMERICAL",
            "fieldKey": f"{KEY}.progress",
            "objectKey": KEY,
            "parentId": folder,
            "showInForms": True,
        }
    )
    await client.objects.update_custom_object(
        KEY, {"locationId": place, "searchableProperties": [f"{KEY}.name"]}
    )
    record = await client.objects.create_object_record(
        KEY, {"locationId": place, "properties": {"name": "SDK record"}}
    )
    id = record["record"]["id"]
    await client.objects.update_object_record(KEY, id, place, {"properties": {"progress": 50}})
    found = await client.objects.search_object_records(
        {"locationId": place, "page": 1, "pageLimit": 10, "query": "name:SDK", "searchAfter": []},
        schema_key=KEY,
    )
    link = await client.associations.create_association(
        {
            "locationId": place,
            "key": "contact_enrollment",
            "firstObjectLabel": "Learner",
            "firstObjectKey": "contact",
            "secondObjectLabel": "Enrolment",
            "secondObjectKey": KEY,
        }
    )
    await client.associations.create_relation(
        {
            "locationId": place,
            "associationId": link["id"],
            "firstRecordId": contact,
            "secondRecordId": id,
        }
    )
    related = await client.associations.get_relations_by_record_id(contact, place, 0, 100)
    by_key = await client.associations.get_association_key_by_key_name("contact_enrollment", place)
    listed = await client.associations.find_associations(place, 0, 100)
    got = await client.objects.get_record_by_id(KEY, id, options=header)
    described = await client.objects.get_object_schema_by_key(KEY, place, "true")
    everything = await client.objects.get_object_by_location_id(place)
    await client.associations.delete_relation(related["relations"][0]["id"], place)
    await client.objects.delete_object_record(KEY, id, options=header)
    return {
        "schema": schema["object"]["key"],
        "field": field["field"]["fieldKey"],
        "records": found["total"],
        "progress": got["record"]["properties"]["progress"],
        "related": related["total"],
        "association": by_key["id"] == link["id"] == listed["associations"][0]["id"],
        "described": len(described["fields"]),
        "objects": len(everything["objects"]),
    }


async def the_rest(
    client: Any, agency: Any, place: str, contact: str, company: str
) -> dict[str, Any]:
    header = {"headers": {"locationId": place}}
    flows = await client.workflows.get_workflow(place)
    flow = flows["workflows"][0]["id"]
    entered = await client.contacts.add_contact_to_workflow(contact, flow, {}, options=header)
    charge = await client.marketplace.charge(
        {
            "appId": "sandboxapp",
            "meterId": "sandbox-registrations",
            "eventId": "e1",
            "locationId": place,
            "companyId": company,
            "description": "one registration",
            "units": 1,
        }
    )
    funds = await client.marketplace.has_funds(options=header)
    business = await client.businesses.create_business({"locationId": place, "name": "SDK Ltd"})
    companies = await client.businesses.get_businesses_by_location(place)
    users = await client.users.search_users(company, location_id=place)
    installer = await client.marketplace.get_installer_details("sandboxapp", options=header)
    config = await client.marketplace.get_rebilling_config_for_app("sandboxapp", place)
    sent = await client.conversations.send_a_new_message(
        {"type": "Email", "contactId": contact, "subject": "Hello", "html": "<p>Hi</p>"},
        options=header,
    )
    menu = await agency.custom_menus.create_custom_menu(
        {
            "title": "Training",
            "url": "https://hub.example",
            "icon": {"name": "book", "fontFamily": "fas"},
            "showOnCompany": True,
            "showOnLocation": True,
            "showToAllLocations": True,
            "openMode": "iframe",
            "locations": [],
            "userRole": "all",
        }
    )
    swapped = await agency.oauth.get_location_access_token(
        {"companyId": company, "locationId": place}
    )
    installed = await agency.oauth.get_installed_location(company, "sandboxapp", page_size=20)
    owner = await agency.companies.get_company(company)
    return {
        "workflow": entered["succeeded"],
        "charge": charge["success"],
        "funds": funds["hasFunds"],
        "business": business["buiseness"]["name"],
        "businesses": len(companies["businesses"]),
        "users": users["count"],
        "installer": installer["installationDetails"]["locationId"],
        "plans": len(config["plans"]["subscription"]),
        "message": bool(sent["messageId"]),
        "menu": menu["customMenu"]["title"],
        "swapped": bool(swapped["accessToken"] and swapped["refreshToken"]),
        "installed": len(installed["items"]),
        "owner": owner["company"]["id"],
    }


print(json.dumps(asyncio.run(main())))
