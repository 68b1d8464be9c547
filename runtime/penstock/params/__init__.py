"""Params: what callers send, declared, checked whole and converted."""

from penstock.params.check import Checker
from penstock.params.declare import declare

__all__ = ["Checker", "declare"]
