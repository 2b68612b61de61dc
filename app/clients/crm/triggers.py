"""Starting workflows of the CRM that wait for an event of ours."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.clients.crm.connection import SERVICE, Connection
from app.clients.http import OutsideError, connectable

TRIGGER_PATH = re.compile(r"/workflows-marketplace/triggers/execute/[\w-]{1,100}/[\w-]{1,100}")


class Triggers(Connection):
    """Calls below /workflows-marketplace."""

    def fire(self, target_url: str, facts: Mapping[str, Any]) -> None:
        """POST /workflows-marketplace/triggers/execute/{app}/{subscription}: starts the workflow.

        Not repeatable: after an unknown outcome nobody can see whether it was started. Only the
        path of the address is used, so a token never goes anywhere but to the CRM.
        """
        path = trigger_path(self._http.base_url, target_url)
        if path is None:
            reason = "this is no address of a workflow trigger"
            raise OutsideError(SERVICE, "POST", "", reason, status=400, sent=False)
        self._http.call("POST", path, body=dict(facts))


def trigger_path(base_url: str, target_url: str) -> str | None:
    """The path of a trigger's address; None unless it lies on the CRM's API and is one of these."""
    base, target = urlsplit(connectable(base_url)[0]), urlsplit(connectable(target_url)[0])
    if (target.scheme, target.netloc) != (base.scheme, base.netloc):
        return None
    if target.query or target.fragment or not target.path.startswith(base.path):
        return None
    path = target.path.removeprefix(base.path)
    return path if TRIGGER_PATH.fullmatch(path) else None
