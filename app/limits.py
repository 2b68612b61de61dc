"""How often one address may use the public forms. Counted in Redis; in memory while it is away."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, headers_enabled=True)


def init_app(app: Flask) -> None:
    url = app.config["REDIS_URL"]
    if url.startswith("unix:"):
        url = "redis+" + url
    app.config.setdefault("RATELIMIT_STORAGE_URI", url)
    app.config.setdefault("RATELIMIT_IN_MEMORY_FALLBACK_ENABLED", True)
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "hub")
    limiter.init_app(app)
