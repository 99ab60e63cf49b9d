"""The MCP server of `examples/fastapi-mcp`, with Starlette's middleware in place of Crossgate."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import runpy
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from mcp.server.transport_security import TransportSecuritySettings

example = pathlib.Path(__file__).parents[3] / "examples/fastapi-mcp/server.py"
mcp = runpy.run_path(str(example))["create_server"]()
unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
endpoint = mcp.streamable_http_app(transport_security=unguarded)


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with mcp.session_manager.run():
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/", endpoint)
app.add_middleware(CORSMiddleware, **json.loads(os.environ["CORS"]))
uvicorn.run(app, port=0, access_log=False)
