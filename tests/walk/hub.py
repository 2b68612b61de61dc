"""The running hub as the walk has it: in this process, in any of the states that were seeded."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import update

from app.background import QUEUE
from app.extensions import db
from app.models import AdminSession, across_accounts, now
from tests.fixtures.sandbox import Sandbox
from tests.hub_client import InlineWorker, empty_tables
from tests.walk import world
from tests.walk.rows import Rows, Tables
from tests.walk.world import World
from tools.environment import Ports


class Hub:
    """The running hub: where it is, what it holds, and how to have it in another state."""

    def __init__(self, app: Flask, sandbox: Sandbox, redis_url: str, ports: Ports) -> None:
        self.app, self.sandbox, self.ports = app, sandbox, ports
        self.redis: Redis = Redis.from_url(redis_url)
        self.url = ports.hub_url
        self.tables = Tables(app.config["DATABASE_URL"])
        self.world: World
        self.states: dict[str, Rows] = {}

    def seed(self, folder: Path) -> None:
        self.sandbox.reset()
        # What the outside tells by itself would come between two presses, and go with the next.
        self.sandbox.crm.faults(webhooks={"drop": 1})
        self.sandbox.cloud.faults(postbacks={"drop": 1})
        self.redis.flushall()
        with self.app.app_context():
            empty_tables()
            self.world = world.everything(self.sandbox, folder, self.work)
            everything = self.tables.keep()
            for name, change in world.STATES.items():
                self.tables.put_back(everything)
                db.session.remove()
                with world.changed(self.world) as account:
                    change(account)
                self.states[name] = self.tables.keep()

    def be(self, state: str) -> None:
        """As it was kept, whatever has been done since; nothing waits in the queue. Only those who
        are signed in have been active just now: a walk takes longer than a session without use."""
        self.redis.flushall()
        self.tables.put_back(self.states[state])
        with self.app.app_context(), across_accounts():
            fresh = {"seen_at": now(), "confirmed_at": now()}
            db.session.execute(update(AdminSession).values(fresh))
            db.session.commit()
            db.session.remove()

    def finish(self) -> None:
        """What was going on in the state "at work" has ended."""
        with self.app.app_context(), world.changed(self.world) as account:
            world.finish(account)

    def work(self) -> None:
        """Does what the queue holds, as a worker would."""
        queue = Queue(QUEUE, connection=self.redis, serializer=JSONSerializer)
        worker = InlineWorker([queue], connection=self.redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")
