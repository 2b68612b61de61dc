"""The one family of errors that calls to outside systems raise.

A caller never compares status codes; it asks the error: can a retry help, is the thing gone, must
the account be connected again, may the write have happened all the same? The vendors' habits (a 400
that means "not found", a 401 that means "wrong scope") are understood here, once.
"""

import re

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

# What a 401 of the CRM speaks of when a new token would not cure it.
_NOT_ABOUT_THE_TOKEN = re.compile(r"scope|location|sub-?account|version|token type|user type", re.I)
_NO_SUCH_ROUTE = re.compile(r"^cannot (get|post|put|delete|head) /", re.I)
_MISSING = re.compile(r"\bnot found\b|could not find|does not exist", re.I)
_DUPLICATE = re.compile(r"already exists|duplicate relation|does not allow duplicat", re.I)


class OutsideError(Exception):
    """A call that did not do what was asked.

    `reason` is a short sentence without secrets or e-mail addresses, fit to be shown to an admin.
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
        self.retry_after = retry_after
        self.trace_id = trace_id
        self.existing_id = existing_id
        answered = f"answered {status}" if status else "gave no answer"
        super().__init__(f"{service} {answered} to {method} {path}: {self.reason}")

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
