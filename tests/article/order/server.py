"""A whole application, which counts, asks for a token and reads bodies before anything else."""

import json
import os
from typing import Any

import crossgate
import uvicorn
from fastapi import FastAPI, Request, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


limiter = FixedWindowRateLimiter(MemoryStorage())
limit = parse("4 per minute")

app = FastAPI()
# Around all of it, though what is added later would come before any `add_middleware`.
crossgate.install(
    app,
    **crossgate.mcp(allow_origins=entries("ALLOW_ORIGINS"), allow_hosts=entries("ALLOW_HOSTS")),
)


@app.post("/mcp")
def echo(body: dict[str, Any]) -> dict[str, Any]:
    return body


@app.middleware("http")
async def authorize(request: Request, call_next: Any) -> Response:
    if request.headers.get("authorization") == "Bearer token":
        return await call_next(request)
    return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})


@app.middleware("http")
async def count(request: Request, call_next: Any) -> Response:
    print(json.dumps({"reached": request.method}), flush=True)
    if limiter.hit(limit, request.client.host):
        return await call_next(request)
    return Response(status_code=429, headers={"Retry-After": "60"})


uvicorn.run(app, port=0, access_log=False)
