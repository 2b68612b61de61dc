"""The sandbox's own time: the machine's clock plus an offset that tests may move.

Moving it lets a launch link expire or a token grow old without waiting. The offset is kept with
the data, so a restart does not jump back.
"""

import time
from datetime import UTC, datetime, timedelta

from sandbox.store import Store


class Clock:
    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def offset_s(self) -> float:
        """Seconds added to the machine's clock."""
        return float(self._store.value("clock_offset_s", 0.0))

    def set_offset(self, seconds: float) -> None:
        self._store.set_value("clock_offset_s", float(seconds))

    def now(self) -> datetime:
        """The present moment of the sandbox, aware, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)

    def timestamp(self) -> float:
        """The same as seconds since 1970, for columns that are compared."""
        return time.time() + self.offset_s


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a Z, as both outside systems write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
