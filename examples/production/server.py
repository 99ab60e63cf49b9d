"""Security headers, rate limits and an allow-list in a database, in FastAPI."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
import uuid
from collections.abc import Iterable
from typing import Any

import crossgate
import uvicorn
from fastapi import FastAPI, Request
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class Origins:
    """The allow-list, asked for every request: a change by whatever program counts at once."""

    def __init__(self, file: str, first: Iterable[str]) -> None:
        self.database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self.database.execute("CREATE TABLE IF NOT EXISTS origins (origin TEXT PRIMARY KEY)")
        rows = [(origin,) for origin in first]
        self.database.executemany("INSERT OR IGNORE INTO origins VALUES (?)", rows)

    def has(self, origin: str, _scope: Any) -> bool:
        """Raises if the database does, and the request is then refused."""
        query = "SELECT 1 FROM origins WHERE origin = ?"
        return self.database.execute(query, (origin,)).fetchone() is not None


class RateLimit:
    """Counts the requests of a client, preflights too, whatever origins they name."""

    def __init__(self, app: ASGIApp, limit: str, url: str | None) -> None:
        requests, seconds = limit.split("/")
        self.app = app
        self.limit = parse(f"{requests} per {seconds} seconds")
        self.memory = FixedWindowRateLimiter(MemoryStorage())
        self.limiter = self.memory
        if url is not None:  # all processes count together
            options: dict[str, Any] = {"implementation": "redispy", "wrap_exceptions": True}
            storage: Any = storage_from_string(f"async+{url}", **options)
            self.limiter = FixedWindowRateLimiter(storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The peer's address; behind a proxy that uvicorn trusts, what the proxy says it is.
        client = scope["client"][0]
        try:
            remaining, retry_after = await self.count(self.limiter, client)
        except StorageError as error:  # while Redis is away each process counts for itself
            log({"event": "redis", "error": str(error)})
            remaining, retry_after = await self.count(self.memory, client)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = str(uuid.uuid4())
                headers["X-RateLimit-Remaining"] = str(remaining)
                headers.update(SECURITY_HEADERS)
            await send(message)

        scope["retry_after"] = retry_after
        asks = "access-control-request-method" in Headers(scope=scope)
        preflight = scope["method"] == "OPTIONS" and asks
        app = TooManyRequests(self.app) if preflight else self.app
        await app(scope, receive, send_with_headers)

    async def count(self, limiter: FixedWindowRateLimiter, client: str) -> tuple[int, int | None]:
        allowed = await limiter.hit(self.limit, client)
        reset, remaining = await limiter.get_window_stats(self.limit, client)
        return remaining, None if allowed else max(1, math.ceil(reset - time.time()))


class TooManyRequests:
    """Refuses what `RateLimit` counted. Behind CORS, so that the page can read why."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if (retry_after := scope.get("retry_after")) is not None:
            headers = {"Retry-After": str(retry_after)}
            app = JSONResponse({"error": "too many requests"}, 429, headers)
        await app(scope, receive, send)


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


def log(event: Any) -> None:
    # One JSON object a line. That the database failed is for the log alone.
    print(json.dumps(event), flush=True)


def create_app() -> ASGIApp:
    origins = Origins(os.environ.get("DATABASE", "origins.db"), entries("ALLOW_ORIGINS"))
    app = FastAPI()

    @app.get("/hello")
    def hello(request: Request) -> dict[str, str]:
        return {"hello": request.client.host if request.client else ""}

    app.add_middleware(TooManyRequests)
    arguments = crossgate.mcp(
        allow_origin_func=origins.has,
        allow_hosts=entries("ALLOW_HOSTS"),
        allow_credentials=True,
        expose_headers=["X-Request-Id", "X-RateLimit-Remaining"],
        on_decision=log,
    )
    crossgate.install(app, **arguments)
    limit = os.environ.get("RATE_LIMIT", "100/60")
    return RateLimit(app, limit, os.environ.get("REDIS_URL"))


if __name__ == "__main__":
    proxies = entries("TRUST_PROXY")
    uvicorn.run(
        create_app(),
        port=int(os.environ.get("PORT", "8001")),
        access_log=False,
        # Left to itself, uvicorn believes whatever a peer on this machine says of its address.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )
