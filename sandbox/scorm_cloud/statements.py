"""The xAPI statements of a course or a registration: none ever.

SCORM content makes no xAPI statements, and only SCORM content can be imported here.
"""

import sqlite3
from collections.abc import Callable

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.query import check_dates


def add_statement_routes(
    blueprint: Blueprint, bases: list[str], found: Callable[..., sqlite3.Row]
) -> None:
    """GET ``xAPIStatements`` below each base address; ``found`` raises ApiError 404."""

    def read(**parts: str) -> ResponseReturnValue:
        with the_cloud().store.read() as db:
            found(db, *parts.values())
        check_dates(request.args)
        return jsonify(statements=[])

    for number, base in enumerate(bases):
        blueprint.add_url_rule(f"{base}/xAPIStatements", f"read_statements_{number}", read)
