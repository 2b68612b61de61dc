"""Whether this process is alive, and whether it can do its work."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request
from redis.exceptions import RedisError
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db, redis
from app.models import (
    Course,
    CrmEffect,
    DriftCheck,
    Enrollment,
    SyncRun,
    TriggerFiring,
    WebhookEvent,
    across_accounts,
    now,
)

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """Touches nothing: a process that answers is alive."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
def ready() -> Response:
    """The database decides; without Redis work is late, not lost, so that is only `degraded`."""
    try:
        db.session.execute(text("select 1"))
    except SQLAlchemyError:
        response = jsonify(status="unavailable", database="unreachable")
        response.status_code = 503
        return response
    return jsonify(status="ready" if redis_answers() else "degraded", database="ok")


def redis_answers() -> bool:
    try:
        return bool(redis(current_app._get_current_object()).ping())  # type: ignore[attr-defined]
    except RedisError:
        return False


@blueprint.get("/metrics")
def metrics() -> Response:
    """Plain text for a scraper that knows METRICS_TOKEN; closed when none is set."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    lines = [f"hub_{name} {value}" for name, value in owed_work().items()]
    response = make_response("\n".join(lines) + "\n")
    response.mimetype = "text/plain"
    return response


def owed_work() -> dict[str, float]:
    """Rows that owe work, rows that are parked, and the age in seconds of the oldest due one."""
    figures: dict[str, float] = {}
    tables: dict[str, Any] = {
        "inbox": WebhookEvent,
        "imports": Course,
        "registrations": Enrollment,
        "crm": CrmEffect,
        "syncs": SyncRun,
        "triggers": TriggerFiring,
        "drift": DriftCheck,
    }
    with across_accounts():
        for name, model in tables.items():
            owed, oldest = db.session.execute(
                select(func.count(), func.min(model.owed_since)).where(model.due_at.is_not(None))
            ).one()
            parked = select(func.count()).where(model.needs_attention())
            figures[f"{name}_owed"] = owed
            figures[f"{name}_parked"] = db.session.scalar(parked) or 0
            figures[f"{name}_oldest_seconds"] = (now() - oldest).total_seconds() if oldest else 0
    return figures
