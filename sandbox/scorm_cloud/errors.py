"""Refusals in SCORM Cloud's form: JSON with the text under ``message`` and ``error``.

A missing or wrong credential is the exception: 401 has only ``error``.
"""

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException


class ApiError(Exception):
    """A refusal with its HTTP status and the sentence the caller gets."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def error_response(status: int, message: str) -> Response:
    body = {"error": message} if status == 401 else {"message": message, "error": message}
    response = jsonify(body)
    response.status_code = status
    return response


def handle_errors(app: Flask, prefix: str) -> None:
    """Answer refusals in this form; addresses outside ``prefix`` keep Flask's own pages."""

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return error_response(error.status, error.message)

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response | HTTPException:
        if not request.path.startswith(prefix):
            return error
        return error_response(error.code or 500, error.description or error.name)
