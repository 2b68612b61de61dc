"""The doorbell: a job in Redis that wakes a worker for one row.

A job carries the verb's dotted name, the row's class and its id. Redis may lose every bell: the
clock rings again for rows that are due (`app/schedule.py`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from app.extensions import redis

log = logging.getLogger(__name__)
QUEUE = "hub"
JOB_SECONDS = 110  # below the lease, so that nobody else takes the row meanwhile
A_SECOND = timedelta(seconds=1)  # RQ cuts the fraction off, and would ring before the row is due
ANSWER = "app.background.run"  # what a worker calls for a bell
Verb = Callable[..., Any]


@dataclass(frozen=True)
class Bell:
    verb: str
    model: str
    row_id: str
    wait: timedelta = timedelta()


def name_of(verb: Verb) -> str:
    return f"{verb.__module__}.{verb.__qualname__}"


def queue(app: Flask) -> Queue:
    return Queue(QUEUE, connection=redis(app), serializer=JSONSerializer)


def ring(bell: Bell, app: Flask | None = None, unique: bool = False) -> bool:
    """Puts one job into Redis. False if Redis is away: the sweeper will ring again."""
    app = app or current_app._get_current_object()  # type: ignore[attr-defined]
    options: dict[str, Any] = {
        "args": [bell.verb, bell.model, bell.row_id],
        "job_timeout": JOB_SECONDS,
        "result_ttl": 0,
        "failure_ttl": 3600,
    }
    try:
        if bell.wait:
            queue(app).enqueue_in(bell.wait + A_SECOND, ANSWER, **options)
        elif unique:
            queue(app).enqueue(ANSWER, job_id=once_per_lease(bell, app), unique=True, **options)
        else:
            queue(app).enqueue(ANSWER, **options)
    except DuplicateJobError:
        return True
    except RedisError as error:
        log.warning("the bell could not be rung: %s", type(error).__name__)
        return False
    return True


def once_per_lease(bell: Bell, app: Flask) -> str:
    """A job's name, so that a row that waits in the queue is not put there at every sweep.

    It changes with time: a job that failed or died keeps its name in Redis for long.
    """
    turn = int(time.time() // app.config["LEASE_SECONDS"])
    return f"sweep-{bell.model}-{bell.row_id}-{turn}"
