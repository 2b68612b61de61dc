"""The instances of a registration: each time it was started over. The newest one counts."""

from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.applications import require_delete
from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.instances import start_over
from sandbox.scorm_cloud.paging import Listing, answer_page
from sandbox.scorm_cloud.registrations import LIST, found, remove, shown
from sandbox.scorm_cloud.series import INSTANCES
from sandbox.scorm_cloud.settings import Owner, forget_owner

instance_calls = Blueprint("instance_calls", __name__, url_prefix="/registrations")

_OF_ONE: dict[str, Any] = {
    **LIST,
    "dates": {"created": "i.created", "updated": "i.updated"},
    "orders": {"created": "i.created"},
}


@instance_calls.get("/<registration>/instances")
def list_instances(registration: str) -> ResponseReturnValue:
    listing = Listing(
        name=f"instances of {registration}",
        where="r.app = ? AND r.id = ?",
        id="i.instance",
        key="instance",
        **_OF_ONE,
    )
    with the_cloud().store.read() as db:
        found(db, registration)
    return answer_page("registrations", listing, (g.app_id, registration), shown)


@instance_calls.post("/<registration>/instances")
def new_instance(registration: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        found(db, registration)
        start_over(cloud, db, g.app_id, registration)
        cloud.ledger.applied(db, "instance_created", None, registration)
    return "", 204


@instance_calls.delete("/<registration>/instances/<int:instance>")
def delete_instance(registration: str, instance: int) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        require_delete(db)
        found(db, registration, instance)
        forget_owner(db, Owner(g.app_id, registration=registration, instance=instance))
        if INSTANCES.drop(db, g.app_id, registration, instance):
            cloud.ledger.applied(db, "instance_deleted", None, f"{registration}/{instance}")
        else:
            remove(cloud, db, registration)
    return "", 204
