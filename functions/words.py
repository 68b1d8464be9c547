"""Words: called by `python` steps; functions that are not async run in a thread."""

from collections import Counter
from typing import Any


def count(text: str, top: int) -> dict[str, Any]:
    """How many words a text has, and the most frequent ones."""
    words = text.lower().split()
    return {
        "words": len(words),
        "top": [{"word": word, "times": times} for word, times in Counter(words).most_common(top)],
    }
