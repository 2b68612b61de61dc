"""An item's runtime state as the API shows it, from the ``cmi`` object the content committed.

All values are texts, as content wrote them; the raw score is only here. Collections arrive from
the player as objects keyed "0", "1", …; lists are understood too.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.scorm_cloud.rollup import is_scorm_12, number

Cmi = Mapping[str, Any]

_INTERACTION_TYPES = {
    "true-false": "TrueFalse",
    "choice": "Choice",
    "fill-in": "FillIn",
    "long-fill-in": "LongFillIn",
    "likert": "Likert",
    "matching": "Matching",
    "performance": "Performance",
    "sequencing": "Sequencing",
    "numeric": "Numeric",
}


def runtime_json(cmi: Cmi, time_tracked: str, interactions: bool) -> dict[str, Any]:
    """The Runtime object; with the interactions and objectives only when asked for."""
    old = is_scorm_12(cmi)
    core: Cmi = (cmi.get("core") or {}) if old else cmi
    score: Cmi = core.get("score") or {}
    status = str(core.get("lesson_status" if old else "completion_status") or "")
    shown: dict[str, Any] = {
        "completionStatus": status,
        "runtimeSuccessStatus": _success_12(status) if old else core.get("success_status"),
        "credit": core.get("credit"),
        "entry": core.get("entry"),
        "exit": core.get("exit"),
        "location": core.get("lesson_location" if old else "location"),
        "mode": core.get("lesson_mode" if old else "mode"),
        "progressMeasure": core.get("progress_measure"),
        "scoreScaled": score.get("scaled"),
        "scoreRaw": score.get("raw"),
        "scoreMin": score.get("min"),
        "scoreMax": score.get("max"),
        "totalTime": core.get("total_time"),
        "timeTracked": time_tracked,
        "suspendData": cmi.get("suspend_data"),
    }
    shown = {name: str(value) for name, value in shown.items() if value not in (None, "")}
    shown["learnerComments"], shown["lmsComments"] = [], []
    if interactions:
        shown["runtimeInteractions"] = [
            _interaction(each) for each in collection(cmi.get("interactions"))
        ]
        shown["runtimeObjectives"] = [
            _objective(each) for each in collection(cmi.get("objectives"))
        ]
    return shown


def objectives_json(cmi: Cmi) -> list[dict[str, Any]]:
    """The item's objectives in the form activities show them."""
    shown = []
    for objective in collection(cmi.get("objectives")):
        scaled = number((objective.get("score") or {}).get("scaled"))
        shown.append(
            {
                "id": objective.get("id") or "",
                "primary": False,
                "objectiveCompletion": _enum(objective, ("completed", "incomplete")),
                "objectiveSuccess": _enum(objective, ("passed", "failed")),
                **({} if scaled is None else {"score": {"scaled": scaled * 100}}),
            }
        )
    return shown


def collection(values: Any) -> list[Cmi]:
    """The members of a cmi collection, in their order."""
    if isinstance(values, Mapping):
        numbered = sorted((key for key in values if str(key).isdigit()), key=int)
        values = [values[key] for key in numbered]
    return [each for each in values or [] if isinstance(each, Mapping)]


def _success_12(status: str) -> str:
    return status if status in ("passed", "failed") else "unknown"


def _interaction(interaction: Cmi) -> dict[str, Any]:
    responses = collection(interaction.get("correct_responses"))
    return {
        "id": interaction.get("id") or "",
        "type": _INTERACTION_TYPES.get(str(interaction.get("type")), "Other"),
        "objectives": [each.get("id", "") for each in collection(interaction.get("objectives"))],
        "timestamp": interaction.get("timestamp") or interaction.get("time") or "",
        "correctResponses": [each.get("pattern", "") for each in responses],
        "weighting": interaction.get("weighting") or "",
        "learnerResponse": interaction.get("learner_response")
        or interaction.get("student_response")
        or "",
        "result": interaction.get("result") or "",
        "latency": interaction.get("latency") or "",
        "description": interaction.get("description") or "",
    }


def _objective(objective: Cmi) -> dict[str, Any]:
    score: Cmi = objective.get("score") or {}
    shown = {
        "id": objective.get("id"),
        "scoreScaled": score.get("scaled"),
        "scoreRaw": score.get("raw"),
        "scoreMin": score.get("min"),
        "scoreMax": score.get("max"),
        "completionStatus": objective.get("completion_status") or objective.get("status"),
        "runtimeObjectiveSuccessStatus": objective.get("success_status"),
        "progressMeasure": objective.get("progress_measure"),
        "description": objective.get("description"),
    }
    return {name: str(value) for name, value in shown.items() if value not in (None, "")}


def _enum(objective: Cmi, values: tuple[str, ...]) -> str:
    for name in ("completion_status", "success_status", "status"):
        if objective.get(name) in values:
            return str(objective[name]).upper()
    return "UNKNOWN"
