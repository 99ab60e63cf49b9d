"""An MCP server by all its names in a cluster."""

from __future__ import annotations

import os

import crossgate
import uvicorn
from crossgate import CORSMiddleware
from fastapi import FastAPI, Request
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


mcp = MCPServer("kubernetes")


@mcp.tool()
def echo(text: str) -> str:
    """Says it again"""
    return text


app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    **crossgate.mcp(
        # One name of each service is enough: `mcp.tools.svc` stands for
        # `mcp.tools.svc.cluster.local` too, with and without a final dot.
        allow_origins=entries("ALLOW_ORIGINS"),
        allow_hosts=entries("ALLOW_HOSTS"),
        cluster_domain=os.environ.get("CLUSTER_DOMAIN", "cluster.local"),
        # A probe calls the pod by its address.
        health_paths=["/health"],
    ),
)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/origin")
def origin(request: Request) -> dict[str, str | None]:
    """The page's origin under its short name. No header that a client sends can change it."""
    decision = crossgate.decision_of(request.scope)
    return {"origin": decision.origin if decision else None}


# The SDK's own guard knows nothing of clusters; the middleware has judged Host and Origin already.
unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
# Where messages are posted is a path, and no address: the client finds it wherever it found `/sse`.
app.mount("/", mcp.sse_app(transport_security=unguarded))


if __name__ == "__main__":
    uvicorn.run(
        app,
        host=os.environ.get("ADDRESS", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8001")),
        ssl_certfile=os.environ.get("TLS_CERT"),
        ssl_keyfile=os.environ.get("TLS_KEY"),
        access_log=False,
        # Seconds for requests to end by themselves, which a stream does not.
        timeout_graceful_shutdown=1,
    )
