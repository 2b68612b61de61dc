"""Learners of a chaos run: they are enrolled, open their course and complete it, step by step."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.chaos.checker import Completion, Start
from tests.chaos.scene import Company, Contact, starts_of

Learner = tuple[Company, Contact, str]  # whose contact takes which course


class Learners:
    """Everybody who may learn, and what they have really done so far."""

    def __init__(self, companies: Sequence[Company], each: int, seed: int) -> None:
        self.companies, self.dice = companies, random.Random(f"learners {seed}")
        self.waiting: list[Learner] = [
            (company, contact, course)
            for company in companies
            for contact in company.contacts()[:each]
            for course in self.dice.sample(sorted(company.courses), self.dice.choice([1, 1, 1, 2]))
        ]
        self.dice.shuffle(self.waiting)
        self.all = len(self.waiting)
        self.learning: list[Learner] = []
        self.enrolled: list[tuple[str, str]] = []
        self.done: list[Completion] = []

    def step(self) -> None:
        """One of them does something."""
        if self.waiting and (not self.learning or self.dice.random() < 0.5):
            self.enroll(*self.waiting.pop())
        elif self.learning:
            self.go_on(self.dice.choice(self.learning))

    def finish(self) -> None:
        """Whoever has begun completes the course."""
        while self.learning:
            self.complete(self.learning[0])

    @property
    def starts(self) -> list[Start]:
        """The starts of workflows that all this should have led to."""
        return list(starts_of(self.enrolled, self.done))

    def enroll(self, company: Company, contact: Contact, course: str) -> None:
        self.enrolled.append((contact.id, course))
        company.enroll(contact, course)
        self.learning.append((company, contact, course))

    def go_on(self, learner: Learner) -> None:
        """Opens the course or completes it, if SCORM Cloud knows the learner by now."""
        company, contact, course = learner
        if not company.registered(contact, course):
            return
        if self.dice.random() < 0.3:
            company.open_course(contact, course)
        else:
            self.complete(learner)

    def complete(self, learner: Learner) -> None:
        company, contact, course = learner
        score = self.dice.randrange(40, 101)
        self.done.append(company.play(contact, course, passed=score >= 80, score=score))
        self.learning.remove(learner)
