"""One server for one measurement: `python -m python.server FRAMEWORK MIDDLEWARE`.

It prints its port, and for each line it reads the processor time it has used, in nanoseconds.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import Any

import crossgate
import uvicorn
from fastapi import FastAPI
from python.cases import OPTIONS
from starlette.middleware.cors import CORSMiddleware as StarletteMiddleware


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


def fastapi() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root() -> dict[str, str]:
        return {}

    return app


def main(framework: str, middleware: str) -> None:
    app: Any = {"asgi": lambda: asgi, "fastapi": fastapi}[framework]()
    classes: dict[str, Any] = {
        "crossgate": crossgate.CORSMiddleware,
        "starlette": StarletteMiddleware,
    }
    if middleware in classes:
        if framework == "fastapi":
            app.add_middleware(classes[middleware], **OPTIONS)
        else:
            app = classes[middleware](app, **OPTIONS)
    config = uvicorn.Config(
        app, http="httptools", loop="uvloop", lifespan="off", log_level="critical"
    )
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=tell, daemon=True).start()
    uvicorn.Server(config).run(sockets=[listener])


def tell() -> None:
    for _ in sys.stdin:
        print(time.process_time_ns(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
