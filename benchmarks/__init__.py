"""Benchmarks: each figure beside a reference of the same run, because machines are noisy."""
