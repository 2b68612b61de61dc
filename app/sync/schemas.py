"""What Provision Now makes in the CRM: two custom objects with their fields, what ties contacts to
them, and fields on the contact."""

from __future__ import annotations

from dataclasses import dataclass

TEXT, NUMBER, DATE, CHOICE = "TEXT", "NUMERICAL", "DATE", "SINGLE_OPTIONS"
HUB_KEY = "hub_key"  # our own id of what a record is about; records are found by it
NAME = "name"  # what the CRM shows a record by
RECORD, SUMMARY = "record", "summary"


@dataclass(frozen=True)
class FieldSpec:
    key: str
    name: str
    data_type: str = TEXT
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ObjectSpec:
    kind: str
    key: str
    singular: str
    plural: str
    description: str
    fields: tuple[FieldSpec, ...]


STATES = (
    ("not_started", "Not Started"),
    ("in_progress", "In Progress"),
    ("completed", "Completed"),
    ("withdrawn", "Withdrawn"),
)
RESULTS = (("passed", "Passed"), ("failed", "Failed"))

TRAINING_RECORD = ObjectSpec(
    RECORD,
    "custom_objects.training_record",
    "Training Record",
    "Training Records",
    "One course of one learner, kept current by SCORM Hub.",
    (
        FieldSpec(HUB_KEY, "Hub Key"),
        FieldSpec("learner", "Learner"),
        FieldSpec("email", "Email"),
        FieldSpec("course", "Course"),
        FieldSpec("status", "Status", CHOICE, STATES),
        FieldSpec("result", "Result", CHOICE, RESULTS),
        FieldSpec("score", "Score (%)", NUMBER),
        FieldSpec("score_raw", "Score (raw)", NUMBER),
        FieldSpec("minutes", "Minutes Spent", NUMBER),
        FieldSpec("attempts", "Attempts", NUMBER),
        FieldSpec("enrolled_on", "Enrolled On", DATE),
        FieldSpec("first_access_on", "First Access", DATE),
        FieldSpec("last_access_on", "Last Access", DATE),
        FieldSpec("completed_on", "Completed On", DATE),
        FieldSpec("passed_on", "Passed On", DATE),
        FieldSpec("certificate", "Certificate"),
    ),
)
COMPANY_SUMMARY = ObjectSpec(
    SUMMARY,
    "custom_objects.company_training_summary",
    "Company Training Summary",
    "Company Training Summaries",
    "The training of all contacts of one company, kept current by SCORM Hub.",
    (
        FieldSpec(HUB_KEY, "Hub Key"),
        FieldSpec("learners", "Learners", NUMBER),
        FieldSpec("enrollments", "Enrollments", NUMBER),
        FieldSpec("completions", "Completions", NUMBER),
        FieldSpec("passed", "Passed", NUMBER),
        FieldSpec("failed", "Failed", NUMBER),
        FieldSpec("completion_rate", "Completion Rate (%)", NUMBER),
        FieldSpec("average_score", "Average Score (%)", NUMBER),
        FieldSpec("last_completion", "Last Completion", DATE),
    ),
)
OBJECTS = (TRAINING_RECORD, COMPANY_SUMMARY)

CONTACT = "contact"


@dataclass(frozen=True)
class TieSpec:
    """An association that ties contacts to one of our objects; the CRM shows contacts as `label`
    from the object's side."""

    kind: str
    of: ObjectSpec
    key: str
    name: str
    label: str


# The kind of the first is the name by which accounts have kept it from the beginning.
RECORD_TIE, SUMMARY_TIE = "association", "summary_association"
TIES = (
    TieSpec(
        RECORD_TIE,
        TRAINING_RECORD,
        "contact_training_record",
        "Link between contacts and Training Records",
        "Learner",
    ),
    TieSpec(
        SUMMARY_TIE,
        COMPANY_SUMMARY,
        "contact_company_training_summary",
        "Link between contacts and Company Training Summaries",
        "Member",
    ),
)

CONTACT_FIELDS = (
    FieldSpec("enrolled", "SCORM Courses Enrolled", NUMBER),
    FieldSpec("completed", "SCORM Courses Completed", NUMBER),
    FieldSpec("last_completion", "SCORM Last Completion", DATE),
    FieldSpec("last_score", "SCORM Last Score", NUMBER),
)
