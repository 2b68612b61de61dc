"""Our app's own installation at the CRM: who installed it, and taking it away."""

from dataclasses import dataclass
from typing import Any, Self

from app.clients.crm.connection import Connection
from app.clients.http import part
from app.clients.reading import mapping, text


@dataclass(frozen=True)
class Installation:
    """Who installed the app; `white_label_domain` is the agency's own address of the CRM, if it has
    one.
    """

    company_id: str
    location_id: str
    company_name: str
    user_id: str
    plan_id: str
    white_label_domain: str
    white_label_logo_url: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        label = mapping(answer.get("whitelabelDetails"))
        return cls(
            company_id=text(answer.get("companyId")),
            location_id=text(answer.get("locationId")),
            company_name=text(answer.get("companyName")),
            user_id=text(answer.get("userId")),
            plan_id=text(answer.get("marketplaceAppPlanId")),
            white_label_domain=text(label.get("domain")),
            white_label_logo_url=text(label.get("logoUrl")),
        )


class InstallationCalls(Connection):
    """Calls below /marketplace/app. `app_id` is the client id up to its dash."""

    def installer_details(self, app_id: str) -> Installation:
        """GET /marketplace/app/{app}/installations."""
        answer = self._http.call("GET", f"/marketplace/app/{part(app_id)}/installations")
        return Installation.parse(mapping(answer.get("installationDetails")))

    def uninstall(self, app_id: str, reason: str) -> None:
        """DELETE /marketplace/app/{app}/installations, for this location only."""
        path = f"/marketplace/app/{part(app_id)}/installations"
        self._http.call("DELETE", path, body={**self._here, "reason": reason})
