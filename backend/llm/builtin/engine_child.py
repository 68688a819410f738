"""The process in which llama.cpp runs: started by the sidecar, never by hand.

Its config comes as one JSON line on stdin; it answers with one line on stdout and lives
until stdin ends. A bad model file can abort it and a stream in flight would deadlock
its teardown, so it holds nothing worth saving and always leaves through `os._exit`.
"""

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from backend.interface.protocol import LOOPBACK
from backend.runtime.worker import limit, take_job

_READY: Final = "hearth-engine/1 "
_EXIT_BAD_MODEL: Final = 3
_PICTURE_BATCH: Final = 512


class ChildConfig(Struct, frozen=True, kw_only=True):
    """What the sidecar tells the child.

    Attributes:
        context_tokens: How much each conversation may have.
        places: How many conversations are answered at the same time.
        sleep_idle_s: Seconds without a question after which the model is unloaded.
        projector: What the model sees with; "" for nothing.
        gpu_layers: How much of it the graphics card takes; -1 to let llama.cpp choose.
        data_limit_bytes: What it may allocate, so that a hostile file cannot take the
            memory of the whole machine; 0 for no limit.
    """

    model: str
    api_key: str
    threads: int
    context_tokens: int
    sleep_idle_s: int
    data_limit_bytes: int
    places: int = 1
    projector: str = ""
    gpu_layers: int = -1
    batch: int = 256
    cache_mb: int = 256

    def to_line(self) -> bytes:
        """Return the line to write, with its line break."""
        return json.dumps(to_builtins(self)).encode() + b"\n"


class ChildReply(Struct, frozen=True, kw_only=True):
    """What the child says once: its address, or why it cannot serve the model."""

    url: str = ""
    error: str = ""

    def to_line(self) -> str:
        """Return the line to print, with its line break."""
        return f"{_READY}{json.dumps(to_builtins(self))}\n"

    @classmethod
    def from_line(cls, line: str) -> "ChildReply | None":
        """Read a reply; None for any other line."""
        if not line.startswith(_READY):
            return None
        with contextlib.suppress(ValueError, TypeError):
            return cls(**json.loads(line.removeprefix(_READY)))
        return None


def main() -> None:
    """Serve one model until the leash ends."""
    # Ctrl-C in a terminal is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Without it a failed assertion of llama.cpp starts a debugger, which can hang.
    os.environ["GGML_NO_BACKTRACE"] = "1"
    config = ChildConfig(**take_job())
    if sys.platform == "linux":
        _limit(config.data_limit_bytes)
    reply = _serve(config)
    sys.stdout.write(reply.to_line())
    sys.stdout.flush()
    if reply.error:
        os._exit(_EXIT_BAD_MODEL)
    # The leash ends this process.
    threading.Event().wait()


def _limit(data_bytes: int) -> None:
    # The sidecar's own limit is inherited, and far too small for a mapped model.
    limit(CORE=0, AS=None)
    if data_bytes:
        limit(DATA=data_bytes)
    # When memory is short the kernel should end this process before any other.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def _serve(config: ChildConfig) -> ChildReply:
    import xllamacpp  # noqa: PLC0415 the limits must stand before it is loaded

    params = xllamacpp.CommonParams()
    params.model.path = config.model
    params.mmproj.path = config.projector
    params.model_alias = {Path(config.model).stem}
    params.hostnames, params.port = [LOOPBACK], 0
    params.api_keys = [config.api_key] if config.api_key else []
    params.cors_origins = "null"
    params.ui = params.endpoint_slots = params.endpoint_metrics = False
    params.endpoint_props, params.offline = False, True
    params.verbosity = 1
    # Each place has its own part: in a shared one, two long answers would both fail.
    params.n_ctx = config.context_tokens * config.places
    params.n_parallel, params.kv_unified = config.places, False
    # A picture must fit into one.
    batch = max(config.batch, _PICTURE_BATCH) if config.projector else config.batch
    params.n_batch = params.n_ubatch = batch
    params.cache_ram_mib = config.cache_mb
    params.sleep_idle_seconds = config.sleep_idle_s
    params.n_gpu_layers = config.gpu_layers
    params.cpuparams.n_threads = config.threads
    params.cpuparams_batch.n_threads = config.threads
    try:
        server = xllamacpp.Server(params)
    except Exception as exc:  # noqa: BLE001 its errors have no common class
        if config.projector:  # which may be another model's: it answers without
            return _serve(replace(config, projector=""))
        return ChildReply(error=str(exc) or type(exc).__name__)
    _KEPT.append(server)
    return ChildReply(url=server.listening_address)


_KEPT: Final[list[object]] = []
"""Keeps the server from being torn down."""

if __name__ == "__main__":
    main()
