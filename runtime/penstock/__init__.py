"""Penstock: a folder of YAML files, committed to git, is a running backend."""

__version__ = "0.1.0"
