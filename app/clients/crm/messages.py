"""What reaches people and workflows: messages to a contact, and our app's triggers."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.clients.crm.connection import Connection
from app.clients.http import connectable
from app.clients.reading import text

CONVERSATIONS_VERSION = "2021-04-15"
TRIGGER_PATH = re.compile(r"/workflows-marketplace/triggers/execute/[\w-]+/[\w-]+")


class Messages(Connection):
    """Calls that make something happen outside our two systems."""

    def send_email(self, contact_id: str, subject: str, html: str) -> str:
        """POST /conversations/messages: a real e-mail, billed to the customer. The message's id.

        It cannot be taken back and repeating it sends it twice: keep a send-once key.
        """
        body = {"type": "Email", "contactId": contact_id, "subject": subject, "html": html}
        return self.send_message(body)

    def send_message(self, body: Mapping[str, Any]) -> str:
        """POST /conversations/messages, any type (SMS, Email, ...) in the CRM's own words."""
        answer = self._http.call(
            "POST",
            "/conversations/messages",
            body=dict(body),
            headers={"Version": CONVERSATIONS_VERSION},
        )
        return text(answer.get("messageId"))

    def fire_trigger(self, target_url: str, payload: Mapping[str, Any]) -> None:
        """POST to a trigger's target. ValueError for an address that is not the CRM's."""
        self._http.call("POST", trigger_path(target_url, self._http.base_url), body=dict(payload))


def trigger_path(target_url: str, base_url: str) -> str:
    """The path of a trigger's target, which must be on the API's own host.

    The target came in a message and our token goes out with the call, so nothing else may be
    called.
    """
    target, ours = (urlsplit(connectable(url)[0]) for url in (target_url, base_url))
    same_place = (target.scheme, target.netloc) == (ours.scheme, ours.netloc)
    extras = target.query or target.fragment
    if not same_place or extras or not TRIGGER_PATH.fullmatch(target.path):
        raise ValueError("this trigger address does not belong to the CRM")
    return target.path
