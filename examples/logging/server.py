"""Every decision on the console and in a JSON log."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import uvicorn
from crossgate import CORSMiddleware, DecisionEvent
from fastapi import FastAPI


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


def log(event: DecisionEvent) -> None:
    """Every request comes by here, refused ones and preflights too, which no route ever sees."""
    # In printable ASCII: a stranger's text can neither begin a line nor move the cursor.
    what = f"{event['verdict']} {event['leg']} {event['method']!a} {event['path']!a}"
    line = f"{what} from {event['origin']!a}"
    print(f"{line}: {event['message']}" if event["message"] else line, file=sys.stderr)
    print(json.dumps(event), flush=True)


app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=entries("ALLOW_ORIGINS"),
    allow_hosts=entries("ALLOW_HOSTS"),
    allow_methods=["GET", "PUT"],
    allow_headers=["Content-Type"],
    denied="reject",
    on_decision=log,
)


@app.get("/weather")
def weather() -> dict[str, str]:
    return {"weather": "rain"}


@app.put("/weather")
def change(body: dict[str, Any]) -> dict[str, Any]:
    return body


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8001")), access_log=False)
