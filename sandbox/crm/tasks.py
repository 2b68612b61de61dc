"""Tasks, followers and campaigns of a contact, and putting a contact into a workflow."""

from flask import Blueprint

from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.contacts import known
from sandbox.crm.documents import Doc, contacts, tasks, workflow_entries, workflows
from sandbox.crm.ids import new_id
from sandbox.crm.refusals import bad_request, not_found
from sandbox.crm.shapes import Shape, boolean, filled, list_of, moment, text

bp = Blueprint("tasks", __name__)

_REQUIRED = {"title": filled, "dueDate": moment, "completed": boolean}
_OPTIONAL = {"body": text, "assignedTo": text}


@bp.get("/contacts/<contact_id>/tasks")
@endpoint("contacts.readonly")
def list_tasks(call: Call, contact_id: str) -> Doc:
    known(call, contact_id)
    return {"tasks": tasks.list(call.db, call.location, contact_id=contact_id)}


@bp.post("/contacts/<contact_id>/tasks")
@endpoint("contacts.write", body=Shape(_REQUIRED, _OPTIONAL))
def create(call: Call, contact_id: str) -> Answer:
    known(call, contact_id)
    task = {"id": new_id(), "contactId": contact_id, **call.body}
    call.changed()
    return {"task": tasks.add(call.db, call.location, task)}, 201


@bp.get("/contacts/<contact_id>/tasks/<task_id>")
@endpoint("contacts.readonly")
def get(call: Call, contact_id: str, task_id: str) -> Doc:
    return {"task": _task(call, contact_id, task_id)}


@bp.put("/contacts/<contact_id>/tasks/<task_id>")
@endpoint("contacts.write", body=Shape(optional={**_REQUIRED, **_OPTIONAL}))
def update(call: Call, contact_id: str, task_id: str) -> Doc:
    call.changed()
    return {"task": tasks.change(call.db, _task(call, contact_id, task_id), **call.body)}


@bp.put("/contacts/<contact_id>/tasks/<task_id>/completed")
@endpoint("contacts.write", body=Shape({"completed": boolean}))
def complete(call: Call, contact_id: str, task_id: str) -> Doc:
    call.changed()
    return {"task": tasks.change(call.db, _task(call, contact_id, task_id), **call.body)}


@bp.delete("/contacts/<contact_id>/tasks/<task_id>")
@endpoint("contacts.write")
def delete(call: Call, contact_id: str, task_id: str) -> Doc:
    _task(call, contact_id, task_id)
    tasks.remove(call.db, call.location, id=task_id)
    call.changed()
    return call.succeeded()


_FOLLOWERS = Shape({"followers": list_of(text, at_least=1)})


@bp.post("/contacts/<contact_id>/followers")
@endpoint("contacts.write", body=_FOLLOWERS)
def follow(call: Call, contact_id: str) -> Answer:
    contact = known(call, contact_id)
    before = contact["followers"]
    now = list(dict.fromkeys([*before, *call.body["followers"]]))
    contacts.change(call.db, contact, followers=now)
    call.changed()
    return {"followers": now, "followersAdded": [one for one in now if one not in before]}, 201


@bp.delete("/contacts/<contact_id>/followers")
@endpoint("contacts.write", body=_FOLLOWERS)
def unfollow(call: Call, contact_id: str) -> Doc:
    contact = known(call, contact_id)
    gone = [one for one in contact["followers"] if one in call.body["followers"]]
    now = [one for one in contact["followers"] if one not in gone]
    contacts.change(call.db, contact, followers=now)
    call.changed()
    return {"followers": now, "followersRemoved": gone}


_ENTRY = Shape(optional={"eventStartTime": moment})


@bp.post("/contacts/<contact_id>/workflow/<workflow_id>")
@endpoint("contacts.write", body=_ENTRY)
def enter_workflow(call: Call, contact_id: str, workflow_id: str) -> Doc:
    known(call, contact_id)
    if workflows.get(call.db, call.location, workflow_id) is None:
        raise bad_request(f"Workflow with id {workflow_id} not found")
    entry = {"id": new_id(), "contactId": contact_id, "workflowId": workflow_id, **call.body}
    workflow_entries.add(call.db, call.location, {**entry, "dateAdded": call.now})
    call.changed()
    return call.succeeded()


@bp.delete("/contacts/<contact_id>/workflow/<workflow_id>")
@endpoint("contacts.write", body=_ENTRY)
def leave_workflow(call: Call, contact_id: str, workflow_id: str) -> Doc:
    known(call, contact_id)
    workflow_entries.remove(call.db, call.location, contact_id=contact_id, workflow_id=workflow_id)
    call.changed()
    return call.succeeded()


@bp.delete("/contacts/<contact_id>/campaigns/removeAll")
@endpoint("contacts.write")
def leave_campaigns(call: Call, contact_id: str) -> Doc:
    known(call, contact_id)
    return call.succeeded()


@bp.delete("/contacts/<contact_id>/campaigns/remove-all")
@endpoint("contacts.write", v3_only=True)
def leave_campaigns_v3(call: Call, contact_id: str) -> Doc:
    known(call, contact_id)
    return call.succeeded()


def _task(call: Call, contact_id: str, task_id: str) -> Doc:
    known(call, contact_id)
    task = tasks.get(call.db, call.location, task_id)
    if task is None or task["contactId"] != contact_id:
        raise not_found(f"Task with id {task_id} not found")
    return task
