"""What a message must say in a usable way before it is stored: who it is about, and when.

Only what our handlers look rows up by. Whatever else a message holds is kept as it came; it is
never believed, and a contact's name with half an emoji in it must not keep an event out.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from app.clients.crm_context import ID
from app.clients.crm_webhook import told_at
from app.models import now

NAME = re.compile("[^\0-\x1f\x7f\ud800-\udfff]{1,255}")
IDS = ("locationId", "companyId", "id", "newPlanId")
CLOCKS_DIFFER = timedelta(minutes=5)


def is_name(value: Any) -> bool:
    """A short text without control characters: an id or a word of another system."""
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def is_event(body: dict[str, Any]) -> bool:
    """An event of the CRM with a type, whose ids are ids wherever it names one."""
    names = [body.get("type"), body.get("webhookId") or "none"]
    ids = [body[name] for name in IDS if body.get(name)]
    return all(map(is_name, names)) and all(map(is_id, ids))


def is_id(value: Any) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def is_ahead(body: dict[str, Any]) -> bool:
    """Whether it claims to be from the future: it would win over whatever happens until then."""
    moment = told_at(body)
    return moment is not None and moment > now() + CLOCKS_DIFFER
