"""Broken: one rule that one value breaks."""


class Broken(ValueError):
    """A value breaks a rule; `rule` is its name, the message says what the value must be. `path` leads to it from the parameter's value."""

    def __init__(self, rule: str, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.path = path
