"""The three cookies: a session in its own tab, one in the CRM's frame, an installation under way.

The frame's is a convenience that many browsers refuse; nothing may depend on it.
"""

from __future__ import annotations

from flask import Response, current_app, request

from app.models.session import ABSOLUTE, STATE_LIFE

TAB, FRAME, INSTALLING = "hub_tab", "hub_frame", "hub_installing"


def read(name: str) -> str:
    return request.cookies.get(_full(name), "")


def keep_in_tab(response: Response, token: str) -> None:
    _keep(response, TAB, token, int(ABSOLUTE.total_seconds()), samesite="Lax")


def keep_in_frame(response: Response, token: str) -> None:
    """Third-party and partitioned: only readable under the same top-level site."""
    lasts = int(ABSOLUTE.total_seconds())
    response.set_cookie(
        _full(FRAME), token, lasts, secure=True, httponly=True, samesite="None", partitioned=True
    )


def keep_installing(response: Response, secret: str) -> None:
    _keep(response, INSTALLING, secret, int(STATE_LIFE.total_seconds()), samesite="Lax")


def forget(response: Response, name: str) -> None:
    response.delete_cookie(_full(name), secure=_secure(), httponly=True, samesite="Lax")


def _keep(response: Response, name: str, value: str, lasts: int, samesite: str) -> None:
    response.set_cookie(
        _full(name), value, lasts, secure=_secure(), httponly=True, samesite=samesite
    )


def _secure() -> bool:
    return bool(current_app.config["SECURE"])


def _full(name: str) -> str:
    """Browsers bind `__Host-` cookies to exactly this host and to https."""
    return f"__Host-{name}" if _secure() else name
