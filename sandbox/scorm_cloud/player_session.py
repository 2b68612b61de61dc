"""All that the player's page needs to know about a launch, and where it leads on exit."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from sandbox.scorm_cloud import runtime
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.packages import Activity, Package


def session_for(
    cloud: Cloud, opened: runtime.Launch, package: Package, here: str
) -> dict[str, Any]:
    """What the page's script reads; ``here`` is the page's own address."""
    state = runtime.state_for(cloud, opened)
    learner = opened.learner
    names = [name for name in (learner["lastName"], learner["firstName"]) if name]
    return {
        "base": here,
        "exit": exit_address(opened.redirect, f"{here}end"),
        "learner": {"id": learner["id"], "name": ", ".join(names)},
        "items": [
            {**item, "ended": item["id"] in state.ended, "goingOn": item["id"] in state.going_on}
            for item in items_below(package.root, None)
        ],
        "tree": package.sequencing,
        "start": opened.start_sco,
        "last": state.suspended_item,
        "stored": state.items,
        "totals": state.totals,
        "sequencing": state.sequencing,
    }


def items_below(activity: Activity, parent: str | None) -> Iterator[dict[str, Any]]:
    """The lines of the manifest, as the script sees them."""
    yield item_for(activity, parent)
    for each in activity.children:
        yield from items_below(each, activity.identifier)


def item_for(activity: Activity, parent: str | None) -> dict[str, Any]:
    return {
        "id": activity.identifier,
        "parent": parent,
        "title": activity.title,
        "href": activity.href,
        "launchData": activity.data_from_lms or "",
        "masteryScore": activity.mastery_score,
        "maxTimeAllowed": activity.max_time_allowed or "",
        "timeLimitAction": activity.time_limit_action or "",
        "completionThreshold": activity.completion_threshold,
        "scaledPassingScore": activity.scaled_passing_score,
    }


def exit_address(wanted: str, end_page: str) -> str:
    """Where to go on exit: a web address, or one of SCORM Cloud's key words, or our own page."""
    if wanted.lower() == "blank":
        return "about:blank"
    if wanted.lower() == "closer":
        return "closer"
    return web_address(wanted) or end_page


def web_address(text: str) -> str | None:
    return text if urlsplit(text).scheme in ("http", "https") else None
