"""The Reports tab: cards and table for a filter that stands in the address, and its files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from app import audit
from app.errors import BadInput
from app.htmx import page_number, render
from app.paging import page_of
from app.reports import queries
from app.reports.queries import CourseLine, Filter, Report
from app.tenancy import actor, current_account

blueprint = Blueprint("reports", __name__)

SORTS = {
    "course": ("Course", lambda line: queries.folded(line.title)),
    "enrolled": ("Enrolled", lambda line: line.enrolled),
    "completed": ("Completed", lambda line: line.completed),
    "rate": ("Completion", lambda line: -1 if line.rate is None else line.rate),
    "average": ("Average score", lambda line: -1 if line.average is None else line.average),
}


@blueprint.get("/reports")
def index() -> Response:
    try:
        wanted = Filter.parse(request.args)
    except BadInput as error:
        return show(None, Filter(), error)
    return show(queries.report(current_account, wanted), wanted)


def show(report: Report | None, wanted: Filter, error: BadInput | None = None) -> Response:
    """The page or its fragment; with an error what was typed stays, and no figures are shown."""
    lines = sorted_lines(report) if report else []
    return render(
        "reports/index.html",
        "reports/_report.html",
        422 if error else 200,
        report=report,
        page=page_of(lines, page_number()),
        wanted=wanted,
        given=request.args if error else wanted.query(),
        error=error,
        sorts=heading_links(wanted),
        url_of=lambda n: address(wanted, page=n if n > 1 else None),
        file_of=lambda kind: address_of_file(wanted, kind),
    )


def sorted_lines(report: Report) -> list[CourseLine]:
    name, downwards = order()
    return sorted(report.lines, key=SORTS[name][1], reverse=downwards)


def order() -> tuple[str, bool]:
    given = request.args.get("sort", "")
    name = given.removeprefix("-")
    return (name, given.startswith("-")) if name in SORTS else ("course", False)


def heading_links(wanted: Filter) -> dict[str, dict[str, Any]]:
    """For each column: its words, where a click leads, and how it is sorted now."""
    current, downwards = order()
    links = {}
    for name, (words, _) in SORTS.items():
        turned = not downwards if name == current else name != "course"
        links[name] = {
            "words": words,
            "url": address(wanted, sort=f"-{name}" if turned else name),
            "direction": ("descending" if downwards else "ascending") if name == current else None,
        }
    return links


def address(wanted: Filter, **more: Any) -> str:
    sort = {"sort": request.args["sort"]} if "sort" in request.args else {}
    return url_for("reports.index", **{**wanted.query(), **sort, **more})


def address_of_file(wanted: Filter, kind: str) -> str:
    values: dict[str, Any] = {"kind": kind, **wanted.query()}
    return url_for("reports.export", **values)


@blueprint.get("/reports/export.<kind>")
def export(kind: str) -> Response:
    """The same filter as a file. Who took it, and how much, is in the audit list."""
    from app.reports import export as files  # with all that makes PDFs and workbooks

    wanted = Filter.parse(request.args)
    file = files.export(current_account, wanted, kind)
    audit.note(current_account, actor(), f"exported {kind.upper()}", wanted.in_words())
    response = make_response(file.content)
    response.headers["Content-Type"] = file.mimetype
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response
