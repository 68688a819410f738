"""Health: the proof that this is the shell's own sidecar, and the heartbeat."""

import json
from collections.abc import Callable

from msgspec import Struct

from backend.interface.protocol import HEALTH_PATH
from backend.web.http import AppRouter, Request, Response

_MAX_NONCE_CHARS = 128


class SidecarHealth(Struct, frozen=True, kw_only=True):
    """What is known about this process.

    Attributes:
        prove: Proves that it knows the token.
    """

    database_state: Callable[[], str]
    lag_ms: Callable[[], int]
    prove: Callable[[str], str]


router = AppRouter[SidecarHealth]()


@router.get(HEALTH_PATH)
async def show_health(request: Request, health: SidecarHealth) -> Response:
    """Answer without a token, and without waiting for anything."""
    data = {
        "status": "healthy",
        "database": health.database_state(),
        "lag_ms": health.lag_ms(),
    }
    nonce = request.query.get("nonce", "")
    if 0 < len(nonce) <= _MAX_NONCE_CHARS:
        data["proof"] = health.prove(nonce)
    return Response(body=json.dumps(data), content_type="application/json")
