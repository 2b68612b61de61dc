"""Workflows: our triggers and our action in the workflows of the CRM."""
