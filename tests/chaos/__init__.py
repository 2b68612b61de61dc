"""Chaos: learners complete courses while everything around them breaks, and a checker judges.

`bin/chaos --minutes N --seed S` runs it for long; the fault stories of the tests use its parts.
"""
