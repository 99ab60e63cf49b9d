"""Subdomains, and any port of localhost."""

from __future__ import annotations

import os

import crossgate
import uvicorn
from fastapi import FastAPI


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


app = FastAPI()
# Around everything, so that its headers are on every answer: the 404 and the 500 too.
crossgate.install(
    app,
    # `https://*.your-domain.com` is any subdomain, `http://localhost:*` any port.
    allow_origins=entries("ALLOW_ORIGINS"),
    allow_hosts=entries("ALLOW_HOSTS"),
    allow_credentials=True,
    denied="reject",
)


@app.get("/profile")
def profile() -> dict[str, str]:
    return {"name": "Ada"}


@app.get("/broken")
def broken() -> None:
    raise RuntimeError("the database is gone")


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8001")), access_log=False)
