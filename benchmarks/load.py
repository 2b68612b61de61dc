"""A load of POSTs over kept-alive connections, each answer timed."""

from __future__ import annotations

import http.client
import itertools
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECTIONS = 8


@dataclass
class Figures:
    """Answers per second, and the milliseconds that the slowest of a hundred took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def p99_ms(self) -> float:
        return 1000 * statistics.quantiles(self.latencies, n=100)[98]


def post(
    port: int, path: str, body_of: Callable[[int], bytes], headers: dict[str, str], seconds: float
) -> Figures:
    """Posts as fast as the answers come, on eight connections, for so many seconds."""
    figures, numbers, lock = Figures(), itertools.count(), threading.Lock()
    started = time.perf_counter()
    end = started + seconds

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        took, failures = [], 0
        while (begun := time.perf_counter()) < end:
            connection.request("POST", path, body_of(next(numbers)), headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status < 300:
                took.append(time.perf_counter() - begun)
            else:
                failures += 1
        with lock:
            figures.latencies += took
            figures.failures += failures

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures.seconds = time.perf_counter() - started
    return figures
