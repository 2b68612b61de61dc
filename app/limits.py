"""How often one address may use the public forms, counted in Redis, in memory while it is away;
and how deep the JSON may be that anybody sends.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


class ViewLimiter(Limiter):
    """Looks only at views that carry a limit; all other requests, postbacks above all, just pass.

    A decorated view asks for itself. What flask-limiter does before every request would find
    nothing to do here, at a tenth of what a postback costs in all.
    """

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


class ShallowJson(DefaultJSONProvider):
    """Thousands of brackets within brackets are no JSON that can be read, and no error of ours."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


limiter = ViewLimiter(get_remote_address, headers_enabled=True)


def init_app(app: Flask) -> None:
    app.json = ShallowJson(app)
    url = app.config["REDIS_URL"]
    if url.startswith("unix:"):
        url = "redis+" + url
    app.config.setdefault("RATELIMIT_STORAGE_URI", url)
    app.config.setdefault("RATELIMIT_IN_MEMORY_FALLBACK_ENABLED", True)
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "hub")
    limiter.init_app(app)
