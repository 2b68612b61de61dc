"""What the parts of the stand-in share: its store, clock, outgoing messages and addresses.

One ``Cloud`` is made per process and hangs on the Flask application; ``the_cloud()`` finds it.
"""

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from sandbox.clock import Clock, iso
from sandbox.deliveries import FAULTS, Deliveries
from sandbox.faults import Faults
from sandbox.knobs import Knobs
from sandbox.ledger import Ledger
from sandbox.scorm_cloud.database import SCHEMA, seed
from sandbox.scorm_cloud.delivery import KINDS
from sandbox.store import Store

if TYPE_CHECKING:
    from sandbox.scorm_cloud.packages import Package

KNOBS: dict[str, float | int | bool] = {
    "page_size": 10,  # without `since`
    "page_size_since": 100,
    "import_polls": 1,  # how often an import job says RUNNING before it tells its outcome
    "time_scale": 1.0,  # of the gaps between tries of a postback
}


@dataclass
class Cloud:
    """One running stand-in; ``url`` is its address for browsers, without a slash at the end."""

    store: Store
    clock: Clock
    faults: Faults
    knobs: Knobs
    ledger: Ledger
    deliveries: Deliveries
    folder: Path
    url: str

    @classmethod
    def open(cls, data: Path) -> "Cloud":
        store = Store(data / "scorm_cloud.sqlite", SCHEMA, seed)
        clock = Clock(store)
        faults = Faults(store, {"postbacks": FAULTS})
        knobs = Knobs(store, KNOBS)
        return cls(
            store=store,
            clock=clock,
            faults=faults,
            knobs=knobs,
            ledger=Ledger(store, clock, tenant_key="app"),
            deliveries=Deliveries(store, clock, faults, KINDS, lambda: knobs["time_scale"]),
            folder=data / "scorm_cloud_packages",
            url=os.environ.get("CLOUD_URL", "http://cloud.localhost:8002").rstrip("/"),
        )

    def now(self) -> str:
        """The present moment as the API writes it."""
        return iso(self.clock.now())

    def new_file(self) -> Path:
        """A fresh place for a package; names are never used twice."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{uuid.uuid4().hex}.zip"

    def clear_packages(self) -> None:
        """Forget the stored zips, unless a snapshot may still need them."""
        if self.store.snapshots() or not self.folder.is_dir():
            return
        for path in self.folder.glob("*.zip"):
            path.unlink(missing_ok=True)

    def package(self, app: str, course: str, version: int) -> "Package":
        """What was found in a course version's zip; KeyError if there is no such version."""
        from sandbox.scorm_cloud.packages import Package

        file = self._file_name(app, course, version)
        if file not in _parsed:
            with self.store.read() as db:
                row = db.execute(
                    "SELECT package FROM course_versions WHERE file = ?", (file,)
                ).fetchone()
            _parsed[file] = Package.from_dict(json.loads(row["package"]))
        return cast("Package", _parsed[file])

    def file(self, app: str, course: str, version: int) -> Path:
        """Where a course version's zip lies; KeyError if there is no such version."""
        return self.folder / self._file_name(app, course, version)

    def _file_name(self, app: str, course: str, version: int) -> str:
        with self.store.read() as db:
            row = db.execute(
                "SELECT file FROM course_versions WHERE app = ? AND course = ? AND version = ?",
                (app, course, version),
            ).fetchone()
        if row is None:
            raise KeyError(course)
        return str(row["file"])


_parsed: dict[str, Any] = {}  # by the name of the zip, which never stands for anything else


def the_cloud() -> Cloud:
    """The stand-in of the present request."""
    return cast(Cloud, current_app.extensions["scorm_cloud"])
