"""Sync: what should be in the CRM, and making it so."""
