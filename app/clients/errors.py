"""The one family of errors that calls to outside systems raise.

A caller never compares status codes; it asks the error: can a retry help, is the thing gone, must
the account be connected again, may the write have happened all the same? The vendors' habits (a 400
that means "not found", a 401 that means "wrong scope") are understood here, once.
"""

import re
from enum import StrEnum

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

# What a 401 of the CRM speaks of when a new token would not cure it.
_NOT_ABOUT_THE_TOKEN = re.compile(r"scope|location|sub-?account|version|token type|user type", re.I)
_NO_SUCH_ROUTE = re.compile(r"^cannot (get|post|put|delete|head) /", re.I)
_MISSING = re.compile(r"\bnot found\b|could not find|does not exist", re.I)
_DUPLICATE = re.compile(r"already exists|duplicate relation|does not allow duplicat", re.I)


_LIMIT = re.compile(r"\blimit\b.*\breached\b|\bexceed|\bquota\b", re.I)


class Kind(StrEnum):
    """What went wrong, as far as it makes a difference to whoever has to put it right."""

    UNREACHABLE = "unreachable"  # nothing of the call left this machine
    SILENT = "silent"  # no answer in time
    CUT = "cut"  # the connection ended before the answer did
    GARBLED = "garbled"  # somebody's web page, a redirect, megabytes
    THROTTLED = "throttled"
    BROKEN = "broken"  # the other side's own trouble
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    LIMIT = "limit"  # of the customer's plan there
    GONE = "gone"
    EXISTS = "exists"
    REFUSED = "refused"


class OutsideError(Exception):
    """A call that did not do what was asked.

    `reason` is in the other side's words, without secrets or e-mail addresses: for the log, and to
    be understood here. What a person reads is made of the rest, see `app/outside_trouble.py`.
    `status` is None when no answer came. `retry_after` is in seconds, None when nothing was said.
    """

    def __init__(
        self,
        service: str,
        method: str,
        path: str,
        reason: str,
        *,
        status: int | None = None,
        sent: bool = True,
        garbled: bool = False,
        timed_out: bool = False,
        retry_after: float | None = None,
        trace_id: str = "",
        existing_id: str = "",
    ) -> None:
        self.service = service
        self.method = method
        self.path = path
        self.reason = reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."
        self.status = status
        self.sent = sent
        self.garbled = garbled
        self.timed_out = timed_out
        self.retry_after = retry_after
        self.trace_id = trace_id
        self.existing_id = existing_id
        answered = f"answered {status}" if status else "gave no answer"
        super().__init__(f"{service} {answered} to {method} {path}: {self.reason}")

    @property
    def kind(self) -> Kind:
        """The one kind of trouble that this is; see there."""
        return next(kind for kind, holds in self._kinds() if holds)

    def _kinds(self) -> list[tuple[Kind, bool]]:
        silent = self.status is None
        return [
            (Kind.UNREACHABLE, silent and not self.sent),
            (Kind.SILENT, silent and self.timed_out),
            (Kind.CUT, silent),
            (Kind.GARBLED, self.garbled),
            (Kind.THROTTLED, self.status in (425, 429)),
            (Kind.BROKEN, self.status is not None and (self.status >= 500 or self.status == 408)),
            (Kind.LIMIT, bool(_LIMIT.search(self.reason)) and not self.is_unauthorised),
            (Kind.UNAUTHORIZED, self.is_unauthorised),
            (Kind.FORBIDDEN, self.is_forbidden),
            (Kind.GONE, self.is_gone),
            (Kind.EXISTS, self.already_exists),
            (Kind.REFUSED, True),
        ]

    @property
    def can_retry(self) -> bool:
        """Whether the same call may succeed later without anybody changing anything."""
        if self.status is None or self.garbled:
            return True
        return self.status in (408, 425, 429) or self.status >= 500

    @property
    def is_unauthorised(self) -> bool:
        """The credentials are refused: a new token or a new connection is needed."""
        return self.status == 401 and not self.garbled and not self.is_forbidden

    @property
    def is_forbidden(self) -> bool:
        """The credentials are good but not for this: a scope, another location, another kind of
        token.
        """
        if self.garbled:
            return False
        return self.status == 403 or (
            self.status == 401 and bool(_NOT_ABOUT_THE_TOKEN.search(self.reason))
        )

    @property
    def is_gone(self) -> bool:
        """What was asked for does not exist there (any more). A wrong address of ours does not
        count.
        """
        if self.garbled or _NO_SUCH_ROUTE.search(self.reason):
            return False
        return self.status in (404, 410) or (
            self.status == 400 and bool(_MISSING.search(self.reason))
        )

    @property
    def already_exists(self) -> bool:
        """What was to be made is there already; `existing_id` names it where the answer did."""
        if self.garbled:
            return False
        return self.status == 409 or (
            self.status in (400, 422) and bool(_DUPLICATE.search(self.reason))
        )

    @property
    def outcome_unknown(self) -> bool:
        """A write that may have been done all the same: look before doing it again."""
        if self.method in SAFE_METHODS or not self.sent:
            return False
        return self.status is None or self.status >= 500 or self.status < 400
