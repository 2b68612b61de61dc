"""What the parts of one sandbox CRM share: its data, its time, its misbehaviour, its outbox."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from sandbox.clock import Clock, iso
from sandbox.crm.pace import Pace
from sandbox.crm.signing import SigningKey
from sandbox.deliveries import FAULTS, Deliveries
from sandbox.faults import Faults
from sandbox.knobs import Knobs
from sandbox.ledger import Ledger
from sandbox.store import Store

KNOBS: dict[str, float | int | bool] = {
    "rate_limit": 100,
    "rate_interval_s": 10.0,
    "rate_daily": 200_000,
    "access_token_s": 86_399,
    "schema_needs_agency": False,  # refuse location tokens that create object schemas
    "has_funds": True,
    "webhook_time_scale": 1.0,
}
FAULT_SECTIONS: dict[str, Any] = {
    "expire_tokens": False,
    "search_lag_s": 0.0,
    "webhooks": {**FAULTS, "off": False},
}


class CrmFaults(Faults):
    """The shared faults and ``expire_tokens``, which acts once on every living access token."""

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, FAULT_SECTIONS)
        self._data = store
        self._time = clock

    def put(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        expire = wanted.get("expire_tokens")
        kept = {name: value for name, value in wanted.items() if name != "expire_tokens"}
        answer = super().put(kept if isinstance(expire, bool | None) else wanted)
        if expire:
            with self._data.write() as db:
                now = self._time.timestamp()
                db.execute("UPDATE tokens SET expires_at = min(expires_at, ?)", (now,))
        return answer


@dataclass(frozen=True)
class Crm:
    store: Store
    clock: Clock
    faults: CrmFaults
    knobs: Knobs
    ledger: Ledger
    deliveries: Deliveries
    pace: Pace
    signing_key: SigningKey
    crm_url: str
    hub_url: str

    @property
    def agency_url(self) -> str:
        """The agency's white-label address of the same CRM."""
        return self.crm_url.replace("//crm.", "//agency.", 1)

    def now(self) -> str:
        return iso(self.clock.now())


def crm() -> Crm:
    """The sandbox CRM of the running application."""
    found: Crm = current_app.extensions["sandbox_crm"]
    return found


Db = sqlite3.Connection
