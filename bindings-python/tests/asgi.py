"""An ASGI server of one request, for tests that look at messages."""

from __future__ import annotations

import asyncio
from typing import Any


def scope(
    origin: str | None = None, method: str = "GET", path: str = "/", **headers: str
) -> dict[str, Any]:
    if origin is not None:
        headers["origin"] = origin
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
        "client": ("192.0.2.7", 4711),
    }


def preflight(origin: str, method: str = "POST", **headers: str) -> dict[str, Any]:
    return scope(origin, "OPTIONS", access_control_request_method=method, **headers)


def call(app: Any, scope: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of an answer; a header sent twice fails."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(_awaited(app(scope, receive, send)))
    start, *rest = sent
    headers = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
    assert len(dict(headers)) == len(headers), headers
    return start["status"], dict(headers), b"".join(message["body"] for message in rest)


async def _awaited(awaitable: Any) -> None:
    await awaitable


def answers(*headers: tuple[bytes, bytes], status: int = 200) -> Any:
    """An application that answers with these headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"hello"})

    return app


async def unreachable(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the application was called")
