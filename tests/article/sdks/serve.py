"""What the servers of every SDK have in common: their tools, and who may call."""

import os
from typing import Annotated, Any

import crossgate
import uvicorn
from pydantic import Field


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


OPTIONS: Any = {
    "allow_origins": entries("ALLOW_ORIGINS"),
    "allow_hosts": entries("ALLOW_HOSTS"),
    "allow_credentials": True,
}
# For the SDK's own guard.
GUARD = crossgate.transport_security(**OPTIONS)


def add_tools(mcp: Any, context: Any) -> None:
    @mcp.tool()
    def echo(text: str) -> str:
        return text

    @mcp.tool()
    async def count(to: int, ctx: context) -> str:
        for step in range(1, to + 1):
            await ctx.report_progress(step, to)
        return f"counted to {to}"

    @mcp.tool()
    def locate(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        return f"answered from {region}"

    @mcp.tool()
    async def announce(ctx: context) -> str:
        await ctx.session.send_tool_list_changed()
        return "announced"


def serve(app: Any) -> None:
    if os.environ.get("ALONE") != "1":
        app = crossgate.CORSMiddleware(app, **crossgate.mcp(**OPTIONS))
    uvicorn.run(app, port=0, access_log=False)
