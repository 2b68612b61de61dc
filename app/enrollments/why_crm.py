"""Why the CRM does not show it yet, and what remains to be said when it does."""

from __future__ import annotations

from app.enrollments.situation import Reason, Situation, sentence
from app.models import ContactState, Outcome
from app.sync.writes import WriteState


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
    said = "The course is completed but failed: the package reported that it was not passed."
    return Reason("failed", "warn", said + certificate_note(s))


def no_result(s: Situation) -> Reason | None:
    if s.result != Outcome.NONE:
        return None
    said = "The course is completed; the package reported neither a pass nor a fail."
    return Reason("no_result", "note", said + certificate_note(s))


def certificate_note(s: Situation) -> str:
    if not s.certificate_withheld:
        return ""
    return " There is no certificate: the course gives one only to who passed."


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
