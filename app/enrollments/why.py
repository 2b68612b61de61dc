"""Why an enrolment stands where it stands: exactly one sentence, the first rule that is unmet.

Pure: everything it needs lies in a `Situation`, so that the rules can be read, and tested, as a
table. Their order is that of a person who looks for the reason: what needs somebody comes first,
then what the learner has to do, then what only takes time.
"""

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


def reason(situation: Situation) -> Reason:
    """The one reason. There always is one; when all is done, that is it."""
    found = (rule(situation) for rule in RULES)
    return next((one for one in found if one is not None), everything_done(situation))


# What needs somebody


def removed(s: Situation) -> Reason | None:
    if not s.removed:
        return None
    return Reason("removed", "note", "The learner was removed from this course. The record stays.")


def asleep(s: Situation) -> Reason | None:
    if s.account_active:
        return None
    return Reason("asleep", "bad", "SCORM Hub is not installed in the CRM any more: work waits.")


def cloud_disconnected(s: Situation) -> Reason | None:
    if s.cloud_connected or s.completed:
        return None
    return Reason(
        "cloud_disconnected",
        "bad",
        "SCORM Cloud does not accept our access, so nothing is heard from it. "
        "Check Settings → SCORM Cloud.",
    )


def registration_parked(s: Situation) -> Reason | None:
    if s.registered or not s.registration_parked:
        return None
    return Reason(
        "registration_parked",
        "bad",
        f"The learner could not be registered at SCORM Cloud: {sentence(s.registration_trouble)} "
        "Retry it on the Activity page.",
    )


def registration_awaited(s: Situation) -> Reason | None:
    if s.registered:
        return None
    trouble = f" Last try: {sentence(s.registration_trouble)}" if s.registration_trouble else ""
    said = "The learner is being registered at SCORM Cloud and can start in a moment."
    return Reason("registration_awaited", "note", said + trouble)


def registration_gone(s: Situation) -> Reason | None:
    if not s.gone:
        return None
    return Reason(
        "registration_gone",
        "bad",
        "SCORM Cloud does not have this registration any more: it was deleted there. What was "
        "recorded stays; to go on, remove the learner and enroll again.",
    )


def contact_deleted(s: Situation) -> Reason | None:
    if s.contact != ContactState.DELETED:
        return None
    return Reason(
        "contact_deleted",
        "warn",
        "The learner's contact was deleted in the CRM, so nothing can be written there. "
        "The record stays here.",
    )


def write_parked(s: Situation) -> Reason | None:
    write = s.first(WriteState.PARKED)
    if write is None:
        return None
    return Reason(
        "write_parked",
        "bad",
        f"{write.what}: writing to the CRM was given up. {sentence(write.detail)} "
        "Put that right, then retry it on the Activity page.",
    )


# What the learner, or the package, has not done


def more_reported(s: Situation) -> Reason | None:
    if not s.more_reported:
        return None
    return Reason(
        "more_reported",
        "note",
        "SCORM Cloud already reports more than is shown here; it is being recorded now.",
    )


def not_opened(s: Situation) -> Reason | None:
    if s.completed or s.seen_in_player or s.sent_to_player:
        return None
    return Reason("not_opened", "note", "The course has not been opened yet.")


def nothing_heard(s: Situation) -> Reason | None:
    if s.completed or s.seen_in_player:
        return None
    return Reason(
        "nothing_heard",
        "note",
        "The player was opened, but SCORM Cloud has not reported anything yet. It reports when the "
        "learner leaves the course.",
    )


def passed_unfinished(s: Situation) -> Reason | None:
    if s.completed or not s.passed_unfinished:
        return None
    return Reason(
        "passed_unfinished",
        "warn",
        "The package reported a pass, but not that the course was completed. The learner has to go "
        "to its end, or the package has to be published with another completion rule.",
    )


def modules_open(s: Situation) -> Reason | None:
    if s.completed or s.modules < 2 or not s.unfinished:
        return None
    names = ", ".join(f"“{title}”" for title in s.unfinished[:3])
    more = f" and {len(s.unfinished) - 3} more" if len(s.unfinished) > 3 else ""
    done = s.modules - len(s.unfinished)
    return Reason(
        "modules_open",
        "note",
        f"The course was opened but not finished: {done} of {s.modules} modules are completed. "
        f"Still open: {names}{more}.",
    )


def not_finished(s: Situation) -> Reason | None:
    if s.completed:
        return None
    return Reason(
        "not_finished",
        "note",
        "The course was opened but not finished: the package has not reported its completion.",
    )


# What only takes time


def contact_awaited(s: Situation) -> Reason | None:
    if s.contact != ContactState.WANTED:
        return None
    return Reason(
        "contact_awaited",
        "note",
        "The course is completed; the learner's contact is still being found or made in the CRM.",
    )


def write_retried(s: Situation) -> Reason | None:
    write = s.first(WriteState.RETRYING)
    if write is None:
        return None
    return Reason(
        "write_retried",
        "warn",
        f"{write.what}: the CRM could not be written yet and is tried again by itself. "
        f"{sentence(write.detail)}",
    )


def write_awaited(s: Situation) -> Reason | None:
    write = s.first(WriteState.DUE) or s.first(WriteState.WAITING)
    if write is None:
        return None
    detail = f" {sentence(write.detail)}" if write.detail else ""
    said = f"Waiting for the CRM. Still to be written: {write.what}."
    return Reason("write_awaited", "note", said + detail)


# It is completed, and the CRM knows what it should


def failed(s: Situation) -> Reason | None:
    if s.result != Outcome.FAILED:
        return None
    withheld = " There is no certificate: the course gives one only to who passed."
    said = "The course is completed but failed: the package reported that it was not passed."
    return Reason("failed", "warn", said + (withheld if s.certificate_withheld else ""))


def no_result(s: Situation) -> Reason | None:
    if s.result != Outcome.NONE:
        return None
    withheld = " There is no certificate: the course gives one only to who passed."
    said = "The course is completed; the package reported neither a pass nor a fail."
    return Reason("no_result", "note", said + (withheld if s.certificate_withheld else ""))


def switched_off(s: Situation) -> Reason | None:
    off = [
        words
        for words, on in (("tag syncing", s.sync_tags), ("automatic notes", s.write_notes))
        if not on
    ]
    if not off:
        return None
    verb = "are" if len(off) > 1 or not s.write_notes else "is"
    return Reason(
        "switched_off",
        "note",
        f"The course is completed and passed. In Settings → CRM Integration {' and '.join(off)} "
        f"{verb} switched off, so not everything shows in the CRM.",
    )


def objects_missing(s: Situation) -> Reason | None:
    if not any(write.awaits_objects for write in s.writes):
        return None
    return Reason(
        "objects_missing",
        "note",
        "The course is completed and passed. Records and counters wait for Provision Now in "
        "Settings → Custom Objects.",
    )


def everything_done(s: Situation) -> Reason:
    said = "Everything is done: the course is completed and passed, and the CRM shows it."
    return Reason("done", "good", said)


RULES: tuple[Rule, ...] = (
    removed,
    asleep,
    registration_parked,
    cloud_disconnected,
    registration_awaited,
    registration_gone,
    contact_deleted,
    write_parked,
    more_reported,
    not_opened,
    nothing_heard,
    passed_unfinished,
    modules_open,
    not_finished,
    contact_awaited,
    write_retried,
    write_awaited,
    failed,
    no_result,
    switched_off,
    objects_missing,
)


def sentence(text: str) -> str:
    """Trouble as a sentence, whoever said it."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
