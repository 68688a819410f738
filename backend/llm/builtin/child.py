"""One llama.cpp process: started, listened to, and ended for certain."""

import asyncio
import contextlib
import logging
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from backend.errors import EngineError, EngineFault
from backend.installation import creation_flags, helper_environment, module_command
from backend.interface.protocol import LineReader
from backend.llm.builtin.engine_child import ChildConfig, ChildReply
from backend.llm.builtin.memory import (
    GIGABYTE,
    available_memory,
    count_oom_kills,
    memory_for_models,
)
from backend.llm.builtin.memory_need import MOST_PLACES, fit
from backend.llm.builtin.model_file import ModelFile, memory_detail, refusal
from backend.llm.openai_compatible import OpenAICompatibleEngine
from backend.llm.options import EngineOptions
from backend.llm.sentences import engine_error, one_line
from backend.llm.wire.limits import BUILT_IN, Limits
from backend.llm.wire.patience import patience

log = logging.getLogger(__name__)

_MODULE: Final = "backend.llm.builtin.engine_child"
_TAIL_BYTES: Final = 8 * 1024
_MEMORY_WORDS: Final = (b"alloc", b"out of memory", b"not enough memory")
_REASON: Final = re.compile(r"(?:error loading model|gguf_init_from_\w+): (.+)")
_UNKNOWN: Final = re.compile(r"unknown model architecture: '([\w .-]{1,40})'")
_NEW_FORMAT: Final = re.compile(r"tensor '.*' has invalid ggml type")
_REASON_CHARS: Final = 200
_MIN_DATA_BYTES: Final = GIGABYTE


class ChildOptions(Struct, frozen=True, kw_only=True):
    """How the built-in engine is run.

    Attributes:
        load_s: Seconds a model may take to load, a large one off a slow disk.
        sleep_idle_s: Seconds without a question after which the model is unloaded.
        context_tokens: How much is read at once; 0 to choose it by the memory there is.
        places: How many conversations are answered at the same time, at most.
        data_limit_bytes: None to allow nine tenths of the memory that is free.
        engine: What the user set.
        limits: How long an answer may take.
    """

    load_s: float = 1800
    reap_s: float = 5
    context_tokens: int = 0
    places: int = MOST_PLACES
    sleep_idle_s: int = 900
    data_limit_bytes: int | None = None
    command: tuple[str, ...] = module_command(_MODULE)
    limits: Limits = BUILT_IN
    engine: EngineOptions = field(default_factory=EngineOptions)

    @classmethod
    def of(cls, engine: EngineOptions) -> "ChildOptions":
        """Return how an engine is run for which this was set."""
        idle_s = engine.idle_minutes * 60
        return cls(context_tokens=engine.context, sleep_idle_s=idle_s, engine=engine)

    def fitting(self, file: ModelFile) -> "ChildOptions":
        """Return them for a model on this computer, as it is now."""
        chosen = fit(
            file.bytes,
            file.token_bytes,
            file.context,
            asked=self.context_tokens,
            memory=memory_for_models(),
        )
        places = min(chosen.places, self.places)
        return replace(self, context_tokens=chosen.context, places=places)


class EngineChild:
    """A llama.cpp process and the way to speak to it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        name: str,
        model: Path,
        options: ChildOptions,
    ) -> None:
        self._process = process
        self._name = name
        self._model = model
        self._options = options
        self._api_key = secrets.token_urlsafe(32)
        self._tail = b""
        self._oom_kills = count_oom_kills()
        self._reply: asyncio.Future[ChildReply] = (
            asyncio.get_running_loop().create_future()
        )
        self._engine: OpenAICompatibleEngine | None = None
        self._places = asyncio.Semaphore(options.places)
        self._answering = 0
        self._rests_since = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._keep_tail()),
        ]

    @classmethod
    async def start(
        cls, name: str, file: ModelFile, options: ChildOptions
    ) -> "EngineChild":
        """Start the process and tell it what to load; it is not ready yet.

        Raises:
            EngineError: The system has no room for another process.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *options.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=helper_environment(os.environ),
                creationflags=creation_flags(),
            )
        except OSError as exc:
            raise engine_error(EngineFault.CRASHED, name) from exc
        child = cls(process, name, file.weights, options)
        child._configure(file.projector)
        return child

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs, as far as is known."""
        return self._process.returncode is None

    @property
    def context(self) -> int:
        """How much its model reads at once, in tokens."""
        return self._options.context_tokens

    @property
    def must_load(self) -> bool:
        """Whether a question waits until the model is read from its file."""
        idle_s = 0 if self._answering else time.monotonic() - self._rests_since
        return not self._reply.done() or idle_s >= self._options.sleep_idle_s

    @property
    def is_full(self) -> bool:
        """Whether a question waits until another one is answered."""
        return self._places.locked()

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncGenerator[bool, None]:
        """Wait for a place in the model, in turn; tell whether it must be loaded."""
        async with self._places:
            must_load = self.must_load
            self._answering += 1
            try:
                yield must_load
            finally:
                self._answering -= 1
                self._rests_since = time.monotonic()

    async def engine(self) -> OpenAICompatibleEngine:
        """Wait until the model is loaded and return what speaks to it.

        Raises:
            EngineError: The model cannot be loaded, or takes too long.
        """
        try:
            async with patience(self._options.load_s):
                reply = await asyncio.shield(self._reply)
        except TimeoutError as exc:
            await self.kill()
            raise engine_error(EngineFault.TIMEOUT, self._name) from exc
        if reply.error:
            raise self._refusal(reply.error)
        if not reply.url:
            raise await self.death()
        if self._engine is None:
            self._engine = OpenAICompatibleEngine(
                self._name,
                reply.url,
                self._api_key,
                limits=self._options.limits,
                options=EngineOptions(parameters=self._options.engine.parameters),
            )
        return self._engine

    async def has_ended(self, within_s: float = 1) -> bool:
        """Whether the process ends within the given time."""
        try:
            async with asyncio.timeout(within_s):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def death(self) -> EngineError:
        """Return why the process, which has ended, did so."""
        await self._process.wait()
        await asyncio.wait(self._tasks, timeout=1)
        code = self._process.returncode
        log.warning("the engine child %s ended with code %s", self.pid, code)
        # Windows knows no SIGKILL, and kills nothing for want of memory.
        killed = (
            code == -getattr(signal, "SIGKILL", 0)
            and count_oom_kills() > self._oom_kills
        )
        if killed or _speaks_of_memory(self._tail):
            return self._out_of_memory()
        return engine_error(EngineFault.CRASHED, self._name)

    async def kill(self) -> None:
        """End the process, stopped or deadlocked as it may be, and reap it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        if not await self.has_ended(self._options.reap_s):
            log.error("the engine child %s cannot be ended", self.pid)
        if self._process.stdin is not None:
            self._process.stdin.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._resolve(ChildReply())
        if self._engine is not None:
            await self._engine.close()

    def _configure(self, projector: Path | None) -> None:
        limit = self._options.data_limit_bytes
        if limit is None:
            free = available_memory()
            limit = max(free * 9 // 10, _MIN_DATA_BYTES) if free else 0
        config = ChildConfig(
            model=str(self._model),
            projector=str(projector) if projector else "",
            api_key=self._api_key,
            threads=self._options.engine.threads or max(1, (os.cpu_count() or 2) - 1),
            gpu_layers=self._options.engine.gpu_layers,
            context_tokens=self._options.context_tokens,
            places=self._options.places,
            sleep_idle_s=self._options.sleep_idle_s,
            data_limit_bytes=limit,
        )
        if self._process.stdin is not None:
            self._process.stdin.write(config.to_line())

    async def _listen(self) -> None:
        lines = LineReader()
        if self._process.stdout is None:
            return
        while data := await self._process.stdout.read(65536):
            for line in lines.feed(data):
                if reply := ChildReply.from_line(line):
                    self._resolve(reply)
        self._resolve(ChildReply())

    async def _keep_tail(self) -> None:
        if self._process.stderr is None:
            return
        while data := await self._process.stderr.read(65536):
            self._tail = (self._tail + data)[-_TAIL_BYTES:]

    def _resolve(self, reply: ChildReply) -> None:
        if not self._reply.done():
            self._reply.set_result(reply)

    def _refusal(self, why: str) -> EngineError:
        if _speaks_of_memory(why.encode() + self._tail):
            return self._out_of_memory()
        return refusal(self._name, _own_words(self._tail))

    def _out_of_memory(self) -> EngineError:
        detail = memory_detail(self._model)
        return engine_error(EngineFault.OUT_OF_MEMORY, self._name, detail)


def _speaks_of_memory(words: bytes) -> bool:
    return any(word in words.lower() for word in _MEMORY_WORDS)


def _own_words(tail: bytes) -> str:
    """Return why llama.cpp did not load the file, as it says itself."""
    found = _REASON.findall(tail.decode("utf-8", "replace"))
    said = one_line(found[0]) if found else ""
    if unknown := _UNKNOWN.match(said):
        return (
            "this version of Hearth does not support models of the kind "
            f"{unknown[1]} yet. Update "
            "Hearth, or choose another GGUF file"
        )
    if _NEW_FORMAT.match(said):
        return (
            "this version of Hearth does not know its number format. Update Hearth, or "
            "choose another size of this model"
        )
    return f"“{said[:_REASON_CHARS].rstrip('. ')}”" if said else "it is damaged"
