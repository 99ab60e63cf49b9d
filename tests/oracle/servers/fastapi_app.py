"""The policies on standard input, each at a path of its own, around one application."""

from __future__ import annotations

import json
import socket
import sys

import uvicorn
from crossgate import CORSMiddleware, Policy
from fastapi import FastAPI, Response

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def answer() -> Response:
    return Response("body", headers={"X-Id": "1", "Mcp-Session-Id": "1"})


app = FastAPI()
for nth, options in enumerate(json.load(sys.stdin)):
    mounted = FastAPI()
    mounted.add_middleware(CORSMiddleware, policy=Policy(**options))
    mounted.add_api_route("/{path:path}", answer, methods=METHODS)
    app.mount(f"/p/{nth}", mounted)

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
