"""Lists in pages: filters, order, the ``more`` token and the total.

A page continues after the last row of the one before (by sort value and id), so rows that change
between two pages are neither lost nor make others appear twice without having changed. The token
carries the original filters; sending filters along with it is refused.
"""

import base64
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.query import INVALID, choice, flag, moment, words


@dataclass(frozen=True)
class Listing:
    """What a list can be filtered and ordered by: API words and the SQL they stand for."""

    name: str
    select: str  # SELECT … FROM … without WHERE
    where: str  # with a mark for each of the values that read_page is given
    id: str
    dates: Mapping[str, str]
    default_date: str
    orders: Mapping[str, str]  # columns without nulls; with an index the pages come quickly
    filters: Mapping[str, str]
    default_filter: str
    tags: str
    equals: Mapping[str, str] = field(default_factory=dict)
    key: str = "id"  # the column of a row that holds ``id``

    def words(self) -> set[str]:
        plain = {"since", "until", "datetimeFilter", "tags", "filter", "filterBy", "orderBy"}
        return plain | set(self.equals)


@dataclass(frozen=True)
class Page:
    """The rows of one page; ``more`` continues, ``total`` counts all (only when asked for)."""

    rows: list[sqlite3.Row]
    args: dict[str, str]
    more: str | None
    total: int | None


# Shows one row: the row and the arguments of the call, with those its token kept.
Show = Callable[[Cloud, sqlite3.Connection, sqlite3.Row, Mapping[str, str]], dict[str, Any]]


def answer_page(
    key: str, listing: Listing, within: tuple[str, ...], show: Show
) -> ResponseReturnValue:
    """The answer to the present call of a list, with the page's items under ``key``."""
    cloud = the_cloud()
    with cloud.store.read() as db:
        page = read_page(cloud, db, listing, g.app_id, within)
        shown: dict[str, Any] = {key: [show(cloud, db, row, page.args) for row in page.rows]}
    if page.more:
        shown["more"] = page.more
    headers = {} if page.total is None else {"X-Total-Count": str(page.total)}
    return jsonify(shown), headers


def read_page(
    cloud: Cloud, db: sqlite3.Connection, listing: Listing, app: str, within: tuple[str, ...]
) -> Page:
    """The page that the present request asks for; ApiError 400 for a wrong parameter.
    ``within`` are the values of the listing's ``where``; ``app`` is whose the token will be."""
    args, after = _arguments(listing, app)
    conditions, values = _conditions(listing, args, within)
    order, direction = _order(listing, args)
    where = " AND ".join(conditions)
    total = None
    if flag(args, "includeTotalCount") and after is None:
        counted = f"SELECT count(*) FROM ({listing.select} WHERE {where})"
        total = db.execute(counted, values).fetchone()[0]
    if after is not None:
        sign = ">" if direction == "ASC" else "<"
        where += f" AND ({order}, {listing.id}) {sign} (?, ?)"
        values = [*values, *after]
    size = cloud.knobs["page_size_since" if args.get("since") else "page_size"]
    rows = db.execute(
        f"{listing.select} WHERE {where} ORDER BY {order} {direction},"
        f" {listing.id} {direction} LIMIT ?",
        [*values, size + 1],
    ).fetchall()
    more = None
    if len(rows) > size:
        rows = rows[:size]
        position = _position(db, listing, order, within, rows[-1][listing.key])
        more = _token(listing, app, args, position)
    return Page(rows, args, more, total)


def _arguments(listing: Listing, app: str) -> tuple[dict[str, str], list[Any] | None]:
    sent = {name: value for name, value in request.args.items() if value != ""}
    token = sent.pop("more", None)
    if token is None:
        return sent, None
    if set(sent) & listing.words():
        raise ApiError(400, f"{INVALID}: no other filter may be sent with more.")
    try:
        kept = json.loads(base64.urlsafe_b64decode(token.encode()))
        whose, name, args, after = kept
    except (ValueError, TypeError) as error:
        raise ApiError(400, f"{INVALID}: more is not a token of this list.") from error
    if (whose, name) != (app, listing.name):
        raise ApiError(400, f"{INVALID}: more is not a token of this list.")
    return {**args, **sent}, after


def _token(listing: Listing, app: str, args: dict[str, str], after: list[Any]) -> str:
    content = json.dumps([app, listing.name, args, after])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _position(
    db: sqlite3.Connection, listing: Listing, order: str, within: tuple[str, ...], last: Any
) -> list[Any]:
    """Where the next page goes on: the sort value and id of this page's last row."""
    keyed = f"SELECT {order} AS position"
    source = listing.select[listing.select.index(" FROM ") :]
    found = db.execute(
        f"{keyed}{source} WHERE {listing.where} AND {listing.id} = ?", (*within, last)
    ).fetchone()
    return [found["position"], last]


def _order(listing: Listing, args: Mapping[str, str]) -> tuple[str, str]:
    both = {
        f"{name}_{direction.lower()}": f"{column}|{direction}"
        for name, column in listing.orders.items()
        for direction in ("ASC", "DESC")
    }
    column, _, direction = choice(args, "orderBy", both, "created_desc").partition("|")
    return column, direction


def _conditions(
    listing: Listing, args: Mapping[str, str], within: tuple[str, ...]
) -> tuple[list[str], list[Any]]:
    conditions: list[str] = [listing.where]
    values: list[Any] = list(within)
    date = choice(args, "datetimeFilter", listing.dates, listing.default_date)

    def add(condition: str, *given: Any) -> None:
        conditions.append(condition)
        values.extend(given)

    for name, sign in (("since", ">="), ("until", "<=")):
        limit = moment(args, name)
        if limit is not None:
            add(f"{date} {sign} ?", limit)
    for name, column in listing.equals.items():
        if args.get(name):
            add(f"{column} = ?", args[name])
    _add_tags(listing, words(args, "tags"), add)
    sought = choice(args, "filterBy", listing.filters, listing.default_filter)
    if args.get("filter"):
        add(f"instr(lower({sought}), lower(?)) > 0", args["filter"])
    return conditions, values


def _add_tags(listing: Listing, tags: list[str], add: Callable[..., None]) -> None:
    """Any of the tags is enough."""
    if tags:
        marks = ", ".join("?" * len(tags))
        add(f"EXISTS (SELECT 1 FROM json_each({listing.tags}) WHERE value IN ({marks}))", *tags)
