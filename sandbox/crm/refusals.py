"""The errors of the CRM's API, with the texts seen in the field.

Refusal
├── bad_request    400, what the rules of the CRM forbid
├── unauthorized   401, and not only for dead tokens: scope, location and version come as 401 too
├── not_found      404
└── unprocessable  422, a list of everything wrong with the input at once
"""

from typing import Any

INVALID_TOKEN = "Invalid token: access token is invalid"
INVALID_PRIVATE_TOKEN = "Invalid Private Integration token"
WRONG_SCOPE = "The token is not authorized for this scope."
WRONG_LOCATION = "This location is not accessible from this token!"
NO_VERSION = "version header was not found."
UNKNOWN_VERSION = "version header is invalid"
SUSPENDED = "Location is not active"

_NAMES = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 422: "Unprocessable Entity"}


class Refusal(Exception):
    """An answer other than success; nothing that the call did so far is kept."""

    def __init__(self, status: int, message: str | list[str], **more: Any) -> None:
        super().__init__(str(message))
        self.status = status
        self.message = message
        self.more = more

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"statusCode": self.status, "message": self.message}
        if self.status in _NAMES:
            body["error"] = _NAMES[self.status]
        return {**body, **self.more}


def bad_request(message: str, **more: Any) -> Refusal:
    return Refusal(400, message, **more)


def unauthorized(message: str) -> Refusal:
    return Refusal(401, message)


def not_found(message: str) -> Refusal:
    return Refusal(404, message)


def unprocessable(*messages: str) -> Refusal:
    return Refusal(422, list(messages))


def wrong_token_kind(kind: str) -> Refusal:
    return unauthorized(f"The token's user type {kind} is not allowed to access this route.")
