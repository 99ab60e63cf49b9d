"""The FastAPI example, which besides reports each exchange on its standard output when the answer
begins: a JSON object a line, with the headers as they go out and the middleware's decision."""

from __future__ import annotations

import json
import os
import sys
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import uvicorn

sys.path.insert(0, str(Path(__file__).parent.parent / "fastapi-mcp"))
from server import create_app, settings

exchange: ContextVar[dict[str, Any]] = ContextVar("exchange")


def decided(decision: Any) -> None:
    exchange.get()["decision"] = decision


app = create_app(**settings(), on_decision=decided)


async def recorded(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        await app(scope, receive, send)
        return

    store = {
        "time": int(time.time() * 1000),
        "method": scope["method"],
        "path": scope["path"],
        "requestHeaders": dict(pairs(scope["headers"])),
    }
    exchange.set(store)

    async def record(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer = {"status": message["status"], "headers": pairs(message["headers"])}
            print(json.dumps(store | answer), flush=True)
        await send(message)

    await app(scope, receive, record)


def pairs(headers: Any) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]


if __name__ == "__main__":
    uvicorn.run(recorded, port=int(os.environ["PORT"]), access_log=False)
