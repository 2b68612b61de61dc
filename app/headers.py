"""The safe headers of every answer, in one place: content policy, framing, sniffing, referrer."""

from __future__ import annotations

import secrets

from flask import Flask, Response, current_app, g, make_response, redirect, request

from app.tenancy import current_session

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def allow_frames(origins: list[str]) -> None:
    """Lets these origins frame the answer of this request; by default nobody may."""
    g.frame_ancestors = origins


def frame_ancestors() -> str:
    if "frame_ancestors" in g:
        return " ".join(g.frame_ancestors) or "'none'"
    session = current_session()
    if session is not None and session.embed_origin:
        return session.embed_origin
    return "'none'"


def policy() -> str:
    storage = current_app.config["STORAGE_ORIGIN"]
    players = " ".join(current_app.config["SCORM_PLAYER_ORIGINS"])
    nonce = f"'nonce-{csp_nonce()}'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {nonce}",
            f"style-src 'self' {nonce}",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {storage}".strip(),
            f"form-action 'self' {players}",  # browsers hold a form's redirects to this, too
            "base-uri 'none'",
            f"frame-ancestors {frame_ancestors()}",
        )
    )


def fixed() -> dict[str, str]:
    """What every answer says, whoever asks: the part that no request and no session changes."""
    return EVERYWHERE | HTTPS_ONLY if current_app.config["SECURE"] else EVERYWHERE


def secure(response: Response) -> Response:
    headers = response.headers
    if response.mimetype == "text/html":
        headers["Content-Security-Policy"] = policy()
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    for name, value in fixed().items():
        headers.setdefault(name, value)
    if request.path.startswith("/static/"):
        del headers["Cross-Origin-Resource-Policy"]
    return response


def insist_on_https() -> Response | None:
    """Browsers that came by plain http are sent on, or their cookies would be lost.

    Never a webhook (its sender takes a redirect for success) and never the platform's own looks.
    """
    if not current_app.config["SECURE"] or request.is_secure:
        return None
    if request.path.startswith("/api/") or request.blueprint == "health":
        return None
    target = current_app.config["PUBLIC_URL"] + request.full_path.rstrip("?")
    return make_response(redirect(target, 308))


def init_app(app: Flask) -> None:
    app.before_request(insist_on_https)
    app.after_request(secure)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
