"""A hub of models for tests: it lists and serves files, and errs as it is told."""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.helpers.model_server import Exchange, FakeModelServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "owner/Tiny-GGUF"


@dataclass(slots=True)
class ModelHub:
    """What it has, and what it does wrong.

    Attributes:
        files: The bytes of each file of the one repository.
        cuts: After how many bytes each following answer with a file ends; then none.
        lies: What it says of a file instead of the truth, by name.
        ignores_ranges: It sends everything, whatever part was asked for.
        redirects: Files are on another path, as on a network of caches.
        redirects_to: The address of another server that has them.
        before: Is called before each following request for a file is answered.
        failures: What the following requests for files are answered with; None for a
            good answer.
        hung: Is set when a request meets `hang`.
    """

    files: dict[str, bytes]
    cuts: list[int] = field(default_factory=list)
    lies: dict[str, dict[str, Any]] = field(default_factory=dict)
    ignores_ranges: bool = False
    redirects: bool = True
    redirects_to: str = ""
    before: list[Callable[[Exchange], None] | None] = field(default_factory=list)
    is_gated: bool = False
    failures: list[Callable[[Exchange], None] | None] = field(default_factory=list)
    hung: threading.Event = field(default_factory=threading.Event)
    ranges: list[str] = field(default_factory=list)

    def serve(self) -> FakeModelServer:
        """Return the server, which starts as a context."""
        return FakeModelServer(self.script)

    def script(self, exchange: Exchange) -> None:
        """Answer one request."""
        path = unquote(urlsplit(exchange.path).path)
        if path == "/api/models":
            exchange.answer(200, json.dumps([self._listed()]))
        elif path == f"/api/models/{REPOSITORY}":
            exchange.answer(200, json.dumps(self._description()))
        elif path.startswith(f"/{REPOSITORY}/resolve/{COMMIT}/") and self.redirects:
            name = path.rpartition(f"{COMMIT}/")[2]
            exchange.answer(
                302,
                "",
                f"Location: {self.redirects_to}/cdn/{name}?signature=x",
                "Connection: close",
            )
        elif "/cdn/" in path or "/resolve/" in path:
            self._send(exchange, path.rpartition("/")[2])
        else:
            exchange.answer(404, "{}", "X-Error-Code: RepoNotFound")

    def hang(self, exchange: Exchange) -> None:
        """Say nothing until the other side lets go."""
        self.hung.set()
        exchange.hang()

    def _send(self, exchange: Exchange, name: str) -> None:
        if self.before and (before := self.before.pop(0)):
            before(exchange)
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            failure(exchange)
            return
        body = self.files[name]
        asked = re.search(r"^range: bytes=(\d+)-(\d*)", exchange.head, re.I | re.M)
        self.ranges.append(asked[1] if asked else "")
        start, end, status = 0, len(body), "200 OK"
        about = "" if self.ignores_ranges else "Accept-Ranges: bytes\r\n"
        if asked and not self.ignores_ranges:
            start, end = int(asked[1]), int(asked[2] or end - 1) + 1
            status = "206 Partial Content"
            about += f"Content-Range: bytes {start}-{end - 1}/{len(body)}\r\n"
        rest = body[start:end]
        about += "Connection: close\r\n"  # as it does
        head = f"HTTP/1.1 {status}\r\n{about}Content-Length: {len(rest)}\r\n\r\n"
        exchange.send(head.encode() + rest[: self.cuts.pop(0) if self.cuts else None])

    def _listed(self) -> dict[str, Any]:
        header = {"architecture": "llama", "context_length": 4096, "total": 1000}
        return {
            "id": REPOSITORY,
            "downloads": 12,
            "gated": "auto" if self.is_gated else False,
            "gguf": header,
        }

    def _description(self) -> dict[str, Any]:
        siblings = [self._sibling(name, body) for name, body in self.files.items()]
        return self._listed() | {
            "sha": COMMIT,
            "siblings": [*siblings, {"rfilename": "README.md", "size": 10}],
            "cardData": {"license": "apache-2.0"},
        }

    def _sibling(self, name: str, body: bytes) -> dict[str, Any]:
        sha256 = hashlib.sha256(body).hexdigest()
        data = {"size": len(body), "sha256": sha256} | self.lies.get(name, {})
        return {"rfilename": name, "size": data["size"], "lfs": data}
