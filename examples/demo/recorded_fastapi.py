"""The FastAPI example, which besides reports each exchange on its standard output when the answer
begins: a JSON object a line, with the headers as they go out and the middleware's decision. At
`/explain` it says what its policy makes of a page's request."""

from __future__ import annotations

import json
import os
import sys
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import crossgate
import uvicorn

sys.path.insert(0, str(Path(__file__).parent.parent / "fastapi-mcp"))
from server import create_app, settings

exchange: ContextVar[dict[str, Any]] = ContextVar("exchange")


def decided(decision: Any) -> None:
    exchange.get()["decision"] = decision


app = create_app(**settings(), on_decision=decided)
lists = settings()
policy = crossgate.Policy.mcp(
    allow_origins=lists["origins"],
    allow_hosts=lists["hosts"],
    allow_credentials=lists["credentials"],
)


async def recorded(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        await app(scope, receive, send)
        return
    if scope["path"] == "/explain":
        await explain(receive, send)
        return

    query = scope["query_string"].decode("latin-1")
    store = {
        "time": int(time.time() * 1000),
        "method": scope["method"],
        "path": scope["path"] + (query and f"?{query}"),
        "requestHeaders": dict(pairs(scope["headers"])),
    }
    exchange.set(store)

    async def record(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer = {"status": message["status"], "headers": pairs(message["headers"])}
            print(json.dumps(store | answer), flush=True)
        await send(message)

    await app(scope, receive, record)


async def explain(receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    explanation = policy.explain(**json.loads(body))
    browsers = [browser._asdict() for browser in explanation.browsers]
    said = json.dumps(explanation._asdict() | {"browsers": browsers}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})


def pairs(headers: Any) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]


if __name__ == "__main__":
    uvicorn.run(recorded, port=int(os.environ["PORT"]), access_log=False)
