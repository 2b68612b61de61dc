"""What an operator does from the command line; `flask --help` lists everything.

Commands call the same verbs as the pages, commit what they did, and say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import audit, database_trouble, key_rotation, migrating, seeding
from app.accounts import closing, trial
from app.clients.http import OutsideError
from app.enrollments import enrolling_many
from app.enrollments.enrolling_many import Outcome
from app.errors import AppError, Hold
from app.extensions import db
from app.models import Account, Course, across_accounts, acting_for, now
from app.outside_trouble import sentence_for

OPERATOR = "an operator"
MEGABYTE = 1_048_576


def account_of(location: str) -> Account:
    found = db.session.scalar(select(Account).where(Account.location_id == location))
    if found is None:
        raise click.ClickException(f"There is no account for the location {location}.")
    return found


@click.command("list-accounts")
def list_accounts() -> None:
    """Every account: its location, state, plan, and how much it has."""
    for account in db.session.scalars(select(Account).order_by(Account.created_at)):
        found = closing.counts(account)
        with acting_for(account.id):
            used, limit = trial.used(account), trial.limit(account)
        state = (
            "purged"
            if account.purged_at
            else "active"
            if account.active
            else ("cancelled" if account.cancelled_at else "uninstalled")
        )
        plan = "live" if limit is None else f"trial {used} of {limit}"
        click.echo(
            f"{account.location_id}  {account.display_name}  {state}  {plan}  "
            f"{found['courses']} courses  {found['learners']} learners  "
            f"{found['enrollments']} enrollments"
        )


@click.command("package-limit")
@click.argument("location")
@click.argument("megabytes", type=click.IntRange(1, 5000))
def package_limit(location: str, megabytes: int) -> None:
    """Lets LOCATION upload packages of up to MEGABYTES (of 1,048,576 bytes)."""
    account = account_of(location)
    account.max_package_bytes = megabytes * MEGABYTE
    with acting_for(account.id):
        audit.note(account, OPERATOR, "changed the package limit", f"{megabytes} MB")
        db.session.commit()
    click.echo(f"{account.display_name} may upload packages of up to {megabytes} MB.")


@click.command("cancel")
@click.argument("location")
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    help="first write all records and certificates there, as CSV files",
)
@click.confirmation_option(prompt="Stop everything for this account?")
def cancel(location: str, folder: Path | None) -> None:
    """Stops everything that goes out for LOCATION; its data stays until it is purged.

    Where it pays through the marketplace, the app is taken out of its CRM, which ends the plan.
    """
    account = account_of(location)
    if folder is not None:
        hand_over(account, folder)
    if closing.pays(account):
        click.echo(end_plan(account))
    closing.cancel(account, OPERATOR)
    db.session.commit()
    click.echo(
        f"{account.display_name} is cancelled. Nothing is sent to its CRM any more and nobody new "
        "can enroll; self-enrollment links say that the course is not available. Certificates can "
        "still be verified until `flask purge`."
    )


def end_plan(account: Account) -> str:
    """Whatever the CRM says, the account is cancelled here; what is left to do is said."""
    try:
        closing.end_plan(account)
    except (OutsideError, Hold) as trouble:
        return f"Its plan could not be ended: {told(trouble)} End it in the CRM's marketplace."
    return "The app is taken out of its CRM, which ends its plan there."


def hand_over(account: Account, folder: Path) -> None:
    """Writes what the customer takes along; whatever goes wrong, nothing is cancelled then."""
    from app.reports import handover  # with all that makes workbooks, so not at every start

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with acting_for(account.id):
            for file in handover.files(account):
                (folder / file.name).write_bytes(file.content)
                click.echo(f"Wrote {folder / file.name}.")
            audit.note(account, OPERATOR, "exported CSV", "all records and certificates")
            db.session.flush()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise click.ClickException(f"Nothing is cancelled. {folder}: {reason}.") from error


@click.command("purge")
@click.option("--after-days", default=30, show_default=True, type=click.IntRange(0))
@click.confirmation_option(prompt="Delete the data of accounts that ended this long ago?")
def purge(after_days: int) -> None:
    """Deletes what cancelled and uninstalled accounts had, once their time has run out."""
    for account in closing.to_be_purged(timedelta(days=after_days)):
        with acting_for(account.id):
            for _ in closing.purge(account):
                db.session.commit()
        click.echo(f"{account.location_id} is purged.")


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypts anew, with the first of ENCRYPTION_KEYS, what an older key has written."""
    rewritten = 0
    try:
        for rows in key_rotation.rewrite():
            db.session.commit()
            rewritten += rows
    except key_rotation.UnreadableSecret as error:
        raise click.ClickException(
            f"No key in ENCRYPTION_KEYS can read {error}. Put the key that wrote it behind the "
            "newest one, and run this again."
        ) from error
    click.echo(f"{rewritten} rows are encrypted with the newest key.")


@click.command("seed")
@click.option("--courses", required=True, type=click.IntRange(0))
@click.option("--enrollments", required=True, type=click.IntRange(0))
@click.option("--account", "location", default="load-test", show_default=True)
def seed(courses: int, enrollments: int, location: str) -> None:
    """Fills an account with rows for load tests; nothing outside hears of them."""
    started = now()
    found = db.session.scalar(select(Account).where(Account.location_id == location))
    account = seeding.account_for(location, found)
    db.session.commit()
    with acting_for(account.id):
        for _ in seeding.fill(account, courses, enrollments):
            db.session.commit()
    took = (now() - started).total_seconds()
    click.echo(f"{courses} courses and {enrollments} enrollments for {location} in {took:.1f} s.")


@click.command("enroll")
@click.argument("course")
@click.option(
    "--csv", "file", type=click.File("rb"), help="first name, last name, email; UTF-8 or UTF-16"
)
@click.option("--tag", help="everybody in the CRM who carries it")
def enroll(course: str, file: BinaryIO | None, tag: str | None) -> None:
    """Enrols many people onto COURSE (its id), from a file or by a tag of the CRM."""
    if (file is None) == (tag is None):
        raise click.UsageError("Give either --csv FILE or --tag TAG.")
    with across_accounts():
        row = db.session.get(Course, course)
    if row is None:
        raise click.ClickException(f"There is no course {course}.")
    with acting_for(row.account_id):
        outcomes = (
            enrolling_many.from_file(row, file.read(), OPERATOR)
            if file is not None
            else enrolling_many.from_tag(row, str(tag), OPERATOR)
        )
        tell(outcomes)


def told(trouble: AppError | Hold | OutsideError) -> str:
    if isinstance(trouble, OutsideError):
        return sentence_for(trouble)
    return trouble.sentence if isinstance(trouble, AppError) else trouble.reason


def tell(outcomes: Iterator[Outcome]) -> None:
    """Commits and prints one person after the other; ends with a sum, or with what stopped it."""
    enrolled = total = 0
    try:
        for outcome in outcomes:
            db.session.commit()
            total, enrolled = total + 1, enrolled + outcome.enrolled
            click.echo(f"{outcome.who}: {outcome.words}")
    except (AppError, Hold, OutsideError) as trouble:
        db.session.rollback()
        click.echo(f"{enrolled} of {total} enrolled.")
        raise click.ClickException(told(trouble)) from trouble
    click.echo(f"{enrolled} of {total} enrolled.")


COMMANDS = (
    list_accounts, package_limit, cancel, purge, rotate_keys, seed, enroll, migrating.migrations,
)  # fmt: skip


def calmly(work: Callable[..., Any]) -> Callable[..., Any]:
    """The command, which ends in a sentence where the database is locked or away."""

    @wraps(work)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return work(*args, **options)
        except SQLAlchemyError as error:
            if database_trouble.status_of(error) != 503:
                raise
            db.session.rollback()
            raise click.ClickException(
                "The database did not answer or is held by another process. What was done before "
                "that is kept; run this again to go on."
            ) from error

    return run


def init_app(app: Flask) -> None:
    for command in COMMANDS:
        if command.callback is not None and not hasattr(command.callback, "__wrapped__"):
            command.callback = calmly(command.callback)
        app.cli.add_command(command)
