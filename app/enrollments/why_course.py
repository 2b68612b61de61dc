"""Why a course is not completed: what stands between the learner and SCORM Cloud's word for it."""

from __future__ import annotations

from app.enrollments.situation import Reason, Situation, sentence


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
    said = (
        "SCORM Cloud does not have this registration any more: it was deleted there. What was "
        "recorded stays."
    )
    next_step = " Press Register again, so that the learner can go on." if s.course_open else ""
    return Reason("registration_gone", "bad", said + next_step)


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
