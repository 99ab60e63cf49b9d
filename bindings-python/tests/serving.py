"""An application for the tests of servers; the middleware is what the server sees."""

from __future__ import annotations

from typing import Any

import crossgate
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


async def whole(request: Any) -> JSONResponse:
    return JSONResponse({"method": request.method})


async def stream(request: Any) -> StreamingResponse:
    async def lines() -> Any:
        for number in range(3):
            yield f"data: {number}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


inner = Starlette(
    routes=[
        Route("/whole", whole, methods=["GET", "POST"]),
        Route("/stream", stream),
        WebSocketRoute("/socket", echo),
    ]
)
app = crossgate.CORSMiddleware(
    inner, **crossgate.mcp(allow_origins=["https://app.example.com"], allow_hosts=[])
)
