"""The middleware's added cost to a request, without a server.

Times are CPU time of the thread, in short slots that alternate between all implementations; of each
the least is kept and that of the bare application subtracted, so that what else runs on the machine
is left out. `floor` is a native middleware that decides nothing and adds the same prebuilt headers;
it is built from the same crate when the benches run.
"""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import crossgate
from python.cases import ALLOWED, BROWSER, OPTIONS, PREFLIGHT, REFUSED
from starlette.middleware.cors import CORSMiddleware as StarletteMiddleware

ROOT = pathlib.Path(__file__).parents[2]
SLOT = 1_500_000
MESSAGES = 100

App = Callable[[Any, Any, Any], Any]


class Case(NamedTuple):
    name: str
    method: str
    headers: list[tuple[bytes, bytes]]
    app: App
    answered: bool = False
    """The middleware answers, so that there is no application to subtract."""


async def plain(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(MESSAGES):
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


CASES = [
    Case("actual-allowed", "POST", [*BROWSER[:9], ALLOWED, *BROWSER[9:]], plain),
    Case("actual-refused", "POST", [*BROWSER[:9], REFUSED, *BROWSER[9:]], plain),
    Case("no-origin", "POST", BROWSER, plain),
    Case("preflight-allowed", "OPTIONS", [*BROWSER, ALLOWED, *PREFLIGHT], plain, True),
    Case("preflight-refused", "OPTIONS", [*BROWSER, REFUSED, *PREFLIGHT], plain, True),
    Case("stream", "POST", [*BROWSER[:9], ALLOWED, *BROWSER[9:]], stream),
]


async def send(message: Any) -> None:
    pass


async def receive() -> Any:
    return {"type": "http.request"}


def build_floor() -> Any:
    """The class `Floor`, which no installed package has."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    command = "cargo build --quiet --release --package crossgate-python --features floor"
    environment = os.environ | {
        "PYO3_BUILD_EXTENSION_MODULE": "1",
        "PYO3_PYTHON": sys.executable,
        "CARGO_TARGET_DIR": str(target / "floor"),
    }
    subprocess.run(command.split(), cwd=ROOT, env=environment, check=True)
    built = target / "floor" / "release"
    (library,) = (
        path
        for path in built.iterdir()
        if path.stem in ("lib_native", "_native") and path.suffix in (".so", ".dylib", ".dll")
    )
    loader = importlib.machinery.ExtensionFileLoader("_native", str(library))
    spec = importlib.util.spec_from_file_location("_native", library, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module.Floor


def floor(case: Case, middleware: Any) -> App:
    """A middleware that knows beforehand what ours will answer."""
    start: list[Any] = []

    async def capture(message: Any) -> None:
        start.append(message)

    drive(crossgate.CORSMiddleware(case.app, **OPTIONS)(scope_of(case), receive, capture))
    added = [header for header in start[0]["headers"] if not header[0].startswith(b"content-")]
    status = start[0]["status"] if case.answered else None
    native: App = middleware(case.app, tuple(added), status)
    return native


def scope_of(case: Case) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": case.method,
        "root_path": "",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "headers": list(case.headers),
        "state": {},
    }


def drive(coroutine: Any) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("the application waits for something")


def slot(app: App, case: Case, calls: int) -> float:
    """As in a server each request has a scope of its own: a copy, which all implementations pay."""
    scope = scope_of(case)
    clock = time.thread_time_ns
    begin = clock()
    for _ in range(calls):
        drive(app(scope.copy(), receive, send))
    return (clock() - begin) / calls


def measure(case: Case, rounds: int, native_floor: Any) -> dict[str, float]:
    apps: dict[str, App] = {
        "none": case.app,
        "ours": crossgate.CORSMiddleware(case.app, **OPTIONS),
        "starlette": StarletteMiddleware(case.app, **OPTIONS),
        "floor": floor(case, native_floor),
    }
    calls = {name: max(1, int(SLOT / slot(app, case, 100))) for name, app in apps.items()}
    least = dict.fromkeys(apps, float("inf"))
    gc.collect()
    gc.disable()
    for nth in range(rounds):
        names = list(apps) if nth % 2 else list(reversed(apps))
        for name in names:
            least[name] = min(least[name], slot(apps[name], case, calls[name]))
        if nth % 10 == 0:
            gc.collect()
    gc.enable()
    # A preflight never reaches the application: nothing is subtracted, not even the loop.
    bare = 0.0 if case.answered else least["none"]
    share = MESSAGES if case.app is stream else 1
    return {name: (time - bare) / share for name, time in least.items()}


def micro(rounds: int) -> Iterator[dict[str, Any]]:
    native_floor = build_floor()
    for case in CASES:
        own = measure(case, rounds, native_floor)
        yield {
            "bench": "python",
            "case": case.name,
            "on": "asgi",
            "peer": "starlette",
            "ours_ns": round(own["ours"]),
            "peer_ns": round(own["starlette"]),
            "floor_ns": round(own["floor"]),
            "ratio": round(own["starlette"] / own["ours"], 1),
        }
