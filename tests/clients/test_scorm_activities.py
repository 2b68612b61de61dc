"""Modules, questions and objectives, read from what SCORM Cloud answers."""

from __future__ import annotations

import pytest

from app.clients.scorm_activities import Report, clock_seconds

ANSWER = {
    "id": "r-1",
    "registrationCompletion": "INCOMPLETE",
    "activityDetails": {
        "id": "root",
        "title": "Course",
        "children": [
            {
                "id": "block",
                "title": "Block",
                "children": [
                    {
                        "id": "a",
                        "title": "Reading",
                        "attempts": 2,
                        "activityCompletion": "COMPLETED",
                        "timeTracked": "0000:01:05.50",
                    },
                    {"id": "b", "title": "Watching", "activityCompletion": "UNKNOWN"},
                ],
            },
            {
                "id": "c",
                "title": "Quiz",
                "attempts": "1",
                "suspended": True,
                "activityCompletion": "INCOMPLETE",
                "activitySuccess": "FAILED",
                "score": {"scaled": 0},
                "runtime": {
                    "scoreRaw": "0",
                    "runtimeInteractions": [
                        {
                            "id": "q1",
                            "type": "Choice",
                            "description": "Where is the exit?",
                            "correctResponses": ["left"],
                            "learnerResponse": "right",
                            "result": "Incorrect",
                        },
                        "nonsense",
                    ],
                    "runtimeObjectives": [
                        {"id": "o1", "completionStatus": "completed", "scoreRaw": "40"}
                    ],
                },
            },
        ],
    },
}


def test_the_leaves_come_in_the_order_of_the_course() -> None:
    modules = Report.parse(ANSWER).modules
    assert [module.title for module in modules] == ["Reading", "Watching", "Quiz"]
    assert [module.opened for module in modules] == [True, False, True]
    assert modules[0].completed
    assert modules[0].seconds == 65.5


def test_a_score_of_nought_is_a_score_and_none_is_none() -> None:
    modules = Report.parse(ANSWER).modules
    assert (modules[2].score, modules[2].raw_score) == (0, 0)
    assert (modules[0].score, modules[0].raw_score) == (None, None)


def test_questions_and_objectives() -> None:
    quiz = Report.parse(ANSWER).modules[2]
    assert [one.id for one in quiz.interactions] == ["q1"]
    question = quiz.interactions[0]
    assert (question.question, question.answer) == ("Where is the exit?", "right")
    assert question.correct_answers == ("left",)
    assert question.result == "incorrect"
    assert quiz.objectives[0].completion == "completed"
    assert quiz.objectives[0].score == 40


def test_a_registration_without_details_has_no_modules() -> None:
    assert Report.parse({"id": "r-2"}).modules == ()


def test_what_is_no_registration_is_refused() -> None:
    with pytest.raises(ValueError, match="no id"):
        Report.parse({"message": "hello"})


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0000:00:26.66", 26.66), ("0001:00:00", 3600), ("", 0), ("PT1M", 0), (None, 0)],
)
def test_times(written: object, seconds: float) -> None:
    assert clock_seconds(written) == seconds
