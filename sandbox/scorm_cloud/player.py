"""The player in the browser: from a launch link to the page that runs the course, and back.

A launch link lives on the stand-in's own address and opens a session; the player page, its
commits and the course's files live on a second origin, because course scripts can do whatever
their origin allows. `keep_apart` holds the two worlds asunder: the content origin answers
nothing but the player, and the API and the controls refuse requests that any page of another
origin makes. Who knows the unguessable name of a launch may commit to it; there are no cookies.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.scorm_cloud import runtime
from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.content import serve_member
from sandbox.scorm_cloud.links import Expired, launch_by_link
from sandbox.scorm_cloud.origins import content_origin
from sandbox.scorm_cloud.player_session import session_for, web_address

blueprint = Blueprint(
    "player",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/player-files",
)

LARGEST_COMMIT = 2 * 1024**2  # bytes; suspend data and a sequencing state of many activities fit
ON_BOTH = {"player.static"}
ON_THE_CLOUD = {"player.launch"}
PLAYER_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self' https:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)


@blueprint.before_app_request
def keep_apart() -> None:
    """404 for a page asked on the wrong origin, 403 for a request made by a foreign page."""
    endpoint = request.endpoint or ""
    on_content = request.host == urlsplit(content_origin(the_cloud().url)).netloc
    for_content = endpoint.startswith("player.") and endpoint not in ON_THE_CLOUD
    if endpoint not in ON_BOTH and on_content != for_content:
        abort(404)
    origin = request.headers.get("Origin")
    if not on_content and origin is not None and origin != request.host_url.rstrip("/"):
        abort(403)


@blueprint.after_request
def careful(response: Any) -> Any:
    """Headers of every page and file of the player, unless it set its own."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Content-Security-Policy", PLAYER_POLICY)
    # Courses save their last state when their page is unloaded; browsers phase that event out.
    response.headers.setdefault("Permissions-Policy", "unload=(self)")
    return response


@blueprint.errorhandler(HTTPException)
def said(error: HTTPException) -> ResponseReturnValue:
    """A short page instead of the framework's own."""
    return message("Not here", "There is nothing at this address.", error.code or 404)


@blueprint.get("/launch/<name>")
def launch(name: str) -> ResponseReturnValue:
    """Open what a launch link stands for and go to the player; a HEAD request opens nothing."""
    cloud = the_cloud()
    link = launch_by_link(cloud, name)
    if link is None:
        return message("Unknown link", "This launch link does not exist. Start the course again.")
    if isinstance(link, Expired):
        text = "This launch link has expired. Launch links work for a short time only."
        return message("Link expired", text, 410, back=web_address(link.redirect))
    if request.method == "HEAD":
        return ""
    try:
        opened = runtime.open_launch(cloud, link)
    except KeyError:
        return message("Course gone", "This course or registration has been removed.", 410)
    there = content_origin(cloud.url) + url_for("player.page", launch_id=opened.id)
    return redirect(there), 302, {"Cache-Control": "no-store"}


@blueprint.get("/play/<launch_id>/")
def page(launch_id: str) -> ResponseReturnValue:
    """The player of one launch. Loading it again goes on where the last page left off."""
    cloud = the_cloud()
    opened = find_launch(launch_id)
    package = cloud.package(opened.app, opened.course, opened.version)
    html = render_template(
        "player/player.html",
        launch=opened,
        package=package,
        session=session_for(cloud, opened, package, request.path),
        library="scorm12.min.js" if package.sequencing is None else "scorm2004.min.js",
    )
    return html, 200, {"Cache-Control": "no-store"}


@blueprint.get("/play/<launch_id>/course/<path:name>")
def course_file(launch_id: str, name: str) -> ResponseReturnValue:
    opened = find_launch(launch_id)
    return serve_member(the_cloud().file(opened.app, opened.course, opened.version), name)


@blueprint.post("/play/<launch_id>/commit")
def commit(launch_id: str) -> ResponseReturnValue:
    """Store what the runtime reports: one item's data, the course's status, where to resume."""
    report = read_json()
    if not isinstance(report, dict):
        abort(400)
    store(the_cloud(), find_launch(launch_id), report)
    return jsonify(result=True, errorCode=0)


@blueprint.post("/play/<launch_id>/leave")
def leave(launch_id: str) -> ResponseReturnValue:
    """The learner left, by the button or by closing the window; then with the last reports.

    The content type is not looked at: the last message of a session comes as a beacon.
    """
    cloud, opened = the_cloud(), find_launch(launch_id)
    reports = read_json() or []
    if not isinstance(reports, list) or not all(isinstance(each, dict) for each in reports):
        abort(400)
    for report in reports:
        store(cloud, opened, report)
    runtime.leave(cloud, opened)
    return jsonify(result=True)


def store(cloud: Cloud, opened: runtime.Launch, report: dict[str, Any]) -> None:
    item, cmi = report.get("item"), report.get("cmi")
    if isinstance(item, str) and isinstance(cmi, dict):
        runtime.commit(cloud, opened, {item: cmi}, bool(report.get("final")), known(report, "root"))
    elif root := known(report, "root"):
        runtime.commit(cloud, opened, {}, True, root)
    if "sequencing" in report:
        runtime.save_sequencing(cloud, opened, report["sequencing"], known(report, "suspended"))


@blueprint.get("/play/<launch_id>/end")
def end(launch_id: str) -> ResponseReturnValue:
    """Where the player goes when the launch named no address to return to."""
    find_launch(launch_id)
    return message("You have left the course", "You can close this window.", 200)


def find_launch(launch_id: str) -> runtime.Launch:
    opened = runtime.find_launch(the_cloud(), launch_id)
    if opened is None:
        abort(404)
    return opened


def read_json() -> Any:
    """The JSON in the body, None without one. 413 if it is too large, 400 if it is none."""
    if (request.content_length or 0) > LARGEST_COMMIT:
        abort(413)
    sent = request.get_data(cache=False)
    try:
        return json.loads(sent) if sent else None
    except ValueError:
        abort(400)


def known(report: dict[str, Any], name: str) -> Any:
    value = report.get(name)
    return value if isinstance(value, {"root": dict}.get(name, str)) else None


def message(
    title: str, text: str, status: int = 404, back: str | None = None
) -> tuple[str, int, dict[str, str]]:
    html = render_template("player/message.html", title=title, text=text, back=back)
    return html, status, {"Cache-Control": "no-store"}
