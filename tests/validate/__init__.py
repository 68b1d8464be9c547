"""Tests of what checking reads and finds."""
