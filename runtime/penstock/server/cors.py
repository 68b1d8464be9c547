"""CORS: which other origins a browser lets in (WHATWG Fetch, section 3.2), off unless the settings say otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cors:
    """The `cors` setting. `*` in origins lets any origin in, without credentials."""

    origins: Sequence[str]
    methods: Sequence[str] = ()
    headers: Sequence[str] = ()
    credentials: bool = False
    max_age: int = 600

    def answer(self, headers: Mapping[str, str]) -> list[tuple[str, str]]:
        """Headers for an answer to a request of an allowed origin."""
        if "*" in self.origins:
            # Never with credentials, whatever the settings say: any page could act as whoever is signed in.
            return [("Access-Control-Allow-Origin", "*")]
        # Caches must tell origins apart, those answers too that went to none (section 3.2.6).
        pairs = [("Vary", "Origin")]
        origin = headers.get("Origin")
        if origin is None or origin not in self.origins:
            return pairs
        pairs.append(("Access-Control-Allow-Origin", origin))
        if self.credentials:
            pairs.append(("Access-Control-Allow-Credentials", "true"))
        return pairs

    def preflight(self, headers: Mapping[str, str], allowed: Sequence[str]) -> list[tuple[str, str]]:
        """Headers for the answer to a preflight request, beside those of `answer`."""
        pairs: list[tuple[str, str]] = []
        if not any(name == "Access-Control-Allow-Origin" for name, _ in self.answer(headers)):
            return pairs
        pairs.append(("Access-Control-Allow-Methods", ", ".join(self.methods or allowed)))
        asked = headers.get("Access-Control-Request-Headers")
        if self.headers:
            pairs.append(("Access-Control-Allow-Headers", ", ".join(self.headers)))
        elif asked is not None and asked.isascii() and asked.isprintable():
            pairs += [("Access-Control-Allow-Headers", asked), ("Vary", "Access-Control-Request-Headers")]
        pairs.append(("Access-Control-Max-Age", str(self.max_age)))
        return pairs
