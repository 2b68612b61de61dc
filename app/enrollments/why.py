"""Why an enrolment stands where it stands: exactly one sentence, the first rule that is unmet.

Pure: everything it needs lies in a `Situation`, so that the rules can be read, and tested, as a
table. Their order is that of a person who looks for the reason: what needs somebody comes first,
then what the learner has to do, then what only takes time.
"""

from __future__ import annotations

from app.enrollments import why_course, why_crm
from app.enrollments.situation import Reason, Rule, Situation


def reason(situation: Situation) -> Reason:
    """The one reason. There always is one; when all is done, that is it."""
    found = (rule(situation) for rule in RULES)
    return next((one for one in found if one is not None), why_crm.everything_done(situation))


RULES: tuple[Rule, ...] = (
    # what needs somebody
    why_course.removed,
    why_course.asleep,
    why_course.registration_parked,
    why_course.cloud_disconnected,
    why_course.registration_awaited,
    why_course.registration_gone,
    why_crm.contact_deleted,
    why_crm.write_parked,
    # what the learner, or the package, has not done
    why_course.more_reported,
    why_course.not_opened,
    why_course.nothing_heard,
    why_course.passed_unfinished,
    why_course.modules_open,
    why_course.not_finished,
    # what only takes time
    why_crm.contact_awaited,
    why_crm.write_retried,
    why_crm.write_awaited,
    # it is completed, and the CRM knows what it should
    why_crm.failed,
    why_crm.no_result,
    why_crm.switched_off,
    why_crm.objects_missing,
)
