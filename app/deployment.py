"""What this deployment is: its settings, for code that knows no request, and its app at the CRM."""

from __future__ import annotations

from typing import Any

from flask import current_app

from app.clients.crm import CrmApp


def setting(name: str) -> Any:
    """One of the settings listed in config.py."""
    return current_app.config[name]


def crm_app() -> CrmApp:
    """Our app as the CRM's marketplace knows it: for installing and for tokens."""
    return CrmApp(setting("CRM_API_URL"), setting("CRM_CLIENT_ID"), setting("CRM_CLIENT_SECRET"))
