"""What is known about one enrolment when somebody asks why it stands where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.models import Completion, ContactState, Outcome
from app.sync.writes import Write, WriteState


@dataclass(frozen=True)
class Situation:
    """What is known. The last four are read live and keep their defaults when nobody was asked."""

    removed: bool = False
    account_active: bool = True
    cloud_connected: bool = True
    course_open: bool = True  # neither deleted nor archived
    registered: bool = True
    registration_trouble: str = ""
    registration_parked: bool = False
    sent_to_player: bool = False  # we handed out a launch link
    seen_in_player: bool = False  # SCORM Cloud reported an access
    completion: Completion = Completion.NOT_STARTED
    result: Outcome = Outcome.NONE
    certificate_withheld: bool = False  # the course gives one only to who passed
    contact: ContactState = ContactState.LINKED
    sync_tags: bool = True
    write_notes: bool = True
    writes: tuple[Write, ...] = ()
    gone: bool = False  # SCORM Cloud has no such registration any more
    more_reported: bool = False  # SCORM Cloud says more than was recorded
    passed_unfinished: bool = False  # the package reported a pass, but no completion
    unfinished: tuple[str, ...] = ()  # titles of the modules that are not completed
    modules: int = 0

    @property
    def completed(self) -> bool:
        return self.completion == Completion.COMPLETED

    def first(self, state: WriteState) -> Write | None:
        """The first write about the learner in that state; what waits for the custom objects
        stands apart."""
        about = (one for one in self.writes if one.personal and not one.awaits_objects)
        return next((one for one in about if one.state == state), None)


@dataclass(frozen=True)
class Reason:
    """`code` names the rule; `tone` is that of a notice: good, note, warn or bad."""

    code: str
    tone: str
    sentence: str


Rule = Callable[[Situation], Reason | None]


def sentence(text: str) -> str:
    """Trouble as a sentence, whoever said it."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
