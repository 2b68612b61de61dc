"""``/conversations``: where messages to contacts end up. They are kept here and never sent."""

from flask import Blueprint

from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.contacts import known
from sandbox.crm.documents import Doc, conversations, messages
from sandbox.crm.ids import new_id
from sandbox.crm.refusals import bad_request, not_found
from sandbox.crm.shapes import (
    Shape,
    anything,
    boolean,
    email,
    filled,
    list_of,
    number,
    one_of,
    text,
)

bp = Blueprint("conversations", __name__)

TYPES = ("SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK")
_TEXTS = [
    "appointmentId",
    "html",
    "message",
    "subject",
    "replyMessageId",
    "templateId",
    "threadId",
    "conversationProviderId",
    "customSubtypeId",
    "emailReplyMode",
    "fromNumber",
    "toNumber",
    "status",
    "optimizationPeriod",
]
_MESSAGE = Shape(
    {"type": one_of(*TYPES), "contactId": filled},
    {
        **dict.fromkeys(_TEXTS, text),
        "emailFrom": text,
        "emailTo": email,
        **dict.fromkeys(("attachments", "emailCc", "emailBcc"), list_of(text)),
        "scheduledTimestamp": number,
        "usesNativeSchedulingAi": boolean,
        "subType": anything,
        "forward": anything,
    },
)


@bp.post("/conversations/messages")
@endpoint("conversations/message.write", body=_MESSAGE)
def send(call: Call) -> Doc:
    """Send an e-mail or a text message to a contact (in the sandbox: keep it on the timeline)."""
    contact = known(call, call.body["contactId"])
    kind = call.body["type"]
    if kind == "Email" and not (call.body.get("emailTo") or contact.get("email")):
        raise bad_request("Contact has no email address")
    if kind in ("SMS", "WhatsApp") and not (call.body.get("toNumber") or contact.get("phone")):
        raise bad_request("Contact has no phone number")
    if contact.get("dnd"):
        raise bad_request("Cannot send message as DND is active for the contact")
    conversation = _conversation(call, contact["id"])
    message = {
        **call.body,
        "id": new_id(),
        "conversationId": conversation["id"],
        "direction": "outbound",
        "dateAdded": call.now,
    }
    messages.add(call.db, call.location, message)
    conversations.change(call.db, conversation, lastMessageDate=call.now, dateUpdated=call.now)
    shown = ("type", "subject", "message", "html")
    value = {name: call.body[name] for name in shown if name in call.body}
    call.changed("message_sent", contact["id"], value)
    answer = {
        "conversationId": conversation["id"],
        "messageId": message["id"],
        "msg": "Message queued successfully.",
        "status": "pending",
    }
    return {**answer, "emailMessageId": new_id()} if kind == "Email" else answer


@bp.post("/conversations/")
@endpoint("conversations.write", body=Shape({"locationId": filled, "contactId": filled}))
def create(call: Call) -> Answer:
    known(call, call.body["contactId"])
    if conversations.first(call.db, call.location, contact_id=call.body["contactId"]):
        raise bad_request("Conversation already exists for the contact")
    call.changed()
    return {"success": True, "conversation": _conversation(call, call.body["contactId"])}, 201


@bp.get("/conversations/<conversation_id>")
@endpoint("conversations.readonly")
def get(call: Call, conversation_id: str) -> Doc:
    return _known(call, conversation_id)


@bp.get("/conversations/<conversation_id>/messages")
@endpoint("conversations/message.readonly")
def list_messages(call: Call, conversation_id: str) -> Doc:
    _known(call, conversation_id)
    found = messages.list(call.db, call.location, conversation_id=conversation_id)[::-1]
    last = found[-1]["id"] if found else ""
    return {"messages": {"messages": found, "lastMessageId": last, "nextPage": False}}


def _known(call: Call, conversation_id: str) -> Doc:
    found = conversations.get(call.db, call.location, conversation_id)
    if found is None:
        raise not_found(f"Conversation with id {conversation_id} not found")
    return found


def _conversation(call: Call, contact_id: str) -> Doc:
    """The contact's conversation, opened if there is none yet."""
    found = conversations.first(call.db, call.location, contact_id=contact_id)
    return found or conversations.add(
        call.db,
        call.location,
        {
            "id": new_id(),
            "contactId": contact_id,
            "locationId": call.location,
            "deleted": False,
            "dateAdded": call.now,
            "dateUpdated": call.now,
            "lastMessageDate": call.now,
        },
    )
