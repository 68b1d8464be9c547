"""Request: what a caller asked, as the parameters and bindings see it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from penstock import jsontext, web
from penstock.errors import Failure


class Request:
    """One HTTP request. `path` is the raw path, `query` the raw query string; `headers` ignores case."""

    __slots__ = ("base_url", "body", "headers", "ip", "method", "path", "query")

    def __init__(
        self, method: str, path: str, query: str, headers: Mapping[str, str], ip: str | None, base_url: str | None
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = b""
        self.ip = ip
        self.base_url = base_url

    def view(self) -> dict[str, Any]:
        """What a binding sees as `request`, all but `id`."""
        base = self.base_url or f"http://{self.headers.get('Host', '')}"
        authorization = self.headers.get("Authorization", "")
        scheme, _, credentials = authorization.partition(" ")
        return {
            "method": self.method,
            "path": unquote(self.path),
            "url": base.rstrip("/") + self.path + (f"?{self.query}" if self.query else ""),
            "base_url": base.rstrip("/"),
            "headers": self._headers(),
            "query": self._query(),
            "body": self._body(),
            "raw": self.body,
            "ip": self.ip,
            "token": credentials.strip() if scheme.lower() == "bearer" and credentials else None,
        }

    def _headers(self) -> dict[str, str]:
        merged: dict[str, str] = {}
        for name, value in self.headers.items():
            name = name.lower()
            merged[name] = f"{merged[name]}, {value}" if name in merged else value
        return merged

    def _query(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True, max_num_fields=1000):
            if name not in merged:
                merged[name] = value
            elif isinstance(merged[name], list):
                merged[name].append(value)
            else:
                merged[name] = [merged[name], value]
        return merged

    def _body(self) -> Any:
        content_type = self.headers.get("Content-Type", "")
        if not self.body:
            return None
        if web.is_json(content_type) or not content_type:
            try:
                return jsontext.decode(self.body)
            except Failure:
                return None
        if content_type.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000))
        if content_type.startswith("text/"):
            return self.body.decode("utf-8", "replace")
        return None
