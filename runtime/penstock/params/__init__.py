"""Params: what callers send, declared, checked whole and converted."""

from penstock.params.check import Checker
from penstock.params.declare import declare
from penstock.params.incoming import Incoming

__all__ = ["Checker", "Incoming", "declare"]
