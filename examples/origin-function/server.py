"""Origins decided by a function, for every request."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import uvicorn
from crossgate import CORSMiddleware, DecisionEvent
from fastapi import FastAPI


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


async def is_tenant(origin: str, _scope: Any) -> bool:
    """The origins of the tenants, one a line. Read for every request: a change counts at once."""
    file = Path(os.environ.get("TENANTS_FILE", "tenants.txt"))
    tenants = await asyncio.to_thread(file.read_text)
    return origin in tenants.splitlines()


def log(decision: DecisionEvent) -> None:
    # The page learns that it was refused; that the file was missing is for the log alone.
    print(json.dumps(decision), flush=True)


app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=entries("ALLOW_ORIGINS"),
    # Asked about origins that are not listed.
    allow_origin_func=is_tenant,
    allow_methods=["GET", "POST"],
    allow_headers=["Content-Type"],
    allow_hosts=entries("ALLOW_HOSTS"),
    denied="reject",
    denied_body="json-rpc",
    on_decision=log,
)


@app.get("/orders")
def read_orders() -> list[dict[str, Any]]:
    return [{"id": 1, "what": "tea"}]


@app.post("/orders", status_code=201)
def order(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": 2, **body}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8001")), access_log=False)
