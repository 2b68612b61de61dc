"""The factory: a table of contents. Each concern brings its own `init_app`."""

from __future__ import annotations

from flask import Flask

from app import (
    background,
    blueprints,
    cli,
    error_answers,
    extensions,
    headers,
    htmx,
    icons,
    limits,
    proxies,
    request_text,
    schedule,
    template_filters,
    tenancy,
    transactions,
)
from config import Config


def create_app(config: Config | None = None) -> Flask:
    app = transactions.Hub(__name__)
    app.config.update(config or Config.from_environment())
    app.url_map.strict_slashes = False  # a call of the CRM must never meet a redirect
    app.url_map.merge_slashes = False
    proxies.init_app(app)
    extensions.init_app(app)
    request_text.init_app(app)
    headers.init_app(app)  # before tenancy: plain http is sent on before anybody is asked for proof
    tenancy.init_app(app)
    error_answers.init_app(app)
    htmx.init_app(app)
    icons.init_app(app)
    limits.init_app(app)
    template_filters.init_app(app)
    background.init_app(app)
    schedule.init_app(app)
    cli.init_app(app)
    blueprints.init_app(app)
    transactions.init_app(app)  # last in, first to run after a request: headers see a kept answer
    return app
