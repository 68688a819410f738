"""A sidecar with routes that go wrong.

Run as `python -m tests.helpers.misbehaving_sidecar`.
"""

import asyncio
import ctypes
import logging
import os
import resource
import sys
import threading
import time
from dataclasses import replace

from backend.app import App, build
from backend.errors import ConflictError
from backend.interface.protocol import Hello
from backend.runtime.loop_monitor import EVERY_S, LOGGED_MS
from backend.runtime.process_guard import MAPPED_BYTES, MEMORY_HEADROOM_BYTES
from backend.sidecar import run
from backend.web.http import AppRouter, Request, Response, given

log = logging.getLogger("hearth.odd")
TIGHT_BYTES = 400 * 1024 * 1024
CANARY = "HEARTHCANARY-of-an-exception"


router = AppRouter[None]()


@router.get("/odd/boom")
def boom(_request: Request, _app: None) -> Response:
    raise RuntimeError(CANARY)


@router.get("/odd/conflict")
def conflict(_request: Request, _app: None) -> Response:
    raise ConflictError("Two <things> of one name.")


@router.get("/api/odd/conflict")
def conflict_for_the_shell(_request: Request, _app: None) -> Response:
    raise ConflictError("Two <things> of one name.")


@router.get("/odd/split")
async def split(_request: Request, _app: None) -> Response:
    return Response(headers={"x-odd": "a\r\nset-cookie: stolen=1"})


@router.get("/odd/not-ascii")
async def not_ascii(_request: Request, _app: None) -> Response:
    return Response(headers={"x-odd": "é"})


@router.get("/odd/echo/:name")
async def echo(request: Request, _app: None) -> Response:
    text = f"{request.path_params['name']}|{request.query.get('q', '')}"
    return Response(body=text, content_type="text/plain; charset=utf-8")


@router.post("/odd/length")
async def length(request: Request, _app: None) -> Response:
    return Response(body=str(len(request.body)), content_type="text/plain")


@router.get("/odd/sleep")
async def sleep(_request: Request, _app: None) -> Response:
    await asyncio.to_thread(time.sleep, 3)
    return Response(body="slept")


@router.get("/odd/block")
async def block(_request: Request, _app: None) -> Response:
    log.warning("reached")
    time.sleep(60)
    return Response()


@router.get("/odd/hold-gil")
async def hold_gil(_request: Request, _app: None) -> Response:
    log.warning("reached")
    ctypes.PyDLL(None).sleep(60)
    return Response()


@router.get("/odd/spin")
async def spin(_request: Request, _app: None) -> Response:
    log.warning("reached")
    while True:
        pass


@router.get("/odd/deadlock")
async def deadlock(_request: Request, _app: None) -> Response:
    log.warning("reached")
    held = threading.Lock()
    with held, held:
        return Response()


@router.get("/odd/stall")
async def stall(_request: Request, _app: None) -> Response:
    time.sleep(LOGGED_MS / 1_000 + EVERY_S + 0.2)
    return Response(body="stalled")


@router.get("/odd/noise")
async def noise(_request: Request, _app: None) -> Response:
    print("hearth/1 listening on: 127.0.0.1:1 pid: 1")  # noqa: T201 noise
    for _ in range(2_000):
        log.error("%s", "x" * 100_000)
    return Response(body="said")


@router.get("/odd/tighten")
async def tighten(_request: Request, _app: None) -> Response:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    tight = soft - MEMORY_HEADROOM_BYTES - MAPPED_BYTES + TIGHT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (tight, hard))
    return Response(body=str(soft))


def build_odd(hello: Hello) -> App:
    """Return the real application with odd routes beside its own."""
    app = build(hello)

    async def start() -> None:
        if "start" in os.environ.get("HEARTH_ODD", ""):
            raise RuntimeError(CANARY)
        await app.start()

    async def stop() -> None:
        if "stop" in os.environ.get("HEARTH_ODD", ""):
            time.sleep(60)
        await app.stop()

    odd = router.routes(given(None))
    return replace(app, routes=[*app.routes, *odd], start=start, stop=stop)


if __name__ == "__main__":
    sys.exit(run(build_odd))
