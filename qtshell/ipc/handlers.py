"""Does what later launches ask: acts on the window, or asks the sidecar for them."""

import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from backend.interface.api_types import (
    ActionRun,
    AnswerPiece,
    AskedQuestion,
    Done,
    QuickActionList,
    SavedNote,
    SearchHits,
    SidecarStatus,
)
from qtshell.ipc.instance import Call
from qtshell.options import Verb
from qtshell.sidecar.answers import AnswerFollower, to_say
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.supervisor import SidecarSupervisor

Handler = Callable[[], None]
JsonObject = dict[str, Any]
T = TypeVar("T")

_AGAIN_MS: Final = 250
_FAILED: Final = "Hearth has stopped. Open its window to see why."
_UNKNOWN: Final = "The running Hearth does not know this command."


class ReplySink(Protocol):
    """Who gets the answer."""

    @property
    def is_there(self) -> bool:
        """Whether anybody still listens."""

    def say(self, text: str) -> None:
        """Take a piece of the answer."""

    def finish(self, text: str = "") -> None:
        """Take the last piece: it was done."""

    def fail(self, error: str, code: int = 1) -> None:
        """Take the reason why it was not done."""

    def on_left(self, act: Callable[[], None]) -> None:
        """Act when nobody listens any more."""


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
        self.client = client
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

    @property
    def has_failed(self) -> bool:
        """Whether nobody tries to start the sidecar any more."""
        return self._supervisor.phase is Phase.FAILED

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

        def follow(asked: AskedQuestion) -> None:
            AnswerRelay(asked, self, caller)

        self.post("/api/v1/ask", form, AskedQuestion, caller, follow)

    def _note(self, call: Call, caller: ReplySink) -> None:
        self.post(
            "/api/v1/notes",
            {"text": call.text},
            SavedNote,
            caller,
            lambda note: caller.finish(note.outcome),
        )

    def _search(self, call: Call, caller: ReplySink) -> None:
        def show(found: SearchHits) -> None:
            lines = (
                line
                for hit in found.hits
                for line in (f"{hit.kind}: {hit.title}", f"    {hit.snippet}")
                if line.strip()
            )
            caller.finish("\n".join(lines) or "Nothing was found.")

        path = f"/api/v1/search?{urlencode({'q': call.text})}"
        self.get(path, SearchHits, caller, show)

    def _act(self, call: Call, caller: ReplySink) -> None:
        def run(found: QuickActionList) -> None:
            wanted = call.name.casefold()
            chosen = [a for a in found.actions if a.name.casefold() == wanted] or [
                a for a in found.actions if a.name.casefold().startswith(wanted)
            ]
            if len(chosen) != 1:
                names = ", ".join(action.name for action in chosen or found.actions)
                caller.fail(f"Which action is “{call.name}”? Known: {names}.")
                return
            text = call.text or QGuiApplication.clipboard().text()
            form = {"clipboard": text, "selection": text}
            path = f"/api/v1/actions/{chosen[0].id}/run"
            self.post(path, form, ActionRun, caller, show)

        def show(made: ActionRun) -> None:
            if made.message_id:
                AnswerRelay(made, self, caller)
            elif made.error:
                caller.say(made.text)
                caller.fail(made.error)
            else:
                caller.finish(made.text or made.outcome)

        self.get("/api/v1/actions", QuickActionList, caller, run)

    def _status(self, call: Call, caller: ReplySink) -> None:
        facts = {"running": True, "pid": os.getpid(), **self._facts()}

        def show(status: SidecarStatus | None = None) -> None:
            facts.update(asdict(status) if status else {})
            if call.name == "json":
                caller.finish(json.dumps(facts))
            else:
                caller.finish("\n".join(f"{k}: {v}" for k, v in facts.items()))

        # The status is reported also when it is bad: no waiting here.
        self.client.get(
            "/api/v1/status",
            SidecarStatus,
            show,
            refused=lambda _: show(),
            unreachable=show,
        )

    def post(
        self,
        path: str,
        form: Mapping[str, str],
        kind: type[T],
        caller: ReplySink,
        then: Callable[[T], None],
    ) -> None:
        """Send a form for a caller, as soon as there is a sidecar to send it to."""
        self._when_ready(
            caller,
            lambda: self.client.post(
                path,
                form,
                kind,
                then,
                refused=lambda refusal: caller.fail(refusal.error),
                # It went away in the middle. Better noted twice than lost.
                unreachable=lambda: self._later(
                    lambda: self.post(path, form, kind, caller, then)
                ),
            ),
        )

    def get(
        self, path: str, kind: type[T], caller: ReplySink, then: Callable[[T], None]
    ) -> None:
        """Fetch a path for a caller, as soon as there is a sidecar to ask."""
        self._when_ready(
            caller,
            lambda: self.client.get(
                path,
                kind,
                then,
                refused=lambda refusal: caller.fail(refusal.error),
                unreachable=lambda: self._later(
                    lambda: self.get(path, kind, caller, then)
                ),
            ),
        )

    def _later(self, again: Handler) -> None:
        QTimer.singleShot(_AGAIN_MS, self, again)

    def _when_ready(self, caller: ReplySink, then: Handler) -> None:
        if not caller.is_there:
            return
        if self._supervisor.trust is not None:
            then()
        elif self.has_failed:
            caller.fail(_FAILED)
        else:
            self._later(lambda: self._when_ready(caller, then))


class AnswerRelay(QObject):
    """Hands an answer to a caller while it is being written."""

    def __init__(
        self, asked: AskedQuestion | ActionRun, remote: Remote, caller: ReplySink
    ) -> None:
        super().__init__(remote)
        self._conversation_id = asked.conversation_id
        self._remote = remote
        self._caller = caller
        self._said = ""
        self._is_over = False
        self._follower = AnswerFollower(remote.client, self)
        self._follower.grown.connect(self._say)
        self._follower.away.connect(self._on_follower_away)
        self._follower.ended.connect(self._on_follower_ended)
        self._follower.lost.connect(self._fail)
        caller.on_left(self._on_caller_left)
        self._follower.follow(asked.message_id)

    def _say(self) -> None:
        text = self._follower.text
        more = to_say(self._said, text)
        self._said = text if more else self._said
        if more:
            self._caller.say(more)

    def _on_follower_ended(self, piece: AnswerPiece) -> None:
        self._say()
        if piece.error:
            self._fail(piece.error)
        else:
            self._end()
            self._caller.finish()

    def _on_follower_away(self) -> None:
        if self._remote.has_failed:
            self._fail(_FAILED)

    def _fail(self, why: str) -> None:
        self._end()
        self._caller.fail(why)

    def _on_caller_left(self) -> None:
        """Stop an answer nobody listens to any more."""
        if not self._is_over:
            self._end()
            path = f"/conversations/{self._conversation_id}/stop"
            self._remote.client.post(path, {}, Done)

    def _end(self) -> None:
        self._is_over = True
        self._follower.leave()
        self.deleteLater()
