"""The troubles of a chaos run: each breaks one thing for a moment, at random.

Every kind comes once, in an order that the dice choose, before they choose freely.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import requests
from redis.exceptions import RedisError

from tests.chaos import breaking, messages
from tests.chaos.learners import Learners
from tests.chaos.scene import Company
from tests.fixtures.sandbox import Controls
from tests.fixtures.stack import Stack
from tools.processes import FIRST_GAP

MOMENT = (0.5, 6.0)  # seconds between two troubles
LONGEST_PAUSE = 8.0  # seconds a program stands still, well below the lease
COPIES = 70  # of one postback
Kind = Callable[[], None]


class Trouble:
    """Makes trouble in a thread of its own until it is told to stop, and then puts all right."""

    def __init__(
        self,
        stack: Stack,
        learners: Learners,
        seed: int,
        minutes: float,
        show: Callable[[str], None],
    ) -> None:
        self.stack, self.learners, self.show = stack, learners, show
        self.dice = random.Random(seed)
        self.longest = min(minutes * 12, 150)  # seconds; in ten minutes Redis is away for two
        self.made: Counter[str] = Counter()
        self.problems: list[str] = []  # what should not have happened on the way
        self.logins: dict[str, messages.Login] = {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="trouble", daemon=True)
        self.kinds: list[tuple[int, Kind]] = [
            (5, self.crm_misbehaves),
            (2, self.crm_down),
            (1, self.tokens_expire),
            (1, self.location_suspended),
            (3, self.cloud_misbehaves),
            (3, self.postbacks_go_astray),
            (1, self.postback_70_times),
            (1, self.messages_forged),
            (1, self.postback_of_another_account),
            (4, self.kill_one),
            (2, self.pause_one),
            (1, self.rolling_restart),
            (1, self.database_restarted),
            (2, self.empty_redis),
            (1, self.restart_redis),
            (1, self.redis_away),
        ]

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """No more trouble; both outside systems behave again, and what ends starts soon."""
        self.stopped.set()
        self.thread.join()
        for system in (self.stack.sandbox.crm, self.stack.sandbox.cloud):
            system.faults()
        for company in self.learners.companies:
            self._suspend(company, False)
        for keeper in self.stack.supervisor.keepers.values():
            keeper.gap = FIRST_GAP

    def _run(self) -> None:
        for make in self._in_turn():
            if self.stopped.wait(self.dice.uniform(*MOMENT)):
                return
            name = make.__name__.replace("_", " ")
            self.show(name)
            self.made[name] += 1
            try:
                make()
            except (requests.RequestException, RedisError):
                pass  # it came while something else was broken
            except AssertionError as error:
                self.problems.append(f"{name}: {error}")

    def _in_turn(self) -> Iterator[Kind]:
        weights, kinds = zip(*self.kinds, strict=True)
        yield from self.dice.sample(kinds, len(kinds))
        while True:
            yield from self.dice.choices(kinds, weights)

    # The outside

    def crm_misbehaves(self) -> None:
        rates = ("rate_500", "rate_429", "rate_html", "timeout_before", "timeout_after", "reset")
        self._misbehave(self.stack.sandbox.crm, *rates)

    def crm_down(self) -> None:
        self._for_a_while(self.stack.sandbox.crm, down=True)

    def tokens_expire(self) -> None:
        self._for_a_while(self.stack.sandbox.crm, expire_tokens=True)

    def location_suspended(self) -> None:
        company = self._company()
        self._suspend(company, True)
        self.stopped.wait(self.dice.uniform(2, 10))
        self._suspend(company, False)

    def cloud_misbehaves(self) -> None:
        cloud = self.stack.sandbox.cloud
        chosen = self.dice.random()
        if chosen < 0.3:
            self._for_a_while(cloud, down=True)
        elif chosen < 0.5:
            self._for_a_while(cloud, latency_ms=self.dice.choice([1500, 4000]))
        else:
            self._misbehave(cloud, "rate_500", "rate_html", "timeout_before", "timeout_after")

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

    def _suspend(self, company: Company, suspended: bool) -> None:
        crm = self.stack.sandbox.crm
        crm.post("suspend", location=company.location, suspended=suspended)

    # Messages

    def postbacks_go_astray(self) -> None:
        astray = {
            "drop": self.dice.choice([0, 0.3]),
            "delay_s": self.dice.choice([0, 3]),
            "duplicate": self.dice.choice([0, 1.0]),
            "shuffle": self.dice.random() < 0.5,
        }
        self.stack.sandbox.cloud.faults(postbacks=astray)

    def postback_70_times(self) -> None:
        company = self._company()
        if registration := self._somebody(company):
            messages.repeat_last(company, self._login(company, registration), COPIES)

    def messages_forged(self) -> None:
        """A guessed password, and events of the CRM with a signature by another key."""
        company = self._company()
        if registration := self._somebody(company):
            user, _ = self._login(company, registration)
            praise = messages.praise(registration)
            self._refused(messages.post_back(company, (user, "guessed"), praise))
        contact = self.dice.choice(company.contacts()).id
        self._refused(messages.forge_event(company, "ContactDelete", id=contact))
        self._refused(messages.forge_event(company, "UNINSTALL"))

    def postback_of_another_account(self) -> None:
        """Truly from one account, about somebody who learns in another one."""
        sender, other = self.dice.sample(self.learners.companies, 2)
        known, registration = self._somebody(sender), self._somebody(other)
        if known and registration:
            login = self._login(sender, known)
            messages.post_back(sender, login, messages.praise(registration))

    def _company(self) -> Company:
        return self.dice.choice(self.learners.companies)

    def _somebody(self, company: Company) -> str | None:
        """The registration of one learner whom SCORM Cloud knows by now."""
        known = company.known_registrations()
        return self.dice.choice(known) if known else None

    def _login(self, company: Company, registration: str) -> messages.Login:
        if company.location not in self.logins:
            self.logins[company.location] = messages.login(company, registration)
        return self.logins[company.location]

    def _refused(self, status: int) -> None:
        if status < 300:
            self.problems.append(f"a forged message was answered with {status}")

    # The inside

    def kill_one(self) -> None:
        self.stack.kill(self.dice.choice(breaking.ours(self.stack)))

    def pause_one(self) -> None:
        with breaking.paused(self.stack, self.dice.choice(breaking.ours(self.stack))):
            self.stopped.wait(self.dice.uniform(0.5, LONGEST_PAUSE))

    def rolling_restart(self) -> None:
        breaking.roll(self.stack, *breaking.ours(self.stack))

    def database_restarted(self) -> None:
        seconds = min(self.dice.uniform(0.5, 8), self.longest)
        breaking.restart_database(self.stack, seconds, self.dice.random() < 0.5)

    def empty_redis(self) -> None:
        self.stack.redis.flushall()

    def restart_redis(self) -> None:
        self.stack.kill("redis")

    def redis_away(self) -> None:
        self.stack.kill("redis", self.dice.uniform(self.longest / 2, self.longest))
