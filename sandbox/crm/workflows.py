"""``/workflows``, and the address at which an app fires its own triggers."""

from flask import Blueprint

from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import Doc, trigger_firings, workflows
from sandbox.crm.ids import new_id
from sandbox.crm.shapes import Shape, filled

bp = Blueprint("workflows", __name__)


class _AnyObject(Shape):
    """A trigger's sample data is the app's own, so every property is welcome."""

    def problems(self, value: object) -> list[str]:
        return []


@bp.get("/workflows/")
@endpoint("workflows.readonly", query=Shape({"locationId": filled}))
def list_workflows(call: Call) -> Doc:
    return {"workflows": workflows.list(call.db, call.location)}


@bp.post("/workflows-marketplace/triggers/execute/<app>/<subscription>")
@endpoint(None, body=_AnyObject())
def fire(call: Call, app: str, subscription: str) -> Answer:
    """Fire a trigger for one subscription of a workflow; the sandbox keeps what was sent."""
    firing = {
        "id": new_id(),
        "app": app,
        "subscription": subscription,
        "payload": call.body,
        "dateAdded": call.now,
    }
    trigger_firings.add(call.db, call.location, firing)
    contact = call.body.get("contactId")
    call.changed("trigger_fired", contact if isinstance(contact, str) else None, firing["payload"])
    return {"success": True, "message": "Trigger executed"}, 200
