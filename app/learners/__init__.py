"""Learners: the CRM's contacts who take courses."""
