"""An MCP server in FastAPI that web pages may call."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any

import crossgate
import uvicorn
from crossgate import CORSMiddleware, DecisionEvent
from fastapi import FastAPI
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import Field


def create_app(
    origins: Sequence[str],
    hosts: Sequence[str],
    *,
    credentials: bool = False,
    on_decision: Callable[[DecisionEvent], None] | None = None,
) -> FastAPI:
    """One MCP endpoint for every version of the protocol, open to the pages in `origins`."""
    mcp = create_server()
    # CORSMiddleware judges Host and Origin before the SDK sees the request. The SDK's own guard is
    # off, because a second pair of lists could only disagree with the first.
    unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    endpoint = mcp.streamable_http_app(transport_security=unguarded)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/", endpoint)
    app.add_middleware(
        CORSMiddleware,
        **crossgate.mcp(
            allow_origins=origins,
            allow_hosts=hosts,
            allow_credentials=credentials,
            on_decision=on_decision,
        ),
    )
    return app


def create_server() -> MCPServer:
    mcp = MCPServer("fastapi-mcp")

    @mcp.tool()
    def echo(text: str) -> str:
        """Says it again"""
        return text

    @mcp.tool()
    async def count(to: int, ctx: Context) -> str:
        """Counts, reporting progress"""
        for step in range(1, to + 1):
            await ctx.report_progress(step, to)
        return f"counted to {to}"

    # A client mirrors this argument into the header `Mcp-Param-Region`. The names of such headers
    # come from the tools, which is why the policy admits them by their prefix.
    @mcp.tool()
    def locate(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        """Answers from a region"""
        return f"answered from {region}"

    @mcp.tool()
    async def announce(ctx: Context) -> str:
        """Tells the client that the tools changed"""
        await ctx.session.send_tool_list_changed()  # the session's GET stream, up to 2025-11-25
        await ctx.notify_tools_changed()  # the client's subscription, from 2026-07-28 on
        return "announced"

    return mcp


def settings() -> dict[str, Any]:
    """What the environment says, in the form `create_app` takes it."""

    def entries(name: str) -> list[str]:
        return [entry for entry in os.environ.get(name, "").split(",") if entry]

    return {
        "origins": entries("ALLOW_ORIGINS"),
        "hosts": entries("ALLOW_HOSTS"),
        "credentials": os.environ.get("ALLOW_CREDENTIALS") == "1",
    }


def log(decision: DecisionEvent) -> None:
    # One JSON object a line: nothing that a request sends can forge or break a line of the log.
    print(json.dumps(decision), flush=True)


if __name__ == "__main__":
    app = create_app(**settings(), on_decision=log)
    uvicorn.run(
        app,
        port=int(os.environ.get("PORT", "8001")),
        # httptools leaves the whitespace around a header's value, and the SDK then refuses an
        # `Mcp-Name` that is right: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
        http="h11",
        access_log=False,
        # Seconds for requests to end by themselves, which a stream does not.
        timeout_graceful_shutdown=1,
    )
