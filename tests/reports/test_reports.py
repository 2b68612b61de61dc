"""The Reports tab: figures, filter, table and the four files, opened as their readers would."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import xlrd
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

from app.errors import BadInput
from app.extensions import db
from app.models import Account, AuditEntry, Course, CourseStatus, Enrollment, Outcome, acting_for
from app.reports import export, queries
from app.reports.queries import Filter
from tests.factories import (
    complete,
    make_account,
    make_course,
    make_enrollment,
    make_learner,
    sign_in,
    utc,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def account(app: Flask) -> Iterator[Account]:
    account = make_account(organization_name="Harbour", timezone="Europe/Berlin")
    with acting_for(account.id):
        yield account


def enrol(course: Course, day: datetime, **learner: Any) -> Enrollment:
    account = db.session.get(Account, course.account_id)
    assert account is not None
    return make_enrollment(course, make_learner(account, **learner), created_at=day)


@pytest.fixture
def courses(account: Account) -> tuple[Course, Course]:
    """Two courses: first aid with three learners, fire with one who has not begun."""
    first, fire = make_course(account, title="École: First Aid"), make_course(account, title="Fire")
    complete(enrol(first, utc(2026, 3, 1, 12), last_name="One"), 90, at=utc(2026, 3, 10, 12))
    failed = enrol(first, utc(2026, 3, 2, 12), last_name="Two")
    complete(failed, 0, Outcome.FAILED, at=utc(2026, 3, 31, 21, 59))  # 23:59 in Berlin
    enrol(first, utc(2026, 3, 31, 22, 0), last_name="Three")  # already 1 April in Berlin
    enrol(fire, utc(2026, 2, 28, 23, 0), last_name="Four")  # already 1 March in Berlin
    return first, fire


# The filter


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, Filter()),
        ({"q": "  first   aid "}, Filter("first aid")),
        ({"from": "2026-03-01"}, Filter(first=date(2026, 3, 1))),
        ({"to": "2026-03-01", "by": "completed"}, Filter(last=date(2026, 3, 1), by="completed")),
        ({"by": "nonsense"}, Filter()),
        (
            {"from": "2026-03-01", "to": "2026-03-01"},
            Filter("", date(2026, 3, 1), date(2026, 3, 1)),
        ),
    ],
)
def test_a_filter_is_read_from_the_address_and_written_back(
    given: dict[str, str], wanted: Filter
) -> None:
    assert Filter.parse(given) == wanted
    assert Filter.parse(wanted.query()) == wanted


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "before its start"),
        ({"from": "yesterday"}, "is not a date"),
        ({"to": "2026-02-30"}, "is not a date"),
        ({"to": "9999-12-31"}, "between 2000 and 2100"),
    ],
)
def test_a_wrong_period_is_refused_with_a_sentence(given: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Filter.parse(given)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["École: First Aid", "Fire"]),
        ("ecole", ["École: First Aid"]),
        ("ÉCOLE aid", ["École: First Aid"]),
        ("FIRE", ["Fire"]),
        ("fir", ["École: First Aid", "Fire"]),
        ("%", []),
        ("_", []),
        ("' or 1=1", []),
    ],
)
def test_courses_are_found_without_case_accents_or_wildcards(
    account: Account, courses: object, search: str, found: list[str]
) -> None:
    assert [one.title for one in queries.find_courses(account, search)] == found


# Figures


def test_the_figures_of_all_time(account: Account, courses: tuple[Course, Course]) -> None:
    report = queries.report(account, Filter())
    assert (report.courses, report.enrolled, report.completed, report.rate) == (2, 4, 2, 50)
    first, fire = report.lines
    assert (first.enrolled, first.completed, first.average) == (3, 2, 45)
    assert (fire.enrolled, fire.completed, fire.average, fire.rate) == (1, 0, None, 0)


def test_nothing_is_divided_by_nothing(account: Account) -> None:
    make_course(account)
    report = queries.report(account, Filter())
    assert report.rate is None
    assert report.lines[0].rate is None


def test_courses_that_are_not_ready_are_counted_apart(account: Account) -> None:
    make_course(account)
    make_course(account, status=CourseStatus.ERROR)
    make_course(account, status=CourseStatus.UPLOADING)
    archived = make_course(account)
    archived.archive()
    db.session.flush()
    report = queries.report(account, Filter())
    assert (report.courses, report.other_courses) == (1, 2)


def test_withdrawn_enrolments_are_in_no_figure(account: Account) -> None:
    enrollment = enrol(make_course(account), utc(2026, 3, 1))
    enrollment.withdraw()
    db.session.flush()
    assert queries.report(account, Filter()).enrolled == 0
    assert queries.count(account, Filter()) == 0


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"from": "2026-03-01", "to": "2026-03-31"}, ["Two", "One", "Four"]),
        ({"from": "2026-04-01"}, ["Three"]),
        ({"to": "2026-03-01"}, ["One", "Four"]),
        ({"from": "2026-03-01", "to": "2026-03-01"}, ["One", "Four"]),
        ({"by": "completed"}, ["Two", "One"]),
        ({"by": "completed", "from": "2026-03-31", "to": "2026-03-31"}, ["Two"]),
        ({"by": "completed", "from": "2026-04-01"}, []),
        ({"q": "fire"}, ["Four"]),
    ],
)
def test_both_ends_belong_to_a_period_and_days_are_the_accounts(
    account: Account, courses: object, given: dict[str, str], names: list[str]
) -> None:
    wanted = Filter.parse(given)
    rows = list(queries.rows(account, wanted))
    assert [row.learner.split()[-1] for row in rows] == names
    assert queries.count(account, wanted) == len(names) == queries.report(account, wanted).enrolled


# Pages


def test_the_page_shows_cards_and_table(
    client: FlaskClient, account: Account, courses: object
) -> None:
    sign_in(client, account)
    page = client.get("/reports").text
    for words in ("Total courses", "2 of 4", "50%", "École: First Aid", "45%"):
        assert words in page


def test_the_filter_stands_in_the_address_and_in_the_links_of_the_files(
    client: FlaskClient, account: Account, courses: object
) -> None:
    sign_in(client, account)
    page = client.get("/reports?q=fire&from=2026-03-01&by=completed").text
    assert "/reports/export.xlsx?q=fire&amp;from=2026-03-01&amp;by=completed" in page
    assert "École" not in page
    part = client.get("/reports?q=fire", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="report"')


def test_a_wrong_period_keeps_what_was_typed(client: FlaskClient, account: Account) -> None:
    sign_in(client, account)
    answer = client.get("/reports?from=2026-03-02&to=2026-03-01&q=aid")
    assert answer.status_code == 422
    assert "lies before its start" in answer.text
    assert 'value="2026-03-02"' in answer.text
    assert 'value="aid"' in answer.text


def test_the_table_is_sorted_and_paged(client: FlaskClient, account: Account) -> None:
    for number in range(28):
        course = make_course(account, title=f"Course {number:02d}")
        if number == 27:
            enrol(course, utc(2026, 3, 1))
    sign_in(client, account)
    assert "Course 27" not in client.get("/reports").text
    assert "Course 27" in client.get("/reports?page=2").text
    assert "Course 27" in client.get("/reports?sort=-enrolled").text
    assert client.get("/reports?page=99").status_code == 200


def test_only_the_owner_sees_anything(
    client: FlaskClient, account: Account, courses: object
) -> None:
    for path in ("/reports", "/reports/export.csv"):
        assert client.get(path).status_code == 401
    sign_in(client, make_account("second-location"))
    assert "École" not in client.get("/reports").text
    assert b"One" not in client.get("/reports/export.csv").data


# Files


def fetch(client: FlaskClient, account: Account, path: str) -> TestResponse:
    sign_in(client, account)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer


def test_csv_opens_anywhere(client: FlaskClient, account: Account, courses: object) -> None:
    answer = fetch(client, account, "/reports/export.csv?q=first")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert table[0] == list(export.HEADINGS)
    assert [row[0].split()[-1] for row in table[1:]] == ["Three", "Two", "One"]
    three, two, one = table[1:]
    assert three[3:6] == ["Not Started", "", ""]
    assert two[3:6] == ["Completed", "Failed", "0"]
    dates = ["2026-03-01 13:00", "2026-03-10 13:00", "2026-03-10 13:00"]
    assert one[3:] == ["Completed", "Passed", "90", *dates]
    assert two[7:] == ["2026-03-31 23:59", ""]  # who failed has passed on no day


def test_xlsx_has_typed_cells(client: FlaskClient, account: Account, courses: object) -> None:
    answer = fetch(client, account, "/reports/export.xlsx?q=first")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    table = list(book["Records"].iter_rows(values_only=True))
    assert table[0] == export.HEADINGS
    three, two, one = table[1:]
    assert three[5] is None
    assert two[5] == 0
    completed_at = passed_at = datetime(2026, 3, 10, 13)
    assert one[5:] == (90, datetime(2026, 3, 1, 13), completed_at, passed_at)
    about = " ".join(str(row[0]) for row in book["About"].iter_rows(values_only=True))
    assert "Harbour" in about
    assert "matching “first”" in about
    assert "Europe/Berlin" in about


def test_xls_is_a_true_workbook(client: FlaskClient, account: Account, courses: object) -> None:
    answer = fetch(client, account, "/reports/export.xls?q=first")
    assert answer.data.startswith(b"\xd0\xcf\x11\xe0")  # the old format's own signature
    sheet = xlrd.open_workbook(file_contents=answer.data).sheet_by_name("Records")
    assert sheet.row_values(0) == list(export.HEADINGS)
    assert [sheet.cell(row, 5).value for row in (1, 2, 3)] == ["", 0, 90]
    assert sheet.cell(3, 6).ctype == xlrd.XL_CELL_DATE
    assert sheet.cell(3, 5).ctype == xlrd.XL_CELL_NUMBER


def text_of(content: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def test_the_pdf_is_branded_and_says_what_it_holds(
    client: FlaskClient, account: Account, courses: object
) -> None:
    (page,) = text_of(fetch(client, account, "/reports/export.pdf?from=2026-03-01").data)
    for words in ("Harbour", "enrolled from 2026-03-01", "Europe/Berlin", "Page 1 of 1", "0%"):
        assert words in page


def test_a_long_pdf_repeats_its_header_and_counts_its_pages(account: Account) -> None:
    course = make_course(account, title="A rather long title of a course that has to wrap " * 3)
    for number in range(120):
        enrol(course, utc(2026, 3, 1), last_name=f"Nr{number:03d}")
    enrol(course, utc(2026, 3, 2), first_name="太郎", last_name="山田")
    pages = text_of(export.export(account, Filter(), "pdf").content)
    assert len(pages) > 2
    assert "山田" in pages[0]
    for number, page in enumerate(pages, start=1):
        assert "Learner Email Course" in page
        assert f"Page {number} of {len(pages)}" in page
    together = " ".join(pages)
    assert all(f"Nr{number:03d}" in together for number in range(120))


@pytest.mark.parametrize("kind", ["csv", "xls", "xlsx", "pdf"])
def test_an_empty_result_is_still_a_file(account: Account, kind: str) -> None:
    file = export.export(account, Filter("no such course"), kind)
    assert file.content
    assert file.name.endswith(f".{kind}")
    assert file.name.startswith("training-report-20")


HOSTILE = [
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    " =1+1",
    "＝1",
    'quote " and ; , \n line',
    "محمد الله",
    "山田\x0b太郎",
    "\u202etxt.exe",
    "<b>&amp;</b>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_formula_or_breaks_a_file(account: Account, name: str) -> None:
    course = make_course(account, title=name)
    learner = make_learner(account, first_name=name, last_name="")
    make_enrollment(course, learner)
    text = export.export(account, Filter(), "csv").content.decode("utf-8-sig")
    (row,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert not row[0].lstrip().startswith(("=", "+", "-", "@", "＝"))
    book = openpyxl.load_workbook(io.BytesIO(export.export(account, Filter(), "xlsx").content))
    assert book["Records"]["A2"].data_type == "s"
    sheet = xlrd.open_workbook(file_contents=export.export(account, Filter(), "xls").content)
    assert sheet.sheet_by_name("Records").cell(1, 0).ctype == xlrd.XL_CELL_TEXT
    assert len(text_of(export.export(account, Filter(), "pdf").content)) == 1


@pytest.mark.parametrize("kind", ["xls", "pdf"])
def test_more_rows_than_a_kind_holds_are_answered_by_a_clear_page(
    client: FlaskClient,
    account: Account,
    courses: object,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setitem(export.MOST_ROWS, kind, 3)
    sign_in(client, account)
    answer = client.get(f"/reports/export.{kind}")
    assert answer.status_code == 422
    assert "Take the XLSX file" in answer.text
    assert client.get(f"/reports/export.{kind}?q=first").status_code == 200
    assert client.get("/reports/export.xlsx").status_code == 200


def test_unknown_kinds_are_not_there(client: FlaskClient, account: Account) -> None:
    sign_in(client, account)
    assert client.get("/reports/export.exe").status_code == 404


def test_an_export_is_in_the_audit_list_and_has_a_safe_name(
    client: FlaskClient, account: Account, courses: object
) -> None:
    answer = fetch(client, account, "/reports/export.csv?q=first")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="training-report-')
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.actor) == ("exported CSV", "Olivia Owner")
    assert "first" in entry.subject


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", ""),
        ("?from=2026-03-01", "-enrolled-from-2026-03-01"),
        ("?to=2026-03-31&by=completed", "-completed-until-2026-03-31"),
        ("?q=First Aid", "-courses-first-aid"),
        ("?q=応急", "-some-courses"),
    ],
)  # fmt: skip
def test_every_file_says_which_records_it_holds(
    client: FlaskClient, account: Account, courses: object, query: str, name: str
) -> None:
    """A CSV in its name, where no program takes it for a record; the others inside as well."""
    day = datetime.now(account.zone).date().isoformat()
    for kind in ("csv", "xls", "xlsx", "pdf"):
        answer = fetch(client, account, f"/reports/export.{kind}{query}")
        expected = f'attachment; filename="training-report-{day}{name}.{kind}"'
        assert answer.headers["Content-Disposition"] == expected
    said = Filter.parse(dict(parse_qsl(query.removeprefix("?")))).in_words()
    book = openpyxl.load_workbook(
        io.BytesIO(fetch(client, account, f"/reports/export.xlsx{query}").data)
    )
    assert said in [row[0] for row in book["About"].values]
