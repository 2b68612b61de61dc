"""Enrolments: a learner on a course, launching it, and the progress that comes back."""
