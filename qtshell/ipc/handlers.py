"""Does what later launches ask: acts on the window, or asks the sidecar for them."""

import json
import os
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from qtshell.ipc.instance import Call
from qtshell.options import Verb
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.supervisor import SidecarSupervisor

Handler = Callable[[], None]
JsonObject = dict[str, Any]
OnReply = Callable[[JsonObject], None]

_OK: Final = 200
_NOBODY: Final = 0
_WAIT_S: Final = 20
_AGAIN_MS: Final = 250
_NOTED: Final = "Saved as a note."
_FAILED: Final = "Hearth has stopped. Open its window to see why."
_UNKNOWN: Final = "The running Hearth does not know this command."


class ReplySink(Protocol):
    """Who is told the answer."""

    @property
    def is_there(self) -> bool:
        """Whether anybody still listens."""

    def say(self, text: str) -> None:
        """Take a piece of the answer."""

    def finish(self, text: str = "") -> None:
        """Take the last piece: it was done."""

    def fail(self, error: str, code: int = 1) -> None:
        """Take the reason why it was not done."""


class Remote(QObject):
    """Answers the callers of one instance."""

    def __init__(
        self,
        client: SidecarClient,
        supervisor: SidecarSupervisor,
        handlers: Mapping[Verb, Handler],
        facts: Callable[[], JsonObject],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._supervisor = supervisor
        self._handlers = handlers
        self._facts = facts
        self._asks: dict[str, Callable[[Call, ReplySink], None]] = {
            Verb.ASK.value: self._ask,
            Verb.NOTE.value: self._note,
            Verb.SEARCH.value: self._search,
            Verb.ACTION.value: self._act,
            Verb.STATUS.value: self._status,
        }

    def answer(self, call: Call, caller: ReplySink) -> None:
        """Do what a launch asks."""
        handlers = {verb.value: handler for verb, handler in self._handlers.items()}
        if call.activation:
            # Where Qt looks for it when a window comes forward.
            os.environ["XDG_ACTIVATION_TOKEN"] = call.activation
        if handler := handlers.get(call.verb):
            caller.finish()
            handler()
        elif ask := self._asks.get(call.verb):
            ask(call, caller)
        else:
            caller.fail(_UNKNOWN)

    def _ask(self, call: Call, caller: ReplySink) -> None:
        form = {"text": call.text, "submission": uuid.uuid4().hex}

        def follow(data: JsonObject) -> None:
            AnswerRelay(
                data["conversation_id"], data["message_id"], self, caller
            ).go_on()

        self.post("/api/v1/ask", form, caller, follow)

    def _note(self, call: Call, caller: ReplySink) -> None:
        form = {"text": call.text}
        self.post("/api/v1/notes", form, caller, lambda _: caller.finish(_NOTED))

    def _search(self, call: Call, caller: ReplySink) -> None:
        def show(data: JsonObject) -> None:
            lines = (
                line
                for hit in data["hits"]
                for line in (f"{hit['kind']}: {hit['title']}", f"    {hit['snippet']}")
                if line.strip()
            )
            caller.finish("\n".join(lines) or "Nothing was found.")

        path = f"/api/v1/search?{urlencode({'q': call.text})}"
        self.get(path, caller, show)

    def _act(self, call: Call, caller: ReplySink) -> None:
        def run(data: JsonObject) -> None:
            wanted = call.name.casefold()
            actions = data["actions"]
            chosen = [a for a in actions if a["name"].casefold() == wanted] or [
                a for a in actions if a["name"].casefold().startswith(wanted)
            ]
            if len(chosen) != 1:
                names = ", ".join(action["name"] for action in chosen or actions)
                caller.fail(f"Which action is “{call.name}”? Known: {names}.")
                return
            text = call.text or QGuiApplication.clipboard().text()
            form = {"clipboard": text, "selection": text}
            path = f"/api/v1/actions/{chosen[0]['id']}/run"
            self.post(path, form, caller, show)

        def show(data: JsonObject) -> None:
            if "message_id" in data:
                AnswerRelay(
                    data["conversation_id"], data["message_id"], self, caller
                ).go_on()
            else:
                caller.finish(
                    data["text"] or (_NOTED if data["result"] == "note" else "")
                )

        self.get("/api/v1/actions", caller, run)

    def _status(self, call: Call, caller: ReplySink) -> None:
        facts = {"running": True, "pid": os.getpid(), **self._facts()}

        def show(data: JsonObject) -> None:
            facts.update(data)
            if call.name == "json":
                caller.finish(json.dumps(facts))
            else:
                caller.finish("\n".join(f"{k}: {v}" for k, v in facts.items()))

        def on_data(status: int, body: bytes) -> None:
            show(_read(body) if status == _OK else {})

        # How things are is told also when they are bad: no waiting here.
        self._client.get("/api/v1/status", on_data)

    def post(
        self, path: str, form: Mapping[str, str], caller: ReplySink, then: OnReply
    ) -> None:
        """Send a form for a caller, as soon as there is a sidecar to send it to."""
        self._when_ready(
            caller,
            lambda: self._client.post(
                path,
                form,
                lambda status, body: self._take(
                    status,
                    body,
                    caller,
                    then,
                    lambda: self.post(path, form, caller, then),
                ),
            ),
        )

    def get(self, path: str, caller: ReplySink, then: OnReply) -> None:
        """Fetch a path for a caller, as soon as there is a sidecar to ask."""
        self._when_ready(
            caller,
            lambda: self._client.get(
                path,
                lambda status, body: self._take(
                    status, body, caller, then, lambda: self.get(path, caller, then)
                ),
            ),
        )

    def stop(self, conversation_id: str) -> None:
        """Stop an answer nobody listens to any more."""
        self._client.post(f"/conversations/{conversation_id}/stop", {}, _ignore)

    def _take(
        self, status: int, body: bytes, caller: ReplySink, then: OnReply, again: Handler
    ) -> None:
        if status == _OK:
            then(_read(body))
        elif status == _NOBODY:
            # It went away in the middle. Better noted twice than lost.
            QTimer.singleShot(_AGAIN_MS, self, again)
        else:
            sentence = _read(body).get("error", "")
            caller.fail(str(sentence) or f"Hearth answered with status {status}.")

    def _when_ready(self, caller: ReplySink, then: Handler) -> None:
        if not caller.is_there:
            return
        if self._supervisor.trust is not None:
            then()
        elif self._supervisor.phase is Phase.FAILED:
            caller.fail(_FAILED)
        else:
            QTimer.singleShot(_AGAIN_MS, self, lambda: self._when_ready(caller, then))


class AnswerRelay:
    """Hands an answer to a caller while it is being written."""

    def __init__(
        self, conversation_id: str, message_id: str, remote: Remote, caller: ReplySink
    ) -> None:
        self._conversation_id = conversation_id
        self._message_id = message_id
        self._remote = remote
        self._caller = caller
        self._known = 0

    def go_on(self) -> None:
        """Wait for the next piece."""
        if not self._caller.is_there:
            self._remote.stop(self._conversation_id)
            return
        path = f"/api/v1/messages/{self._message_id}"
        query = f"known={self._known}&wait={_WAIT_S}"
        self._remote.get(f"{path}?{query}", self._caller, self._on_reply_data)

    def _on_reply_data(self, data: JsonObject) -> None:
        text = str(data["text"])
        self._known += len(text)
        if data["state"] == "streaming":
            if text:
                self._caller.say(text)
            self.go_on()
        elif data["error"]:
            self._caller.say(text)
            self._caller.fail(str(data["error"]))
        else:
            self._caller.finish(text)


def _read(body: bytes) -> JsonObject:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _ignore(_status: int, _body: bytes) -> None:
    """Take an answer nobody needs."""
