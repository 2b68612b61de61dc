"""Walking a course's activity tree."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.scorm_cloud.packages import Activity


def leaves(root: "Activity") -> list["Activity"]:
    """The activities that can be launched, in the order of the manifest."""
    if not root.children:
        return [root] if root.href else []
    return [leaf for child in root.children for leaf in leaves(child)]


def scos(root: "Activity") -> list["Activity"]:
    """The launchable activities that report to the LMS; plain pages (assets) do not."""
    return [leaf for leaf in leaves(root) if leaf.type == "SCO"]
