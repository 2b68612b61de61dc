"""One line of a course's table of contents, as the manifest describes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Activity:
    """An organization or item of the manifest: one line in the learner's table of contents."""

    identifier: str
    title: str
    type: str  # AGGREGATION, SCO or ASSET
    resource: str | None = None
    href: str | None = None  # launch address inside the package, quoted, with its query
    visible: bool = True
    children: list["Activity"] = field(default_factory=list)
    data_from_lms: str | None = None
    mastery_score: float | None = None  # 0..100, SCORM 1.2
    max_time_allowed: str | None = None
    time_limit_action: str | None = None
    prerequisites: str | None = None  # AICC script, SCORM 1.2; shown, not enforced
    completion_threshold: float | None = None  # 0..1, SCORM 2004
    scaled_passing_score: float | None = None  # -1..1, SCORM 2004

    def walk(self) -> Iterator["Activity"]:
        """This activity and all below it, in the order of the table of contents."""
        yield self
        for each in self.children:
            yield from each.walk()

    def launchable(self) -> list["Activity"]:
        """The activities that can be opened, in order."""
        return [each for each in self.walk() if each.href is not None]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Activity":
        """The inverse of dataclasses.asdict."""
        below = [cls.from_dict(each) for each in values.get("children", [])]
        return cls(**{**values, "children": below})
