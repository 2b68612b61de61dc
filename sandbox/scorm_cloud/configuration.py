"""The configuration calls, which applications, courses and registrations share."""

from collections.abc import Callable

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.query import body, flag
from sandbox.scorm_cloud.settings import Owner, forget_setting, save_settings, settings_json


def add_setting_routes(
    blueprint: Blueprint, bases: list[str], owner_of: Callable[..., Owner]
) -> None:
    """GET, POST and DELETE of ``configuration`` below each base address. ``owner_of`` takes the
    parts of the address and raises ApiError 404 where there is nothing."""

    def read(**parts: str) -> ResponseReturnValue:
        with the_cloud().store.read() as db:
            return jsonify(
                settings_json(db, owner_of(**parts), flag(request.args, "includeMetadata"))
            )

    def save(**parts: str) -> ResponseReturnValue:
        cloud = the_cloud()
        with cloud.store.write() as db:
            save_settings(db, owner_of(**parts), body())
            cloud.ledger.applied(db, "settings_changed")
        return "", 204

    def forget(setting: str, **parts: str) -> ResponseReturnValue:
        cloud = the_cloud()
        with cloud.store.write() as db:
            forget_setting(db, owner_of(**parts), setting)
            cloud.ledger.applied(db, "settings_changed")
        return "", 204

    for number, base in enumerate(bases):
        rule = f"{base}/configuration"
        blueprint.add_url_rule(rule, f"read_settings_{number}", read, methods=["GET"])
        blueprint.add_url_rule(rule, f"save_settings_{number}", save, methods=["POST"])
        blueprint.add_url_rule(
            f"{rule}/<setting>", f"forget_setting_{number}", forget, methods=["DELETE"]
        )
