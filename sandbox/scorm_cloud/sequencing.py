"""The sequencing of a SCORM 2004 course, as the activity tree that scorm-again reads.

The library's defaults are not the standard's (flow is on, writes are off), so every value is
written out here. Three things need care: a reusable rule set from `sequencingCollection` gives
what the item itself leaves out; the 4th edition keeps a second list of objectives (`adlseq`)
whose maps belong to the objectives of the first; and `reorderChildren` of the manifest is
called `randomizeChildren` by the library, which uses the other name for "already done".
"""

from typing import Any
from xml.etree.ElementTree import Element

from sandbox.scorm_cloud.elements import (
    attribute,
    child,
    children,
    is_true,
    local_name,
    namespace_of,
    number,
    text_of,
)

Settings = dict[str, Any]

HIDEABLE = ("continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll")
MAP_READS = {
    "imsss": ("SatisfiedStatus", "NormalizedMeasure"),
    "adlseq": ("RawScore", "MinScore", "MaxScore", "CompletionStatus", "ProgressMeasure"),
}
ROLLUP_CONDITION_NAMES = {"activityProgressKnown": "progressKnown"}


class Sequencing:
    """Turns the elements of one manifest into activity settings; knows its shared rule sets."""

    def __init__(self, manifest: Element) -> None:
        collection = child(manifest, "sequencingCollection")
        self._shared = {attribute(each, "ID"): each for each in children(collection, "sequencing")}

    def settings(self, element: Element, identifier: str) -> Settings:
        """What the organization or item `element` says about its own sequencing."""
        parts = self._parts(child(element, "sequencing"))
        return {
            "sequencingControls": controls(parts),
            "deliveryControls": delivery_controls(parts),
            "sequencingRules": sequencing_rules(parts),
            "rollupRules": {"rules": rollup_rules(parts)},
            **rollup_considerations(parts),
            **limits(parts),
            **objectives(parts, identifier),
            **completion_threshold(child(element, "completionThreshold")),
            **shared_data(child(element, "data")),
            **hidden_controls(child(element, "presentation")),
        }

    def _parts(self, own: Element | None) -> dict[str, Element]:
        """The children of `sequencing` by name; the item's own before those it refers to.

        `objectives` exists twice (IMS and ADL); the ADL list is kept as "adl-objectives".
        """
        if own is None:
            return {}
        shared = self._shared.get(attribute(own, "IDRef"))
        merged: dict[str, Element] = {}
        for source in (shared, own):
            for part in source if source is not None else ():
                merged[part_name(part)] = part
        return merged


def measures(activity: Settings) -> bool:
    """Whether a score can reach this activity of the tree: from itself, or from parts whose
    weight is not zero."""
    parts = activity.get("children") or []
    return not parts or any(
        part["sequencingControls"]["objectiveMeasureWeight"] > 0 and measures(part)
        for part in parts
    )


def part_name(part: Element) -> str:
    name = local_name(part)
    return f"adl-{name}" if name == "objectives" and "adlseq" in namespace_of(part) else name


def controls(parts: dict[str, Element]) -> Settings:
    mode = parts.get("controlMode")
    rollup = parts.get("rollupRules")
    choice = parts.get("constrainedChoiceConsiderations")
    chance = parts.get("randomizationControls")
    select_count = attribute(chance, "selectCount")
    return {
        "choice": is_true(mode, "choice", True),
        "choiceExit": is_true(mode, "choiceExit", True),
        "flow": is_true(mode, "flow", False),
        "forwardOnly": is_true(mode, "forwardOnly", False),
        "useCurrentAttemptObjectiveInfo": is_true(mode, "useCurrentAttemptObjectiveInfo", True),
        "useCurrentAttemptProgressInfo": is_true(mode, "useCurrentAttemptProgressInfo", True),
        "preventActivation": is_true(choice, "preventActivation", False),
        "constrainChoice": is_true(choice, "constrainChoice", False),
        "rollupObjectiveSatisfied": is_true(rollup, "rollupObjectiveSatisfied", True),
        "rollupProgressCompletion": is_true(rollup, "rollupProgressCompletion", True),
        "objectiveMeasureWeight": decimal(rollup, "objectiveMeasureWeight", 1.0),
        "selectionTiming": attribute(chance, "selectionTiming", "never"),
        "selectCount": int(select_count) if select_count.isdecimal() else None,
        "randomizationTiming": attribute(chance, "randomizationTiming", "never"),
        "randomizeChildren": is_true(chance, "reorderChildren", False),
    }


def delivery_controls(parts: dict[str, Element]) -> Settings:
    delivery = parts.get("deliveryControls")
    return {
        "tracked": is_true(delivery, "tracked", True),
        "completionSetByContent": is_true(delivery, "completionSetByContent", False),
        "objectiveSetByContent": is_true(delivery, "objectiveSetByContent", False),
    }


def sequencing_rules(parts: dict[str, Element]) -> Settings:
    rules = parts.get("sequencingRules")
    return {
        f"{kind}Rules": [sequencing_rule(each) for each in children(rules, f"{kind}Rule")]
        for kind in ("preCondition", "exitCondition", "postCondition")
    }


def sequencing_rule(rule: Element) -> Settings:
    conditions = child(rule, "ruleConditions")
    return {
        "action": attribute(child(rule, "ruleAction"), "action"),
        "conditionCombination": attribute(conditions, "conditionCombination", "all"),
        "conditions": [rule_condition(each) for each in children(conditions, "ruleCondition")],
    }


def rule_condition(condition: Element) -> Settings:
    settings: Settings = {
        "condition": attribute(condition, "condition"),
        "operator": attribute(condition, "operator", "noOp"),
    }
    if objective := attribute(condition, "referencedObjective"):
        settings["referencedObjective"] = objective
    threshold = number(attribute(condition, "measureThreshold"))
    if threshold is not None:
        settings["parameters"] = {"threshold": threshold}
    return settings


def rollup_rules(parts: dict[str, Element]) -> list[Settings]:
    return [rollup_rule(each) for each in children(parts.get("rollupRules"), "rollupRule")]


def rollup_rule(rule: Element) -> Settings:
    conditions = child(rule, "rollupConditions")
    minimum_count = attribute(rule, "minimumCount")
    return {
        "action": attribute(child(rule, "rollupAction"), "action"),
        "consideration": attribute(rule, "childActivitySet", "all"),
        "minimumCount": int(minimum_count) if minimum_count.isdecimal() else 0,
        "minimumPercent": 100 * decimal(rule, "minimumPercent", 0.0),  # ours is 0..1
        "conditionCombination": attribute(conditions, "conditionCombination", "any"),
        "conditions": [rollup_condition(each) for each in children(conditions, "rollupCondition")],
    }


def rollup_condition(condition: Element) -> Settings:
    name = attribute(condition, "condition")
    return {
        "condition": ROLLUP_CONDITION_NAMES.get(name, name),
        "operator": attribute(condition, "operator", "noOp"),
    }


def rollup_considerations(parts: dict[str, Element]) -> Settings:
    element = parts.get("rollupConsiderations")
    if element is None:
        return {}
    required = ("Satisfied", "NotSatisfied", "Completed", "Incomplete")
    considerations: Settings = {
        f"requiredFor{state}": attribute(element, f"requiredFor{state}", "always")
        for state in required
    }
    considerations["measureSatisfactionIfActive"] = is_true(
        element, "measureSatisfactionIfActive", True
    )
    return {"rollupConsiderations": considerations}


def limits(parts: dict[str, Element]) -> Settings:
    conditions = parts.get("limitConditions")
    settings: Settings = {}
    attempts = attribute(conditions, "attemptLimit")
    if attempts.isdecimal():
        settings["attemptLimit"] = int(attempts)
    if duration := attribute(conditions, "attemptAbsoluteDurationLimit"):
        settings["attemptAbsoluteDurationLimit"] = duration
    return settings


def objectives(parts: dict[str, Element], identifier: str) -> Settings:
    """The primary objective and the others, with the maps of both lists joined."""
    extensions = {attribute(each, "objectiveID"): each for each in parts.get("adl-objectives", ())}
    settings: Settings = {"objectives": []}
    for element in parts.get("objectives", ()):
        is_primary = local_name(element) == "primaryObjective"
        name = attribute(element, "objectiveID")
        if not name and (not is_primary or len(element) == 0):
            continue  # a primary objective that says nothing is the one every activity has
        objective = objective_settings(element, name or f"{identifier}.primary")
        objective["mapInfo"] = maps(element, extensions.get(name))
        if is_primary:
            settings["primaryObjective"] = objective
        else:
            settings["objectives"].append(objective)
    return settings


def objective_settings(element: Element, name: str) -> Settings:
    by_measure = is_true(element, "satisfiedByMeasure", False)
    minimum = number(text_of(element, "minNormalizedMeasure"))
    return {
        "objectiveID": name,
        "satisfiedByMeasure": by_measure,
        "minNormalizedMeasure": 1.0 if minimum is None and by_measure else minimum,
    }


def maps(element: Element, extension: Element | None) -> list[Settings]:
    """The objective's global maps, one per target.

    Only what a list itself maps is read or written: an IMS map alone must not share completion.
    """
    joined: dict[str, Settings] = {}
    for kind, source in (("imsss", element), ("adlseq", extension)):
        for info in children(source, "mapInfo"):
            target = attribute(info, "targetObjectiveID")
            entry = joined.setdefault(target, {"targetObjectiveID": target, **nothing_mapped()})
            for field in MAP_READS[kind]:
                entry[f"read{field}"] = is_true(info, f"read{field}", True)
                entry[f"write{field}"] = is_true(info, f"write{field}", False)
    return list(joined.values())


def nothing_mapped() -> Settings:
    fields = [field for group in MAP_READS.values() for field in group]
    return {f"{way}{field}": False for way in ("read", "write") for field in fields}


def completion_threshold(element: Element | None) -> Settings:
    """The 4th edition writes attributes, the 3rd the smallest progress measure as text."""
    if element is None:
        return {}
    text = number(element.text or "")
    minimum = number(attribute(element, "minProgressMeasure"))
    threshold = {
        "completedByMeasure": is_true(element, "completedByMeasure", text is not None),
        "minProgressMeasure": first_known(minimum, text, 1.0),
        "progressWeight": decimal(element, "progressWeight", 1.0),
    }
    return {"completionThreshold": threshold}


def shared_data(element: Element | None) -> Settings:
    entries = [
        {
            "targetID": attribute(each, "targetID"),
            "readSharedData": is_true(each, "readSharedData", True),
            "writeSharedData": is_true(each, "writeSharedData", True),
        }
        for each in children(element, "map")
    ]
    return {"sharedDataMaps": entries} if entries else {}


def hidden_controls(presentation: Element | None) -> Settings:
    interface = child(presentation, "navigationInterface")
    hidden = [(each.text or "").strip() for each in children(interface, "hideLMSUI")]
    return {"hideLmsUi": [name for name in hidden if name in HIDEABLE]} if hidden else {}


def decimal(element: Element | None, name: str, default: float) -> float:
    value = number(attribute(element, name))
    return default if value is None else value


def first_known(*values: float | None) -> float:
    return next(value for value in values if value is not None)
