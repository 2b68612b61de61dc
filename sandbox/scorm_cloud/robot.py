"""A robot learner: plays a registration without a browser, by the same path as the player.

It opens the course, commits the runtime state that content with that outcome would leave behind,
and exits. The launch history, the roll-up and the postback are those of a real session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.scorm_cloud import rollup, runtime
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.registration_json import Detail, registration_json, registration_row

COMPLETIONS = ("COMPLETED", "INCOMPLETE", "UNKNOWN")
SUCCESSES = ("PASSED", "FAILED", "UNKNOWN")


@dataclass(frozen=True)
class Session:
    """One session that the robot is to have, checked."""

    app: str
    course: str
    registration: str
    outcome: rollup.Result


def prepare(cloud: Cloud, wanted: Mapping[str, Any]) -> Session:
    """A session of ``registrationId`` that ends with ``completion`` (COMPLETED unless given),
    ``success``, ``score`` (0–100 or null) and adds ``seconds``; ``app`` is needed only when two
    applications have the same id. KeyError if there is none, ValueError for wrong values."""
    outcome = rollup.Result(
        _word(wanted, "completion", COMPLETIONS),
        _word(wanted, "success", SUCCESSES),
        _number(wanted, "score", 100),
        _number(wanted, "seconds", None) or 0.0,
    )
    app, course = _find(cloud, wanted)
    return Session(app, course, str(wanted["registrationId"]), outcome)


def play(cloud: Cloud, session: Session) -> dict[str, Any]:
    """Have the session; gives the launch and the Registration afterwards."""
    with cloud.store.write() as db:
        link = Link(session.app, session.course, session.registration)
        launch = runtime.open_launch(cloud, link)
        _commit(cloud, launch, session.outcome)
        runtime.leave(cloud, launch)
        row = registration_row(db, session.app, session.registration)
        if row is None:
            raise KeyError(session.registration)
        return {
            "launchHistoryId": launch.id,
            "registration": registration_json(cloud, db, row, Detail()),
        }


def _commit(cloud: Cloud, launch: runtime.Launch, outcome: rollup.Result) -> None:
    """Leave the outcome in every item, the time in the first."""
    package = cloud.package(launch.app, launch.course, launch.version)
    state = runtime.state_for(cloud, launch)
    root = {
        "completion": outcome.completion,
        "success": outcome.success,
        "score": outcome.score,
    }
    build = _cmi_12 if package.standard in ("SCORM12", "SCORM11") else _cmi_2004
    items = {}
    for number, item in enumerate(package.root.launchable()):
        before = state.items.get(item.identifier, {})
        spent = outcome.seconds if number == 0 else 0.0
        items[item.identifier] = build(before, outcome, spent, launch.learner)
    runtime.commit(cloud, launch, items, final=True, root=root)


def _cmi_12(
    before: Mapping[str, Any], outcome: rollup.Result, spent: float, learner: Mapping[str, str]
) -> dict[str, Any]:
    status = {"PASSED": "passed", "FAILED": "failed"}.get(outcome.success)
    if status is None or outcome.completion != "COMPLETED":
        status = "completed" if outcome.completion == "COMPLETED" else "incomplete"
    score = {} if outcome.score is None else {"raw": _text(outcome.score), "min": "0", "max": "100"}
    return {
        "suspend_data": before.get("suspend_data", ""),
        "core": {
            "student_id": learner["id"],
            "student_name": f"{learner['lastName']}, {learner['firstName']}",
            "lesson_location": "",
            "credit": "credit",
            "lesson_status": status,
            "entry": "ab-initio",
            "lesson_mode": "normal",
            "exit": "" if outcome.completion == "COMPLETED" else "suspend",
            "session_time": _time_12(spent),
            "total_time": _time_12(rollup.item_seconds(before, True) + spent),
            "score": score,
        },
        "objectives": {},
        "interactions": {},
    }


def _cmi_2004(
    before: Mapping[str, Any], outcome: rollup.Result, spent: float, learner: Mapping[str, str]
) -> dict[str, Any]:
    score = {}
    if outcome.score is not None:
        score = {
            "scaled": _text(outcome.score / 100),
            "raw": _text(outcome.score),
            "min": "0",
            "max": "100",
        }
    return {
        "learner_id": learner["id"],
        "learner_name": f"{learner['lastName']}, {learner['firstName']}",
        "completion_status": outcome.completion.lower(),
        "success_status": outcome.success.lower(),
        "credit": "credit",
        "entry": "ab-initio",
        "mode": "normal",
        "location": "",
        "exit": "normal" if outcome.completion == "COMPLETED" else "suspend",
        "session_time": f"PT{_text(spent)}S",
        "total_time": f"PT{_text(rollup.item_seconds(before, True) + spent)}S",
        "score": score,
        "suspend_data": before.get("suspend_data", ""),
        "objectives": {},
        "interactions": {},
    }


def _find(cloud: Cloud, wanted: Mapping[str, Any]) -> tuple[str, str]:
    with cloud.store.read() as db:
        row = db.execute(
            "SELECT app, course FROM registrations WHERE id = ? AND app IN"
            " (SELECT id FROM applications WHERE ? IS NULL OR id = ?) ORDER BY app LIMIT 1",
            (wanted.get("registrationId"), wanted.get("app"), wanted.get("app")),
        ).fetchone()
    if row is None:
        raise KeyError(wanted.get("registrationId"))
    return row["app"], row["course"]


def _word(wanted: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = str(wanted.get(name) or (allowed[0] if name == "completion" else "UNKNOWN")).upper()
    if value not in allowed:
        raise ValueError(f"{name} is one of {', '.join(allowed)}.")
    return value


def _number(wanted: Mapping[str, Any], name: str, most: float | None) -> float | None:
    value = wanted.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} is a number from 0.")
    if most is not None and value > most:
        raise ValueError(f"{name} is at most {most:g}.")
    return float(value)


def _text(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")


def _time_12(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{int(minutes) // 60:04d}:{int(minutes) % 60:02d}:{rest:05.2f}"
