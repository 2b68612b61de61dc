"""Which workflows wait for our events: the CRM tells when somebody saves or removes our trigger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.clients.crm import trigger_path
from app.clients.reading import mapping, mappings, text
from app.deployment import setting
from app.errors import BadInput
from app.extensions import db
from app.models import Account, TriggerEvent, TriggerSubscription
from app.sync import trigger_filters

MOST_FILTERS = 20


def hear(account: Account, body: Mapping[str, Any]) -> str:
    """Keeps, changes or ends one subscription; says what came of it.

    Raises BadInput for a trigger that is not ours, an address that is not the CRM's, or filters
    that cannot be understood: then nothing is stored.
    """
    trigger = mapping(body.get("triggerData"))
    trigger_id = text(trigger.get("id"))[:64]
    if not trigger_id:
        raise BadInput("The trigger has no id.")
    known = find(account, trigger_id)
    if text(trigger.get("eventType")).upper() == "DELETED":
        if known is not None:
            known.end()
        return "removed"
    event, target_url, filters = checked(trigger)
    row = known or make(account, trigger_id, event, target_url)
    workflow_id = text(mapping(body.get("extras")).get("workflowId"))[:64]
    row.begin(event, target_url, filters, workflow_id)
    return "changed" if known else "subscribed"


def checked(trigger: Mapping[str, Any]) -> tuple[TriggerEvent, str, list[dict[str, Any]]]:
    key, target_url = text(trigger.get("key")), text(trigger.get("targetUrl"))
    if key not in set(TriggerEvent):
        raise BadInput("This trigger is not one of ours.")
    if trigger_path(setting("CRM_API_URL"), target_url) is None:
        raise BadInput("The address to call is not the CRM's.")
    filters = list(mappings(trigger.get("filters")))
    if len(filters) > MOST_FILTERS:
        raise BadInput(f"A trigger can have {MOST_FILTERS} filters at most.")
    if trouble := trigger_filters.trouble(filters):
        raise BadInput(trouble)
    kept = [{name: one.get(name) for name in ("field", "operator", "value")} for one in filters]
    return TriggerEvent(key), target_url, kept


def find(account: Account, trigger_id: str) -> TriggerSubscription | None:
    return db.session.scalar(
        select(TriggerSubscription).where(
            TriggerSubscription.account_id == account.id,
            TriggerSubscription.trigger_id == trigger_id,
        )
    )


def make(
    account: Account, trigger_id: str, event: TriggerEvent, target_url: str
) -> TriggerSubscription:
    """A new row; two messages at once make one."""
    row = TriggerSubscription(
        account_id=account.id, trigger_id=trigger_id, event=event, target_url=target_url
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        found = find(account, trigger_id)
        if found is None:
            raise
        return found
    return row
