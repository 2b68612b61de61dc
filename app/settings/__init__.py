"""Settings: one page per group."""
