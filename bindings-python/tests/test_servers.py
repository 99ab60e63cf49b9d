"""Behind real servers, and outermost: several take a native callable for another protocol."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

APP = "https://app.example.com"
EVIL = "https://evil.example.net"
ACAO = "access-control-allow-origin"

SERVERS = {
    "uvicorn": "uvicorn serving:app --port {port} --no-access-log",
    "uvicorn-asgi3-h11-asyncio": (
        "uvicorn serving:app --port {port} --interface asgi3 --http h11 --loop asyncio --ws wsproto"
    ),
    "hypercorn": "hypercorn serving:app --bind 127.0.0.1:{port}",
    "hypercorn-trio": "hypercorn serving:app --bind 127.0.0.1:{port} --worker-class trio",
    "granian": "granian --interface asgi --port {port} --no-ws serving:app",
    "granian-websockets": "granian --interface asgi --port {port} serving:app",
}


@pytest.fixture(scope="module", params=SERVERS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = SERVERS[request.param].format(port=port).split()
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=pathlib.Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_for(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(process.communicate()[0].decode())
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nobody listens on {port}")


def test_an_allowed_page(address: str) -> None:
    answer = httpx.post(f"http://{address}/whole", headers={"origin": APP})
    assert (answer.status_code, answer.json()) == (200, {"method": "POST"})
    assert answer.headers[ACAO] == APP
    assert answer.headers["vary"] == "Origin"


def test_a_preflight(address: str) -> None:
    headers = {"origin": APP, "access-control-request-method": "DELETE"}
    answer = httpx.options(f"http://{address}/whole", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers[ACAO] == APP
    assert answer.headers["access-control-allow-methods"] == "GET, POST, DELETE"


def test_a_foreign_page(address: str) -> None:
    answer = httpx.get(f"http://{address}/whole", headers={"origin": EVIL})
    assert (answer.status_code, ACAO in answer.headers) == (403, False)
    assert answer.json()["error"]["message"] == f"origin `{EVIL}` is not allowed"


def test_another_servers_name(address: str) -> None:
    answer = httpx.get(f"http://{address}/whole", headers={"host": "rebound.example"})
    assert answer.status_code == 421


def test_the_servers_own_page(address: str) -> None:
    answer = httpx.post(f"http://{address}/whole", headers={"origin": f"http://{address}"})
    assert (answer.status_code, ACAO in answer.headers) == (200, False)


def test_a_stream(address: str) -> None:
    answer = httpx.get(f"http://{address}/stream", headers={"origin": APP})
    assert answer.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert answer.headers[ACAO] == APP


def test_whitespace_around_a_value(address: str) -> None:
    lines = [f"Host: {address}", f"Origin: \t{APP} ", "Connection: close"]
    answer = raw(address, "GET /whole HTTP/1.1", *lines).lower()
    assert answer.startswith(b"http/1.1 200")
    assert f"{ACAO}: {APP}\r\n".encode() in answer


def test_repeated_lines(address: str) -> None:
    lines = [f"Host: {address}", f"Origin: {APP}", f"Origin: {APP}", "Connection: close"]
    assert raw(address, "GET /whole HTTP/1.1", *lines).startswith(b"HTTP/1.1 403")


def test_a_handshake(address: str, request: pytest.FixtureRequest) -> None:
    lines = [
        f"Host: {address}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    allowed = raw(address, "GET /socket HTTP/1.1", *lines, f"Origin: {APP}")
    # Without WebSockets the server takes a handshake for the GET of a resource that is none.
    websockets = "--no-ws" not in SERVERS[request.node.callspec.params["address"]]
    assert allowed.startswith(b"HTTP/1.1 101" if websockets else b"HTTP/1.1 404")
    assert (b"hello" in allowed) == websockets
    refused = raw(address, "GET /socket HTTP/1.1", *lines, f"Origin: {EVIL}")
    assert refused.startswith(b"HTTP/1.1 403")
    assert b"hello" not in refused


def raw(address: str, *lines: str) -> bytes:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        received = b""
        while b"hello" not in received and (more := connection.recv(65536)):
            received += more
            if b" 101 " not in received and b"\r\n\r\n" in received:
                break
        return received
