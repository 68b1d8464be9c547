"""Validate: everything that can be known of a project's files before anything runs."""
