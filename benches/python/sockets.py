"""Whole requests over sockets: the processor time of uvicorn for one, which other programs on the
machine disturb less than requests per second.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from python.cases import ALLOWED, BROWSER, PREFLIGHT, REFUSED

SECONDS = 2
HEADERS = [header for header in BROWSER if header[0] not in (b"host", b"connection")]
CASES = {
    "actual-allowed": ("GET", [*HEADERS, ALLOWED]),
    "actual-refused": ("GET", [*HEADERS, REFUSED]),
    "no-origin": ("GET", HEADERS),
    "preflight-allowed": ("OPTIONS", [*HEADERS, ALLOWED, *PREFLIGHT]),
    "preflight-refused": ("OPTIONS", [*HEADERS, REFUSED, *PREFLIGHT]),
}
MIDDLEWARE = ("none", "starlette", "crossgate")


class Server:
    def __init__(self, framework: str, middleware: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "python.server", framework, middleware],
            cwd=pathlib.Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = self.line()

    def line(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def used(self) -> int:
        """Nanoseconds of processor time."""
        assert self.process.stdin is not None
        print(file=self.process.stdin, flush=True)
        return self.line()


class Load(NamedTuple):
    ns_per_request: float
    requests_per_second: float


def load(server: Server, method: str, headers: list[tuple[bytes, bytes]]) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = '{method}'\n")
        script.flush()
        lines = [f"{name.decode()}: {value.decode()}" for name, value in headers]
        command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", script.name]
        command += [word for line in lines for word in ("-H", line)]
        before = server.used()
        told = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}/"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        used = server.used() - before
    requests = re.search(r"(\d+) requests in", told)
    rate = re.search(r"Requests/sec: +([\d.]+)", told)
    assert requests is not None, told
    assert rate is not None, told
    return Load(used / int(requests[1]), float(rate[1]))


def measure(framework: str, name: str, rounds: int) -> dict[str, Load]:
    """The least time and the highest rate of several rounds in turn, after one that warms up."""
    servers = {middleware: Server(framework, middleware) for middleware in MIDDLEWARE}
    seen: dict[str, list[Load]] = {middleware: [] for middleware in MIDDLEWARE}
    try:
        for nth in range(rounds + 1):
            for middleware, server in servers.items():
                loaded = load(server, *CASES[name])
                if nth > 0:
                    seen[middleware].append(loaded)
    finally:
        for server in servers.values():
            server.process.kill()
            server.process.communicate()
    return {
        middleware: Load(
            min(load.ns_per_request for load in loads),
            max(load.requests_per_second for load in loads),
        )
        for middleware, loads in seen.items()
    }


def sockets(rounds: int) -> Iterator[dict[str, Any]]:
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk, or your system's package of that name")
    for framework in ("asgi", "fastapi"):
        for name in CASES:
            own = measure(framework, name, rounds)
            ours, peer = own["crossgate"], own["starlette"]
            yield {
                "bench": "python",
                "case": name,
                "on": f"{framework}, uvicorn",
                "peer": "starlette",
                "ours_ns": round(ours.ns_per_request),
                "peer_ns": round(peer.ns_per_request),
                "floor_ns": round(own["none"].ns_per_request),
                "ratio": round(peer.ns_per_request / ours.ns_per_request, 2),
                "requests_ratio": round(ours.requests_per_second / peer.requests_per_second, 2),
            }
