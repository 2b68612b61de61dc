"""Expected trouble, each with the sentence a person may read; how it is answered stands in
`app/error_answers.py`.

AppError
 +-- BadInput (422)        something typed or sent is not right; says what, loses nothing
 +-- NotFound (404)        not there, or another account's: the same answer
 +-- Conflict (409)        a stale form, something that exists already
 |    +-- LimitReached     the trial's registrations are used up
 |    +-- Cancelled        the account was cancelled
 +-- Refused (403)         may not be done
 |    +-- SignedOut (401)  no session
 |    +-- FormExpired      the session that made the form is over
 +-- NotConnected (409)    the CRM or SCORM Cloud is not connected
 +-- Unavailable (503)     outside trouble while somebody waits
Hold                       work of the background that must wait, without counting as a failure
"""

from __future__ import annotations

from datetime import timedelta


class AppError(Exception):
    """`sentence` says what happened and what to do next; it is all that a person reads of it."""

    status = 500
    title = ""  # of the page that shows it; else the status has one

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class BadInput(AppError):
    status = 422


class NotFound(AppError):
    status = 404

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence)


class Conflict(AppError):
    status = 409


class LimitReached(Conflict):
    pass


class Refused(AppError):
    status = 403


class SignedOut(AppError):
    status = 401


class FormExpired(Refused):
    title = "This form has expired"

    def __init__(self) -> None:
        super().__init__(
            "You have signed in again since this page was opened, so nothing was changed. "
            "Reload the page and send the form once more."
        )


class NotConnected(AppError):
    status = 409
    title = "Not connected"


CANCELLED = (
    "This account was cancelled, so nothing was changed. Its data can still be read. "
    "It can be opened again under Settings → Account Mode."
)


class Cancelled(Conflict):
    title = "This account was cancelled"


class Unavailable(AppError):
    status = 503


class Hold(Exception):
    """Raised where background work must wait: not installed, reconnect needed, no pace left."""

    def __init__(self, reason: str, wait: timedelta = timedelta(minutes=5)) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait
