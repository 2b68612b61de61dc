"""What every page of an account says at the top, because work stands still until it is done."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts import tokens
from app.models import Account, ScormConnection


@dataclass(frozen=True)
class Banner:
    text: str
    tone: str
    action: str | None = None
    href: str | None = None


def shown_to(account: Account) -> list[Banner]:
    found = []
    if account.cancelled_at is not None:
        found.append(
            Banner(
                "This account was cancelled. Its data can be read; nobody can be enrolled, no "
                "course can be opened, and nothing is sent to the CRM.",
                "warn",
                "Open it again",
                "/settings/account-mode",
            )
        )
    if tokens.needs_reconnect(account):
        found.append(
            Banner(
                "The CRM no longer accepts our access. Nothing is lost: everything that waits is "
                "written after you reconnect.",
                "warn",
                "Reconnect",
                "/install?reconnect",
            )
        )
    if account.scorm_connection == ScormConnection.REFUSED:
        found.append(
            Banner(
                "SCORM Cloud refuses the App ID and Secret Key. Enter both again.",
                "warn",
                "Settings → SCORM Cloud",
                "/settings/scorm-cloud",
            )
        )
    return found
