"""An MCP server that wants a token, and the authorization server that gives one."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import runpy
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import crossgate
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

example = pathlib.Path(__file__).parents[3] / "examples/fastapi-mcp/server.py"
mcp = runpy.run_path(str(example))["create_server"]()
unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
endpoint = mcp.streamable_http_app(transport_security=unguarded)


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


def log(event: Any) -> None:
    print(json.dumps(event), flush=True)


def issuer_of(request: Request) -> str:
    return f"http://{request.headers['host']}"


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with mcp.session_manager.run():
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/.well-known/oauth-protected-resource/mcp")
def resource(request: Request) -> dict[str, Any]:
    issuer = issuer_of(request)
    return {"resource": f"{issuer}/mcp", "authorization_servers": [issuer]}


@app.get("/.well-known/oauth-authorization-server")
def metadata(request: Request) -> dict[str, Any]:
    issuer = issuer_of(request)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }


@app.post("/register", status_code=201)
def register(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "client_id": "page", "client_secret": "secret"}


@app.get("/authorize")
def authorize(request: Request) -> RedirectResponse:
    query = dict(request.query_params)
    log({"authorize": query})
    return RedirectResponse(f"{query['redirect_uri']}?code=granted", 302)


@app.post("/token")
async def token(request: Request, response: Response) -> dict[str, Any]:
    form = dict(parse_qsl((await request.body()).decode()))
    headers = request.headers
    authorization, dpop = headers.get("authorization"), headers.get("dpop")
    log({"token": form, "authorization": authorization, "dpop": dpop})
    response.headers["DPoP-Nonce"] = "again"
    return {"access_token": "token", "token_type": "Bearer"}


async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    if request.headers.get("authorization") == "Bearer token":
        await endpoint(scope, receive, send)
        return
    document = f"{issuer_of(request)}/.well-known/oauth-protected-resource/mcp"
    challenge = f'Bearer resource_metadata="{document}", scope="tools:call"'
    answer = JSONResponse(None, 401, {"WWW-Authenticate": challenge})
    await answer(scope, receive, send)


app.mount("/", guarded)
app.add_middleware(
    crossgate.CORSMiddleware,
    **crossgate.mcp(
        allow_origins=entries("ALLOW_ORIGINS"),
        allow_hosts=entries("ALLOW_HOSTS"),
        discovery_paths=["/.well-known/*", "/register", "/token"],
        authorize_paths=["/authorize"],
    ),
)
uvicorn.run(app, port=0, access_log=False)
