"""The coroutines of the native middleware."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._native import CORSMiddleware, Pending


async def call(self: CORSMiddleware, scope: Any, receive: Any, send: Any) -> None:
    """What ``middleware.__call__`` is for those who inspect it."""
    await type(self).__call__(self, scope, receive, send)


async def respond(send: Any, start: dict[str, Any], body: dict[str, Any]) -> None:
    await send(start)
    await send(body)


async def refuse_handshake(
    scope: Any, receive: Any, send: Any, start: dict[str, Any], body: dict[str, Any]
) -> None:
    """Before the handshake is accepted, servers turn a close into a 403 themselves."""
    await receive()
    # https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
    if "websocket.http.response" in (scope.get("extensions") or {}):
        start["type"] = "websocket.http.response.start"
        body["type"] = "websocket.http.response.body"
        await respond(send, start, body)
    else:
        await send({"type": "websocket.close", "code": 1008})


async def wait(answer: Awaitable[object], pending: Pending) -> None:
    """Goes on when an asynchronous ``allow_origin_func`` has answered."""
    try:
        allowed = await answer
    except Exception as error:
        await pending.resume(None, error)
    else:
        await pending.resume(allowed, None)
