"""Settings → Branding: the form, and what documents would look like with what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request
from redis import Redis

from app import audit, extensions
from app.accounts.brand import brand, in_words, look
from app.clients.pictures import LARGEST
from app.errors import AppError, BadInput
from app.htmx import part
from app.models import Account
from app.settings import branding as typed
from app.settings import logo, logo_draft
from app.settings.logo_draft import Draft
from app.settings.versions import take_turn
from app.tenancy import account_row, actor

blueprint = Blueprint("branding", __name__, url_prefix="/settings/branding")
NOT_A_COLOUR_YET = "Not a color yet: # and six digits or letters a to f. The saved one is shown."
LARGEST_FORM = 3 * 1024 * 1024  # a logo of 2 MB and what surrounds it


@blueprint.url_value_preprocessor
def let_a_logo_in(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the form; every other form stays within the usual limit."""
    request.max_content_length = LARGEST_FORM


@blueprint.get("")
def show() -> Response:
    return page(saved_values(account_row()))


@blueprint.post("")
def save() -> Response:
    account, draft, chosen = account_row(), kept_draft(), None
    try:
        chosen = chosen_logo(account, draft)  # first, so that no other mistake loses it
        name = typed.name_in(request.form.get("organization_name", ""))
        colour = typed.colour_in(request.form.get("primary_color", ""))
        take_turn(account, request.form.get("version", ""))
    except AppError as error:
        return page(request.form, chosen, error)
    before = typed.state_of(account)
    account.organization_name, account.primary_color = name, colour
    if chosen:
        logo.set_logo(account, chosen.png, chosen.address)
    elif takes_logo_away(account, request.form):
        logo.remove_logo(account)
    if changes := typed.changes(before, typed.state_of(account)):
        audit.note(account, actor(), "changed branding", changes)
    return page(saved_values(account), saved="Branding is saved. New downloads show it at once.")


@blueprint.post("/preview")
def preview() -> Response:
    """The documents with what is typed and chosen; nothing is saved. `changed=logo` says that the
    picture's fields are new, and only then is a file or an address looked at."""
    account, changed, error = account_row(), request.args.get("changed"), None
    chosen = kept_draft()
    if changed == "logo":
        try:
            chosen = chosen_logo(account)
        except BadInput as refused:
            chosen, error = None, refused
    values = presented(account, request.form, chosen)
    return part(
        "settings/_branding_preview.html",
        "/settings/branding",
        changed=changed,
        logo_error=error,
        **values,
    )


def chosen_logo(account: Account, draft: Draft | None = None) -> Draft | None:
    """The picture that was sent, or whose address is new, redrawn. BadInput if it is unusable."""
    file, address = request.files.get("logo"), request.form.get("logo_url", "").strip()
    if file is not None and file.filename:
        return logo_draft.keep(memory(), account, Draft(logo.redrawn(file.read())))
    if address and address != account.logo_url:
        if draft and draft.address == address:
            return draft
        return logo_draft.keep(memory(), account, Draft(logo.fetched(address), address))
    return draft if draft and draft.address is None else None


def kept_draft() -> Draft | None:
    return logo_draft.find(memory(), account_row(), request.form.get("draft", ""))


def memory() -> Redis:
    return extensions.redis(current_app._get_current_object())  # type: ignore[attr-defined]


def takes_logo_away(account: Account, form: Mapping[str, str]) -> bool:
    """By the box, or because the address that it came from was emptied."""
    emptied = bool(account.logo_url) and not form.get("logo_url", "").strip()
    return "remove_logo" in form or emptied


def saved_values(account: Account) -> dict[str, str]:
    return {
        "organization_name": account.organization_name or "",
        "primary_color": account.primary_color,
        "logo_url": account.logo_url or "",
    }


def page(
    form: Mapping[str, str],
    chosen: Draft | None = None,
    error: AppError | None = None,
    saved: str | None = None,
) -> Response:
    values = presented(account_row(), form, chosen)
    text = render_template(
        "settings/branding.html",
        form=form,
        error=error,
        saved=saved,
        largest_logo=LARGEST,
        **values,
    )
    return make_response(text, error.status if error else 200)


def presented(account: Account, form: Mapping[str, str], chosen: Draft | None) -> dict[str, Any]:
    """The look of what is typed and chosen. Where that cannot be used yet, what is saved stays."""
    # Imported where they are used: with them comes all that makes PDFs, a tenth of a start.
    from app.certificates.example import example
    from app.reports.preview import preview as report

    name = usable(typed.name_in, form.get("organization_name", ""))
    colour = usable(typed.colour_in, form.get("primary_color", ""))
    png, address = shown_logo(account, form, chosen)
    present = look(
        name or account.name or account.display_name, colour or account.primary_color, address
    )
    return {
        "account": account,
        "brand": present,
        "guard": in_words(present) if colour else NOT_A_COLOUR_YET,
        "draft": chosen.key if chosen else "",
        "example": example(present.name),
        "report": report(present, png, account.zone),
    }


def usable(read: Callable[[str], str | None], text: str) -> str | None:
    try:
        return read(text)
    except BadInput:
        return None


def shown_logo(
    account: Account, form: Mapping[str, str], chosen: Draft | None
) -> tuple[bytes | None, str | None]:
    """The picture and where the browser finds it: in the page itself, while it is not saved."""
    if chosen:
        from app import pdf

        return chosen.png, pdf.data_uri(logo.for_screen(chosen.png))
    if takes_logo_away(account, form):
        return None, None
    return account.logo_png, brand(account).logo_url
