"""The troubles of a chaos run: each breaks one thing for a moment, at random."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import requests
from redis.exceptions import RedisError

from tests.fixtures.sandbox import Controls
from tests.fixtures.stack import Stack
from tools import sessions

KILLED = ("worker", "worker-2", "clock", "clock-2", "web")
MOMENT = (0.5, 6.0)  # seconds between two troubles
LONGEST_PAUSE = 8.0  # seconds a program stands still, well below the lease


class Trouble:
    """Makes trouble in a thread of its own until it is told to stop, and then puts all right."""

    def __init__(self, stack: Stack, seed: int, show: Callable[[str], None]) -> None:
        self.stack, self.show = stack, show
        self.dice = random.Random(seed)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="trouble", daemon=True)
        self.kinds: list[tuple[int, Callable[[], None]]] = [
            (5, self.crm_misbehaves),
            (2, self.crm_down),
            (1, self.tokens_expire),
            (3, self.cloud_misbehaves),
            (3, self.postbacks_go_astray),
            (4, self.kill_one),
            (2, self.pause_one),
            (2, self.empty_redis),
            (1, self.restart_redis),
        ]

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """No more trouble; both outside systems behave again."""
        self.stopped.set()
        self.thread.join()
        for system in (self.stack.sandbox.crm, self.stack.sandbox.cloud):
            system.faults()

    def _run(self) -> None:
        weights, kinds = zip(*self.kinds, strict=True)
        while not self.stopped.wait(self.dice.uniform(*MOMENT)):
            make = self.dice.choices(kinds, weights)[0]
            self.show(make.__name__.replace("_", " "))
            with suppress(requests.RequestException, RedisError):
                make()

    # The outside

    def crm_misbehaves(self) -> None:
        rates = ("rate_500", "rate_429", "rate_html", "timeout_before", "timeout_after", "reset")
        self._misbehave(self.stack.sandbox.crm, *rates)

    def crm_down(self) -> None:
        self._for_a_while(self.stack.sandbox.crm, down=True)

    def tokens_expire(self) -> None:
        self._for_a_while(self.stack.sandbox.crm, expire_tokens=True)

    def cloud_misbehaves(self) -> None:
        if self.dice.random() < 0.3:
            self._for_a_while(self.stack.sandbox.cloud, down=True)
        else:
            self._misbehave(self.stack.sandbox.cloud, "rate_500", "rate_html", "timeout_before")

    def postbacks_go_astray(self) -> None:
        astray = {
            "drop": self.dice.choice([0, 0.3]),
            "delay_s": self.dice.choice([0, 3]),
            "duplicate": self.dice.choice([0, 1.0]),
            "shuffle": self.dice.random() < 0.5,
        }
        self.stack.sandbox.cloud.faults(postbacks=astray)

    def _misbehave(self, system: Controls, *rates: str) -> None:
        chosen = self.dice.sample(rates, 3)
        faults: dict[str, Any] = {rate: round(self.dice.uniform(0.05, 0.3), 2) for rate in chosen}
        faults["hold_s"] = self.dice.choice([0.2, 2, 12])  # the longest outlasts the hub's patience
        faults["latency_ms"] = self.dice.choice([0, 50, 400])
        self._for_a_while(system, **faults)

    def _for_a_while(self, system: Controls, **faults: Any) -> None:
        system.faults(**faults)
        self.stopped.wait(self.dice.uniform(2, 10))
        system.faults()

    # The inside

    def kill_one(self) -> None:
        self.stack.kill(self.dice.choice(KILLED))

    def pause_one(self) -> None:
        name = self.dice.choice(KILLED)
        processes = sessions.members([self.stack.supervisor[name].process.pid])
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        self.stopped.wait(self.dice.uniform(0.5, LONGEST_PAUSE))
        for process in processes:
            sessions.send(process, signal.SIGCONT)

    def empty_redis(self) -> None:
        self.stack.redis.flushall()

    def restart_redis(self) -> None:
        self.stack.kill("redis")
