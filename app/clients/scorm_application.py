"""One application in SCORM Cloud: its credentials, and what calls of every kind share."""

import base64

from app.clients.http import Http, OutsideError, Pace
from app.clients.reading import text

SERVICE = "SCORM Cloud"


class Application:
    def __init__(
        self, base_url: str, app_id: str, secret_key: str, *, pace: Pace | None = None
    ) -> None:
        pair = base64.b64encode(f"{app_id}:{secret_key}".encode()).decode()
        self.app_id = app_id
        self._http = Http(SERVICE, base_url, authorization=f"Basic {pair}", pace=pace)

    def __repr__(self) -> str:
        return f"<ScormCloud {self.app_id}>"

    def _delete(self, path: str) -> None:
        try:
            self._http.call("DELETE", path)
        except OutsideError as error:
            if error.is_gone:
                return
            if error.status in (400, 401, 403):
                error.reason += " Deleting may be switched off for this application in SCORM Cloud."
            raise

    def _link(self, path: str, redirect_on_exit_url: str, expiry: int) -> str:
        body = {"redirectOnExitUrl": redirect_on_exit_url, "expiry": expiry}
        link = text(self._http.call("POST", path, body=body).get("launchLink"))
        if not link.startswith(("https://", "http://")):
            raise senseless("POST", path, "answered without a link")
        return link


def senseless(method: str, path: str, reason: str) -> OutsideError:
    """A good answer that lacks what it is for."""
    return OutsideError(SERVICE, method, path, reason, status=200, garbled=True)
