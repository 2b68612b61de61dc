"""A class that finishes together gets its tags by one call, and not by one for each learner.

While one row's tags are written, others of the account that owe the same tags come along, claimed
like the first. Here is only the smooth case. Whoever the CRM does not confirm is left to be written
alone (`tags.write`), which knows what deleted and merged contacts mean; so is whoever had trouble.
Tags are a set: to repeat a call whose answer was lost does no harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import select

from app import connections
from app.background import in_words
from app.clients.crm import Crm, OutsideError
from app.errors import AppError, Hold
from app.extensions import db
from app.models import CrmEffect, EffectKind
from app.sync import contacts, crm_state, tags, writing
from app.sync.crm_state import Facts

MOST = 50  # contacts in one call


def classmates(effect: CrmEffect) -> Sequence[CrmEffect]:
    """Rows that owe the same tags as this one, now or after their pause, and had no trouble."""
    facts = tags.wanted(effect) if effect.kind == EffectKind.TAGS else None
    if effect.attempts or not (facts and facts["tags"]):
        return ()
    return db.session.scalars(
        select(CrmEffect)
        .where(
            CrmEffect.account_id == effect.account_id,
            CrmEffect.kind == EffectKind.TAGS,
            CrmEffect.id != effect.id,
            CrmEffect.wanted_digest == crm_state.digest(facts),
            CrmEffect.attempts == 0,
            CrmEffect.can_be_claimed(early=tags.PAUSE),
        )
        .order_by(CrmEffect.due_at)
        .limit(MOST - 1)
        .with_for_update(skip_locked=True)  # two workers at once take what the other one leaves
    ).all()


def write(first: CrmEffect, others: Sequence[CrmEffect]) -> bool:
    """Writes the tags of all these rows; False if the first is left, to be written alone at once.

    The others are not kept waiting for that: what is left of them is given back.
    """
    facts = tags.wanted(first)
    alike = [row for row in (first, *others) if is_ready(row) and tags.wanted(row) == facts]
    left = {first, *others}
    try:
        if facts and facts["tags"] and len(alike) > 1:
            for row in tagged(alike, facts, connections.crm(first.account)):
                left.remove(row)
    except (Hold, AppError, OutsideError) as trouble:
        for row in left.intersection(alike):
            note_failure(row, trouble)
            left.remove(row)
    for row in left - {first}:
        row.end_try()
        row.postpone(timedelta())
    return first not in left


def is_ready(row: CrmEffect) -> bool:
    learner = row.learner
    return learner is not None and bool(learner.crm_contact_id) and not contacts.lost(learner)


def tagged(rows: Sequence[CrmEffect], facts: Facts, crm: Crm) -> Iterator[CrmEffect]:
    """Gives the contacts these tags and takes away others of ours; yields each row that is done."""
    by_contact = {str(row.learner.crm_contact_id): row for row in rows if row.learner}
    wanted_tags, stale = frozenset(facts["tags"]), defaultdict(list)
    for contact_id, before in crm.tag_many(by_contact, wanted_tags).items():
        stale[tags.stale_tags(by_contact[contact_id], before, wanted_tags)].append(contact_id)
    for must_go in sorted(stale, key=len):  # those first who need no further call
        ids = crm.untag_many(stale[must_go], must_go) if must_go else stale[must_go]
        for contact_id in ids:
            by_contact[contact_id].wrote(crm_state.digest(facts), facts)
            yield by_contact[contact_id]


def note_failure(row: CrmEffect, trouble: Hold | AppError | OutsideError) -> None:
    """As for a single write; but a refusal of many is not the last word on any one of them."""
    if isinstance(trouble, OutsideError) and not trouble.can_retry:
        row.end_try()
        row.fail(in_words(trouble))
    else:
        writing.note_failure(row, trouble)
