"""WebSocket handshakes: what a page may open it may read, so that it must not open what is not for
it."""

from __future__ import annotations

import asyncio
from typing import Any

import crossgate
import pytest
from asgi import scope
from crossgate import CORSMiddleware

APP = "https://app.example.com"
EVIL = "https://evil.example.net"
STRICT = {"allow_origins": [APP], "allow_hosts": ["api.example.com"]}


def handshake(app: Any, origin: str | None, **more: Any) -> list[Any]:
    """What the server is told; the connect event must be taken before."""
    told: list[Any] = []
    request = {**scope(origin, host="api.example.com"), "type": "websocket", **more}
    del request["method"]

    async def receive() -> Any:
        told.append("received")
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        told.append(message)

    async def run() -> None:
        await app(request, receive, send)

    asyncio.run(run())
    return told


async def accepts(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})


ACCEPTED = ["received", {"type": "websocket.accept"}]
REFUSED = ["received", {"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("origin", [APP, None, "https://api.example.com"])
def test_pages_that_belong_here_are_let_in(origin: str | None) -> None:
    app = CORSMiddleware(accepts, **crossgate.mcp(**STRICT))
    assert handshake(app, origin) == ACCEPTED


@pytest.mark.parametrize("origin", [EVIL, "null", "https://api.example.com:8443", "app"])
def test_foreign_pages_are_refused(origin: str) -> None:
    events: list[Any] = []
    app = CORSMiddleware(accepts, **crossgate.mcp(**STRICT, on_decision=events.append))
    assert handshake(app, origin) == REFUSED
    assert (events[0]["leg"], events[0]["verdict"]) == ("websocket", "refused")


def test_another_servers_name_is_refused() -> None:
    app = CORSMiddleware(accepts, allow_origins=[APP], allow_hosts=["other.example.com"])
    assert handshake(app, APP) == REFUSED
    assert handshake(app, None) == REFUSED


def test_a_server_that_can_answers_403() -> None:
    app = CORSMiddleware(accepts, **crossgate.mcp(**STRICT))
    _, start, body = handshake(app, EVIL, extensions={"websocket.http.response": {}})
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert body["type"] == "websocket.http.response.body"
    assert b"is not allowed" in body["body"]


def test_cors_alone_refuses_no_handshake() -> None:
    events: list[Any] = []
    app = CORSMiddleware(accepts, allow_origins=[APP], on_decision=events.append)
    assert handshake(app, EVIL) == ACCEPTED
    assert not events


def test_a_handshake_is_a_get_whatever_pages_may_fetch() -> None:
    options = {**crossgate.MCP, **STRICT, "allow_methods": ["POST"]}
    app = CORSMiddleware(accepts, policy=crossgate.Policy(**options))
    assert handshake(app, APP) == ACCEPTED
