"""What a person reads of a call outside that did not do what was asked.

The other side's own words go to the log and never further: they are written for programmers, in any
language, and may say anything. A sentence is put together from what was tried (a table of calls),
what happened (`OutsideError.kind`) and what to do next.
"""

from __future__ import annotations

import logging
import re

from app.clients.errors import Kind, OutsideError

log = logging.getLogger(__name__)

CRM, CLOUD, STORAGE = "CRM", "SCORM Cloud", "storage"
NAMES = {CRM: "The CRM", CLOUD: "SCORM Cloud", STORAGE: "The file storage"}

# service, method, path: what was tried
CALLS = [
    (service, re.compile(f"(?:{methods}) {path}"), words)
    for service, methods, path, words in (
        (CRM, "POST", r"/contacts/search", "to search the contacts"),
        (CRM, "GET", r"/contacts/search/duplicate", "to find the contact"),
        (CRM, "GET", r"/contacts/[^/]+/notes", "to look for the note"),
        (CRM, "POST|PUT", r"/contacts/[^/]+/notes", "to write the note"),
        (CRM, "POST|DELETE", r"/contacts/(bulk|[^/]+)/tags", "to change the tags"),
        (CRM, "GET", r"/contacts/.", "to read the contact"),
        (CRM, "PUT", r"/contacts/.", "to write to the contact"),
        (CRM, "POST", r"/contacts/(upsert)?$", "to make the contact"),
        (CRM, "POST", r"/objects/[^/]+/records/search", "to look for the record"),
        (CRM, "GET|POST|PUT|DELETE", r"/objects/[^/]+/records", "to write the record"),
        (CRM, r"\w+", r"/associations/relations", "to tie the record to the contact"),
        (CRM, r"\w+", r"/(objects|custom-fields|associations)", "to set up the custom objects"),
        (CRM, r"\w+", r"/locations/[^/]+/customFields", "to set up the contact's fields"),
        (CRM, r"\w+", r"/oauth/", "to let the hub in"),
        (CRM, r"\w+", r"/locations/", "to describe the location"),
        (CRM, r"\w+", r"/users/", "to say who works in the location"),
        (CRM, r"\w+", r"/businesses/", "to read the contact's company"),
        (CRM, "DELETE", r"/marketplace/app/", "to take the app out and end its plan"),
        (CRM, r"\w+", r"/marketplace/", "to say which plan there is"),
        (CRM, "GET", r"/workflows", "to list the workflows"),
        (CRM, "POST", "", "to start the workflow"),
        (CLOUD, r"\w+", r"/ping", "to check the App ID and Secret Key"),
        (CLOUD, r"\w+", r"/reporting/", "to describe its plan"),
        (CLOUD, r"\w+", r"/registrations/postBackTest", "to send a test postback"),
        (CLOUD, r"\w+", r"/appManagement/", "to set up the postbacks"),
        (CLOUD, "POST", r"/courses/importJobs", "to import the package"),
        (CLOUD, "GET", r"/courses/importJobs", "to say how the import goes on"),
        (CLOUD, "POST", r"/courses/[^/]+/preview", "to open the preview"),
        (CLOUD, "DELETE", r"/courses/", "to delete the course"),
        (CLOUD, "GET", r"/courses", "to describe the course"),
        (CLOUD, "POST", r"/registrations/[^/]+/launchLink", "to open the course"),
        (CLOUD, "GET", r"/registrations/[^/]+/launchHistory", "to list the launches"),
        (CLOUD, "POST", r"/registrations$", "to register the learner"),
        (CLOUD, "DELETE", r"/registrations/", "to delete the registration"),
        (CLOUD, "GET|HEAD", r"/registrations", "to report the progress"),
        (STORAGE, "PUT|POST", "", "to keep the package"),
        (STORAGE, "DELETE", "", "to delete the package"),
        (STORAGE, r"\w+", "", "to hand out the package"),
    )
]

HAPPENED = {
    Kind.UNREACHABLE: "{name} could not be reached {tried}.",
    Kind.SILENT: "{name} did not answer in time when it was asked {tried}.",
    Kind.CUT: "{name} was asked {tried}, and its answer broke off.",
    Kind.GARBLED: "{name} was asked {tried}, and something else than an answer came back.",
    Kind.THROTTLED: "{name} takes no more calls at the moment, so it could not be asked {tried}.",
    Kind.BROKEN: "{name} has trouble of its own ({status}), so it was not able {tried}.",
    Kind.UNAUTHORIZED: "{name} refuses our access and so refused {tried}.",
    Kind.FORBIDDEN: "{name} does not allow the hub to ask it {tried} ({status}).",
    Kind.LIMIT: "{name} refused {tried}: a limit of your plan there is reached.",
    Kind.GONE: "{name} was asked {tried}, but what this is about is not there any more.",
    Kind.EXISTS: "{name} was asked {tried}, but has another one like it already.",
    Kind.REFUSED: "{name} did not accept what it was sent {tried} ({status}).",
}
LATER = "Please try again in a minute."
NEXT = {
    (Kind.UNAUTHORIZED, CRM): "Reconnect the CRM; what waits is written after that.",
    (Kind.UNAUTHORIZED, CLOUD): "Enter the App ID and Secret Key again: Settings → SCORM Cloud.",
    (Kind.UNAUTHORIZED, STORAGE): "Please write to support.",
    (Kind.FORBIDDEN, CRM): "Reconnect the CRM and allow all that the app asks for, then retry.",
    (Kind.FORBIDDEN, CLOUD): "Allow it for this application in SCORM Cloud, then retry.",
    (Kind.FORBIDDEN, STORAGE): "Please write to support.",
    (Kind.LIMIT, CRM): "Raise the plan in the CRM, then retry.",
    (Kind.LIMIT, CLOUD): "Raise the plan at cloud.scorm.com or delete registrations there, "
    "then retry.",
    (Kind.GONE, CRM): "Look for it in the CRM, then retry or dismiss this.",
    (Kind.GONE, CLOUD): "Look for it in SCORM Cloud, under the application that is connected.",
    (Kind.GONE, STORAGE): "Please upload the package again.",
    (Kind.EXISTS, CRM): "Look at it in the CRM, and retry once there is only one.",
    (Kind.EXISTS, CLOUD): "Look at it in SCORM Cloud, then retry.",
}
STUCK = "Retry it; if that does not help, please write to support."


def sentence_for(error: OutsideError) -> str:
    """What happened and what to do next, for somebody who is waiting."""
    return f"{what_happened(error)} {LATER if error.can_retry else what_next(error)}"


def in_words(error: OutsideError) -> str:
    """The same for a row, which is tried again by itself where that can help."""
    return what_happened(error) if error.can_retry else sentence_for(error)


def what_happened(error: OutsideError) -> str:
    return HAPPENED[error.kind].format(
        name=NAMES.get(error.service, "The other side"),
        tried=what_was_tried(error),
        status=f"it answered {error.status}",
    )


def what_next(error: OutsideError) -> str:
    """For trouble that time does not heal."""
    return NEXT.get((error.kind, error.service), STUCK)


def what_was_tried(error: OutsideError) -> str:
    call = f"{error.method} {error.path}"
    return next(
        (
            words
            for service, pattern, words in CALLS
            if service == error.service and pattern.match(call)
        ),
        "to do its part",
    )


def log_cause(error: Exception) -> None:
    """Log what the other side said, if that is why. Called once, by whoever answers the error."""
    said = error if isinstance(error, OutsideError) else error.__cause__
    if isinstance(said, OutsideError):
        log.warning("outside trouble: %s", said)
