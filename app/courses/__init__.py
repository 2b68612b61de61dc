"""Courses: from the uploaded package to Ready or Error."""
