"""Health: the proof that this is the shell's own sidecar, and the heartbeat."""

import json
from collections.abc import Callable

from backend.protocol import HEALTH_PATH, prove
from backend.web.http import Request, Response, Router

_MAX_NONCE_CHARS = 128


def build_router(
    token: str, database_state: Callable[[], str], lag_ms: Callable[[], int]
) -> Router:
    """Build the one route that needs no token; it never waits for anything."""
    router = Router()

    @router.get(HEALTH_PATH)
    async def show_health(request: Request) -> Response:
        data = {
            "status": "healthy",
            "database": database_state(),
            "lag_ms": lag_ms(),
        }
        nonce = request.query.get("nonce", "")
        if 0 < len(nonce) <= _MAX_NONCE_CHARS:
            data["proof"] = prove(token, nonce)
        return Response(body=json.dumps(data), content_type="application/json")

    return router
