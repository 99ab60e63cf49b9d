"""In the frameworks that people use it in."""

from __future__ import annotations

import json
from typing import Annotated, Any

import anyio
import crossgate
import httpx
import pytest
from crossgate import ConfigError, CORSMiddleware
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

APP = "https://app.example.com"
EVIL = "https://evil.example.net"
ACAO = "access-control-allow-origin"
FROM_APP = {"origin": APP}
PREFLIGHT = {**FROM_APP, "access-control-request-method": "GET"}


def fastapi(**settings: Any) -> FastAPI:
    app = FastAPI(**settings)

    @app.get("/fine")
    def fine(number: Annotated[int, Query()] = 1) -> int:
        return number

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("broken")

    return app


def guard(app: FastAPI) -> None:
    @app.middleware("http")
    async def authenticate(request: Any, call_next: Any) -> Any:
        if "authorization" not in request.headers:
            return PlainTextResponse("who?", 401, {"www-authenticate": "Bearer"})
        return await call_next(request)


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_add_middleware(backend: Any) -> None:
    app = fastapi()
    app.add_middleware(CORSMiddleware, allow_origins=[APP])
    with TestClient(app, backend=backend) as client:
        assert client.get("/fine", headers=FROM_APP).headers[ACAO] == APP
        assert client.get("/fine?number=x", headers=FROM_APP).status_code == 422
        assert client.get("/fine?number=x", headers=FROM_APP).headers[ACAO] == APP
        assert client.get("/absent", headers=FROM_APP).headers[ACAO] == APP
        assert client.options("/fine", headers=PREFLIGHT).status_code == 200
        assert client.options("/fine").status_code == 405


def test_a_mistake_in_the_options_stops_the_start() -> None:
    app = fastapi()
    app.add_middleware(CORSMiddleware, allow_origins=[f"{APP}/"])
    with pytest.raises(ConfigError), TestClient(app):
        pass
    with pytest.raises(ConfigError):
        crossgate.install(fastapi(), allow_origins=[f"{APP}/"])


def test_install_covers_errors_and_any_order(backend: Any) -> None:
    app = fastapi()
    assert crossgate.install(app, allow_origins=[APP]) is app
    guard(app)
    authorized = {**FROM_APP, "authorization": "Bearer x"}
    with TestClient(app, raise_server_exceptions=False, backend=backend) as client:
        assert client.options("/fine", headers=PREFLIGHT).status_code == 200
        for path, headers, status in (
            ("/fine", authorized, 200),
            ("/fine", FROM_APP, 401),
            ("/broken", authorized, 500),
            ("/absent", authorized, 404),
        ):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers[ACAO]) == (status, APP)
            assert ACAO not in client.get(path, headers=headers | {"origin": EVIL}).headers
    assert isinstance(app, FastAPI)


def test_install_keeps_the_applications_error_pages() -> None:
    app = fastapi(debug=True)
    crossgate.install(app, allow_origins=[APP])
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken", headers=FROM_APP | {"accept": "text/html"})
        assert "RuntimeError: broken" in answer.text
    app = fastapi()

    @app.exception_handler(Exception)
    async def handler(request: Any, error: Exception) -> Any:
        return PlainTextResponse("sorry", 500)

    crossgate.install(app, allow_origins=[APP])
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken", headers=FROM_APP)
        assert (answer.text, answer.headers[ACAO]) == ("sorry", APP)


def test_install_hides_no_exception() -> None:
    app = crossgate.install(fastapi(), allow_origins=[APP])
    with TestClient(app) as client, pytest.raises(RuntimeError, match="broken"):
        client.get("/broken", headers=FROM_APP)


def test_install_comes_before_the_first_request() -> None:
    app = fastapi()
    with TestClient(app) as client:
        client.get("/fine")
    with pytest.raises(RuntimeError, match="before the first request"):
        crossgate.install(app)
    with pytest.raises(TypeError, match="Starlette or FastAPI"):
        crossgate.install(lambda scope: None)


def test_with_add_middleware_a_500_is_beyond_reach() -> None:
    """What the README says of it: Starlette answers outside all middleware that was added."""
    app = fastapi()
    app.add_middleware(CORSMiddleware, allow_origins=[APP])
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken", headers=FROM_APP)
    assert (answer.status_code, ACAO in answer.headers) == (500, False)


def test_around_the_endpoint_of_one_route() -> None:
    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("one")(scope, receive, send)

    route = Route("/one", CORSMiddleware(app=endpoint, allow_origins="*", allow_methods=["POST"]))
    with TestClient(Starlette(routes=[route])) as client:
        assert client.post("/one", headers=FROM_APP).headers[ACAO] == "*"
        assert client.options("/one", headers=PREFLIGHT).headers[ACAO] == "*"


def test_a_route_may_be_stricter_than_the_whole() -> None:
    async def hello(request: Any) -> PlainTextResponse:
        return PlainTextResponse("hello" * 200, headers={"vary": "Accept"})

    inner = Starlette(
        routes=[Route("/", hello)], middleware=[Middleware(CORSMiddleware, allow_origins=[EVIL])]
    )

    async def dispatch(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    app = Starlette(
        routes=[Mount("/inner", inner), Route("/", hello)],
        middleware=[
            Middleware(CORSMiddleware, allow_origins=[APP]),
            Middleware(GZipMiddleware),
            Middleware(BaseHTTPMiddleware, dispatch=dispatch),
        ],
    )
    with TestClient(app) as client:
        assert client.get("/", headers=FROM_APP).headers[ACAO] == APP
        refused = client.get("/inner/", headers=FROM_APP)
        assert ACAO not in refused.headers
        assert refused.headers["content-encoding"] == "gzip"
        allowed = client.get("/inner/", headers={"origin": EVIL})
        assert allowed.headers.get_list(ACAO) == [EVIL]
        assert "crossgate-decided" not in allowed.headers
        assert allowed.headers["vary"] == "Accept, Origin, Accept-Encoding"


def only_known_origins(request: Request) -> str:
    decision = crossgate.decision_of(request.scope)
    if decision is None or decision.verdict == "refused":
        raise HTTPException(403)
    return decision.origin or "none"


def test_the_decision_in_a_dependency() -> None:
    app = FastAPI()

    @app.get("/")
    def root(origin: Annotated[str, Depends(only_known_origins)]) -> str:
        return origin

    app.add_middleware(CORSMiddleware, allow_origins=[APP])
    with TestClient(app) as client:
        assert client.get("/", headers=FROM_APP).json() == APP
        assert client.get("/").json() == "none"
        assert client.get("/", headers={"origin": EVIL}).status_code == 403


@pytest.mark.parametrize("how", ["around", "added"])
def test_httpx_transport(how: str, backend: str) -> None:
    app: Any = fastapi()
    if how == "around":
        app = CORSMiddleware(app, allow_origins=[APP])
    else:
        app.add_middleware(CORSMiddleware, allow_origins=[APP])

    async def run() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            assert (await client.get("/fine", headers=FROM_APP)).headers[ACAO] == APP
            assert (await client.options("/fine", headers=PREFLIGHT)).status_code == 200

    anyio.run(run, backend=backend)


def test_outermost_in_the_test_client(backend: Any) -> None:
    app = CORSMiddleware(fastapi(), allow_origins=[APP])
    with TestClient(app, backend=backend) as client:
        assert client.get("/fine", headers=FROM_APP).headers[ACAO] == APP


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.mark.parametrize("guarded", [False, True])
def test_the_official_mcp_server(guarded: bool) -> None:
    lists: Any = {"allow_origins": [APP, "http://localhost:*"], "allow_hosts": ["mcp.example.com"]}
    if guarded:
        security = TransportSecuritySettings(**crossgate.transport_security(**lists))
    else:
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    server = MCPServer("test").streamable_http_app(transport_security=security)
    app = CORSMiddleware(server, **crossgate.mcp(**lists))
    accept = {"accept": "application/json, text/event-stream"}
    with TestClient(app, base_url="http://mcp.example.com") as client:
        for origin in (APP, "http://localhost:5173", "http://mcp.example.com"):
            headers = {"origin": origin} | accept
            answer = client.post("/mcp", json=INITIALIZE, headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.headers["mcp-session-id"]
            if origin != "http://mcp.example.com":
                assert "Mcp-Session-Id" in answer.headers["access-control-expose-headers"]
        asked = {
            "origin": APP,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,mcp-method,mcp-param-region",
        }
        answer = client.options("/mcp", headers=asked)
        assert answer.status_code == 204
        assert "mcp-param-region" in answer.headers["access-control-allow-headers"]
        answer = client.post("/mcp", json=INITIALIZE, headers={"origin": EVIL} | accept)
        assert answer.status_code == 403
        assert json.loads(answer.content).keys() == {"jsonrpc", "error"}


def test_the_guard_is_off_where_it_could_not_follow() -> None:
    off = {"enable_dns_rebinding_protection": False}
    for origins in (["https://*.example.com"], "*"):
        assert crossgate.transport_security(allow_origins=origins, allow_hosts=["*"]) == off
    with pytest.raises(ConfigError):
        crossgate.transport_security(allow_origins=[f"{APP}/"], allow_hosts=[])
