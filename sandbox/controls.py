"""The routes under ``/sandbox/`` that both stand-ins share: faults, ledger, clock, start over.

They exist only where SANDBOX_CONTROLS=1 is set; elsewhere they answer 404 like any unknown page.
Wrong input gets 400 with a sentence under ``error``.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.clock import Clock, iso
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults
from sandbox.knobs import Knobs
from sandbox.ledger import Ledger
from sandbox.store import Store


def controls_blueprint(
    title: str,
    store: Store,
    clock: Clock,
    faults: Faults,
    ledger: Ledger,
    deliveries: Deliveries,
    knobs: Knobs,
    overview: Callable[[], Mapping[str, Any]],
    start_over: Callable[[], None] | None = None,
) -> Blueprint:
    """The shared controls. ``overview`` gives the application's identities and counts;
    ``start_over`` clears what it keeps outside the store. Add its own routes to the result."""
    controls = Blueprint(
        "controls",
        __name__,
        url_prefix="/sandbox",
        template_folder=str(Path(__file__).parent / "templates"),
    )

    @controls.before_request
    def allowed() -> None:
        if os.environ.get("SANDBOX_CONTROLS") != "1":
            abort(404)

    @controls.errorhandler(ValueError)
    def wrong(error: ValueError) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400

    @controls.get("/")
    def page() -> ResponseReturnValue:
        state = {
            "sandbox": title,
            **overview(),
            "settings": knobs.all(),
            "faults": faults.get(),
            "clock": {"now": iso(clock.now()), "offset_s": clock.offset_s},
            "snapshots": store.snapshots(),
        }
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "text/html":
            return render_template(
                "sandbox_controls.html",
                state=state,
                entries=ledger.latest(30),
                outgoing=deliveries.log(30),
            )
        return jsonify(state)

    @controls.route("/faults", methods=["GET", "PUT"])
    def set_faults() -> ResponseReturnValue:
        return jsonify(faults.put(json_body()) if request.method == "PUT" else faults.get())

    @controls.route("/settings", methods=["GET", "PUT"])
    def set_knobs() -> ResponseReturnValue:
        if request.method == "PUT":
            knobs.change(json_body())
            deliveries.rescale()
        return jsonify(knobs.all())

    @controls.get("/ledger")
    def read_ledger() -> ResponseReturnValue:
        return jsonify(ledger.since(_whole("since")))

    @controls.get("/deliveries")
    def read_deliveries() -> ResponseReturnValue:
        return jsonify(deliveries.log(_whole("limit", 1000)))

    @controls.post("/deliveries/retry")
    def retry_deliveries() -> ResponseReturnValue:
        return jsonify(due=deliveries.retry_now())

    @controls.post("/clock")
    def set_clock() -> ResponseReturnValue:
        offset = json_body().get("offset_s")
        if isinstance(offset, bool) or not isinstance(offset, int | float):
            raise ValueError("offset_s is a number of seconds.")
        clock.set_offset(offset)
        return jsonify(now=iso(clock.now()), offset_s=clock.offset_s)

    @controls.post("/reset")
    def reset() -> ResponseReturnValue:
        with deliveries.quiet():
            store.reset()
            if start_over:
                start_over()
        return _back_or({"reset": True})

    @controls.post("/snapshot")
    def snapshot() -> ResponseReturnValue:
        store.snapshot(_name())
        return jsonify(snapshots=store.snapshots())

    @controls.post("/restore")
    def restore() -> ResponseReturnValue:
        try:
            with deliveries.quiet():
                store.restore(_name())
        except KeyError as error:
            return jsonify(error=f"There is no snapshot {error.args[0]}."), 404
        return jsonify(restored=_name())

    return controls


def json_body() -> dict[str, Any]:
    """The JSON object of the request; ValueError if it is something else. None sent: empty."""
    if not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    return body


def _back_or(answer: dict[str, Any]) -> ResponseReturnValue:
    """A form's button goes back to the page; a program gets JSON."""
    if request.mimetype == "application/x-www-form-urlencoded" and request.form.get("page"):
        return redirect("/sandbox/")
    return jsonify(answer)


def _name() -> str:
    return str(json_body().get("name", "default"))


def _whole(name: str, default: int = 0) -> int:
    text = request.args.get(name, str(default))
    if not text.isdigit():
        raise ValueError(f"{name} is a whole number.")
    return int(text)
