"""The CRM's API in its dated dialect, seen from one location.

`Crm` is the client of one location; `CrmApp` is our app's own part: installing, tokens, where it is
installed. Both raise `OutsideError` only and answer with the small dataclasses named here, so that
the vendor's key names stay in this folder.
"""

from app.clients.crm.connection import Connection, OnUnauthorised
from app.clients.crm.contacts import Contact, Contacts, Note
from app.clients.crm.installation import Installation, InstallationCalls
from app.clients.crm.oauth import CrmApp, InstalledLocation, Token, authorize_url, grant_is_dead
from app.clients.crm.objects import Field, Folder, Objects, ObjectSchema, Record
from app.clients.crm.places import Business, Location, Places, User, Workflow
from app.clients.crm.relations import Association, Relation, Relations
from app.clients.crm.triggers import Triggers, trigger_path
from app.clients.http import OutsideError, Pace

__all__ = [
    "Association",
    "Business",
    "Contact",
    "Crm",
    "CrmApp",
    "Field",
    "Folder",
    "Installation",
    "InstalledLocation",
    "Location",
    "Note",
    "ObjectSchema",
    "OnUnauthorised",
    "OutsideError",
    "Pace",
    "Record",
    "Relation",
    "Token",
    "User",
    "Workflow",
    "authorize_url",
    "grant_is_dead",
    "trigger_path",
]


class Crm(Contacts, Places, Objects, Relations, Triggers, InstallationCalls, Connection):
    """One location of the CRM. Each parent holds the calls of one kind of thing."""
