"""Scope: what is known at one place of a file: which steps may have run, which names are in sight."""

from dataclasses import dataclass, replace

ANSWERED = 2
UNANSWERED = 1


@dataclass(frozen=True, slots=True)
class State:
    """What may have happened when a place is reached: steps run, variables set, and whether an answer was given.

    `answers` holds UNANSWERED, ANSWERED or both. A place that cannot be reached has the state None.
    """

    steps: frozenset[str] = frozenset()
    vars: frozenset[str] = frozenset()
    answers: int = UNANSWERED

    def with_step(self, identity: str | None) -> "State":
        """The same after one more step."""
        return self if identity is None else replace(self, steps=self.steps | {identity})


def join(*states: State | None) -> State | None:
    """The state of a place that is reached from several."""
    found: State | None = None
    for state in states:
        if found is None or state is None:
            found = found or state
        elif found != state:
            found = State(found.steps | state.steps, found.vars | state.vars, found.answers | state.answers)
    return found


@dataclass(slots=True)
class Points:
    """Collects the states of many places into one."""

    state: State | None = None

    def add(self, state: State | None) -> None:
        """Take another place in."""
        self.state = join(self.state, state)


@dataclass(frozen=True, slots=True)
class Scope:
    """What stands around a block of steps.

    `failing` collect the places where a failure may leave, `rounds` where a loop's round ends early, `breaks` where the loop is left,
    `returns` where a parallel branch ends.
    """

    names: frozenset[str] = frozenset()
    failing: tuple[Points, ...] = ()
    rounds: Points | None = None
    breaks: Points | None = None
    returns: Points | None = None
    transaction: bool = False
