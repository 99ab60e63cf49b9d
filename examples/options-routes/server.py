"""OPTIONS routes of the application's own."""

from __future__ import annotations

import json
import os
from typing import Any

import uvicorn
from crossgate import CORSMiddleware
from fastapi import FastAPI, Request, Response


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


app = FastAPI()
# Answers every preflight: no route needs an OPTIONS handler for CORS.
app.add_middleware(
    CORSMiddleware,
    allow_origins=entries("ALLOW_ORIGINS"),
    allow_hosts=entries("ALLOW_HOSTS"),
    # A page that asks by OPTIONS itself sends a preflight for it, as for PUT.
    allow_methods=["GET", "PUT", "OPTIONS"],
    allow_headers=["Content-Type"],
    expose_headers=["Allow"],
)


@app.get("/notes")
def notes() -> list[str]:
    return ["milk"]


@app.put("/notes")
def write(body: dict[str, Any]) -> dict[str, Any]:
    return body


@app.options("/notes")
def describe(request: Request, response: Response) -> dict[str, str]:
    print(json.dumps({"options": request.url.path}), flush=True)
    response.headers["Allow"] = "GET, PUT, OPTIONS"
    return {"describes": request.url.path}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8001")), access_log=False)
