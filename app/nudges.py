"""One bell for many commits: a burst of postbacks wakes a worker once, not a thousand times.

A nudge names a verb and no row; the verb looks for due rows by itself. Two things keep nudges few:
a process gathers those of a tenth of a second, and a mark in Redis says that one waits already.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from redis.exceptions import RedisError

from app.doorbell import JOB_SECONDS, name_of, queue
from app.extensions import redis

log = logging.getLogger(__name__)
NUDGE_SECONDS = 5  # a lost nudge silences further ones for so long at most
NUDGE_GAP = 0.1  # seconds; what a burst costs its last event at most
UNDER_WAY = "nudge"  # the name of the threads that will ring
ANSWER = "app.background.run_nudge"  # what a worker calls for a nudge


def nudge(verb: Callable[[], Any]) -> None:
    """Rings for `verb()`, which looks for due rows by itself; one bell for many commits.

    To be called after the commit. While a nudge waits for a worker, further ones cost a single
    question to Redis. The worker takes the mark away before it looks, so whoever finds the mark has
    committed before that look.
    """
    burst.add(name_of(verb), current_app._get_current_object())  # type: ignore[attr-defined]


class Burst:
    """Rings at once, in a burst at most ten times a second, then for all that came since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung_at = 0.0
        self._waiting: set[str] = set()

    def add(self, verb_name: str, app: Flask) -> None:
        with self._lock:
            if verb_name in self._waiting:
                return  # a timer is on its way and will ring after this commit
            wait = self._rung_at + NUDGE_GAP - time.monotonic()
            if wait <= 0:
                self._rung_at = time.monotonic()
            else:
                self._waiting.add(verb_name)
        if wait <= 0:
            ring(verb_name, app)
        else:
            timer = threading.Timer(wait, self._ring, [verb_name, app])
            timer.name = UNDER_WAY
            timer.daemon = True  # a process that ends leaves the rest to the sweeper
            timer.start()

    def _ring(self, verb_name: str, app: Flask) -> None:
        with self._lock:
            self._waiting.discard(verb_name)
            self._rung_at = time.monotonic()
        ring(verb_name, app)


burst = Burst()


def ring(verb_name: str, app: Flask) -> None:
    try:
        if redis(app).set(_mark(verb_name), "1", nx=True, ex=NUDGE_SECONDS):
            options = {"job_timeout": JOB_SECONDS, "result_ttl": 0, "failure_ttl": 60}
            queue(app).enqueue(ANSWER, verb_name, **options)
    except RedisError as error:
        log.warning("the bell could not be rung: %s", type(error).__name__)


def forget(verb_name: str) -> None:
    """A worker has heard it: what is committed from now on needs a nudge of its own."""
    redis(current_app._get_current_object()).delete(_mark(verb_name))  # type: ignore[attr-defined]


def _mark(verb_name: str) -> str:
    return f"hub:nudged:{verb_name}"
