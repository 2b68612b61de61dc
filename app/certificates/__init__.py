"""Certificates: issued at completion, drawn at download, verified by their number."""
