"""The CRM's rate limit: so many calls in any ten seconds, and so many in a day, per location.

Counted in memory: a restart forgets, as it may.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field


@dataclass
class _Window:
    recent: deque[float] = field(default_factory=deque)
    day: int = 0
    today: int = 0


class Pace:
    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def take(
        self, resource: str, most: int, interval_s: float, daily: int
    ) -> tuple[bool, dict[str, str]]:
        """Count one call of a location or agency: whether it may pass, and the answer's headers."""
        with self._lock:
            window = self._windows.setdefault(resource, _Window())
            now = time.monotonic()
            while window.recent and window.recent[0] <= now - interval_s:
                window.recent.popleft()
            day = int(time.time() // 86400)
            if day != window.today:
                window.today, window.day = day, 0
            allowed = len(window.recent) < most and window.day < daily
            if allowed:
                window.recent.append(now)
                window.day += 1
            return allowed, {
                "X-RateLimit-Limit-Daily": str(daily),
                "X-RateLimit-Daily-Remaining": str(daily - window.day),
                "X-RateLimit-Interval-Milliseconds": str(int(interval_s * 1000)),
                "X-RateLimit-Max": str(most),
                "X-RateLimit-Remaining": str(max(0, most - len(window.recent))),
            }

    def forget(self) -> None:
        """Give every location a full allowance again."""
        with self._lock:
            self._windows.clear()
