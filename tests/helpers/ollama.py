"""A server that looks like Ollama, and like it leaves out the beginning in silence."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.helpers.model_server import HEAD, Exchange, event

MODEL = "llama:8b"


class Ollama:
    """Plays Ollama; a token is a word.

    Attributes:
        context: How much it reads when nobody asks for more.
        asked: What of each question it read, by the path it was asked at.
    """

    def __init__(self, context: int) -> None:
        self.context = context
        self.asked: list[tuple[str, list[dict[str, str]]]] = []

    def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        kind = exchange.path.rpartition("/")[2]
        if kind in {"models", "ps", "show"}:
            exchange.answer(200, json.dumps(self._about(kind)))
            return
        body = json.loads(exchange.body)
        self.context = body.get("options", {}).get("num_ctx", self.context)
        read = list(body["messages"])
        while _tokens(read) > self.context and len(read) > 1:
            read.pop(0)
        self.asked.append((exchange.path, read))
        prompt, words = min(_tokens(read), self.context), f"I read {len(read)}."
        if exchange.path == "/api/chat":
            exchange.send(HEAD.replace(b"text/event-stream", b"application/x-ndjson"))
            exchange.send(b"".join(_own(words, prompt)))
            return
        usage = {"prompt_tokens": prompt, "completion_tokens": 3}
        counted = json.dumps({"choices": [], "usage": usage})
        answer = event({"content": words}) + event({}, "stop")
        exchange.send(HEAD + answer + f"data: {counted}\n\ndata: [DONE]\n\n".encode())

    def _about(self, kind: str) -> Mapping[str, Any]:
        if kind == "models":
            return {"data": [{"id": MODEL, "owned_by": "library"}]}
        if kind == "ps" and self.asked:
            return {"models": [{"name": MODEL, "context_length": self.context}]}
        return {"model_info": {"llama.context_length": 131072}}


def _own(words: str, prompt: int) -> Iterator[bytes]:
    for word in words.split(" "):
        said = {"role": "assistant", "content": f"{word} "}
        yield json.dumps({"message": said, "done": False}).encode() + b"\n"
    end = {"role": "assistant", "content": ""}
    counts = {"prompt_eval_count": prompt, "eval_count": 3, "done_reason": "stop"}
    yield json.dumps({"message": end, "done": True, **counts}).encode() + b"\n"


def _tokens(messages: list[dict[str, str]]) -> int:
    return sum(len(message["content"].split()) for message in messages)
