"""References, memory, cancellation and threads.

`CROSSGATE_SOAK=60` soaks each kind of request for as many seconds instead of some thousand times.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pathlib
import sys
import threading
import time
from typing import Any

import anyio
import crossgate
import pytest
from asgi import answers, call, preflight, scope
from crossgate import CORSMiddleware, PolicyHandle, decision_of

APP = "https://app.example.com"
EVIL = "https://evil.example.net"
ACAO = "access-control-allow-origin"
SOAK = float(os.environ.get("CROSSGATE_SOAK", "0"))


async def swallow(message: Any) -> None: ...


async def connect() -> Any:
    return {"type": "websocket.connect"}


async def later(origin: str, scope: Any) -> bool:
    return origin == APP


async def asking(scope: Any, receive: Any, send: Any) -> None:
    assert decision_of(scope)
    await answers((b"vary", b"Accept"), (ACAO.encode(), b"*"))(scope, receive, send)


def failing(origin: str, scope: Any) -> bool:
    raise RuntimeError(origin)


KINDS: dict[str, Any] = {
    "allowed": (CORSMiddleware(answers(), allow_origins=[APP], allow_credentials=True), scope(APP)),
    "refused": (CORSMiddleware(answers(), allow_origins=[APP]), scope(EVIL)),
    "no origin": (CORSMiddleware(answers(), allow_origins=[APP]), scope()),
    "merged": (CORSMiddleware(asking, allow_origins=[APP]), scope(APP)),
    "preflight": (CORSMiddleware(answers(), allow_origins=[APP]), preflight(APP)),
    "reflected": (
        CORSMiddleware(answers(), allow_origins=[APP], allow_headers="*", allow_credentials=True),
        preflight(APP, access_control_request_headers="x-a,x-b"),
    ),
    "rejected": (
        CORSMiddleware(answers(), **crossgate.mcp(allow_origins=[APP], allow_hosts=[])),
        scope(EVIL, host="localhost"),
    ),
    "audited": (
        CORSMiddleware(answers(), allow_origins=[APP], on_decision=lambda event: None),
        scope(EVIL),
    ),
    "asked": (CORSMiddleware(answers(), allow_origin_func=later), scope(APP)),
    "failed": (CORSMiddleware(answers(), allow_origin_func=failing), scope(APP)),
    "cached": (
        CORSMiddleware(answers(), allow_origin_func=later, origin_cache_seconds=60),
        scope(APP),
    ),
    "nested": (
        CORSMiddleware(CORSMiddleware(answers(), allow_origins=[APP]), allow_origins=[EVIL]),
        scope(APP),
    ),
    "handled": (CORSMiddleware(answers(), policy=PolicyHandle(allow_origins=[APP])), scope(APP)),
    "websocket": (
        CORSMiddleware(answers(), **crossgate.mcp(allow_origins=[APP], allow_hosts=[])),
        {**scope(EVIL, host="localhost"), "type": "websocket"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_memory_stays_flat(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    app, request = KINDS[kind]
    # What pytest keeps of the log would be counted.
    caplog.set_level("CRITICAL", "crossgate")

    def run(times: int) -> None:
        for _ in range(times):
            drive(app({**request}, connect, swallow))

    run(1_000)
    before = memory()
    times = 3_000
    run(times)
    end = time.monotonic() + SOAK
    while time.monotonic() < end:
        run(20_000)
        times += 20_000
    blocks, resident = (now - then for now, then in zip(memory(), before, strict=True))
    print(f"{kind}: {times} requests, {blocks} blocks and {resident} KiB more")
    # What leaks, leaks at least once a request: a block of Python's, or 16 bytes of Rust's.
    assert blocks < times / 3
    assert resident < max(times * 16 / 1024 / 3, 4_096)


def test_policies_are_freed() -> None:
    handle = PolicyHandle(allow_origins=[APP])

    def run(times: int) -> None:
        for nth in range(times):
            origins = [f"https://app{nth}-{more}.example.com" for more in range(100)]
            CORSMiddleware(answers(), allow_origins=origins)
            handle.replace(allow_origins=origins)

    run(50)
    before = memory()
    times = 300 if SOAK == 0 else 20_000
    run(times)
    blocks, resident = (now - then for now, then in zip(memory(), before, strict=True))
    print(f"{times} policies, {blocks} blocks and {resident} KiB more")
    assert blocks < times / 3
    # Each has its origins.
    assert resident < times * 100 * 16 / 1024


def memory() -> tuple[int, int]:
    """Python's blocks, and the resident KiB where the system tells them."""
    gc.collect()
    status = pathlib.Path("/proc/self/statm")
    pages = int(status.read_text().split()[1]) if status.exists() else 0
    return sys.getallocatedblocks(), pages * 4


def drive(awaitable: Any) -> None:
    with pytest.raises(StopIteration):
        awaitable.__await__().send(None)


def test_references_are_given_back() -> None:
    app = CORSMiddleware(asking, allow_origins=[APP], allow_credentials=True)
    request = scope(APP)
    origin = request["headers"][0][1]
    kept = [app, request["headers"], origin, swallow, app.policy, request["type"]]
    before = [sys.getrefcount(thing) for thing in kept]
    for _ in range(1_000):
        drive(app({**request}, connect, swallow))
    gc.collect()
    after = [sys.getrefcount(thing) for thing in kept]
    assert [b - a for a, b in zip(before, after, strict=True) if abs(b - a) > 5] == []


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_cancellation_reaches_the_application(backend: str) -> None:
    closed = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"data", "more_body": True})
                await anyio.sleep(0)
        finally:
            closed.append(True)

    middleware = CORSMiddleware(app, allow_origins=[APP])

    async def run() -> None:
        with anyio.move_on_after(0.05) as cancelled:
            await middleware(scope(APP), connect, swallow)
        assert cancelled.cancelled_caught

    anyio.run(run, backend=backend)
    assert closed == [True]


def test_a_disconnect_while_streaming(backend: str) -> None:
    sent = 0

    async def gone(message: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == 3:
            raise OSError("the client has left")

    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(10):
                await send({"type": "http.response.body", "body": b"data", "more_body": True})
        except OSError as error:
            seen.append(error)
            raise

    async def run() -> None:
        with pytest.raises(OSError, match="the client has left"):
            await CORSMiddleware(app, allow_origins=[APP])(scope(APP), connect, gone)

    anyio.run(run, backend=backend)
    assert len(seen) == 1


def test_tasks_are_made_of_requests() -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])

    async def run() -> None:
        calls = [app(scope(APP), connect, swallow), app(preflight(APP), connect, swallow)]
        await asyncio.gather(*(asyncio.create_task(call) for call in calls))  # type: ignore[arg-type]
        await asyncio.wait_for(app(scope(EVIL), connect, swallow), 5)

    asyncio.run(run())


def test_many_requests_in_many_threads_while_the_policy_changes() -> None:
    handle = PolicyHandle(allow_origins=[APP])
    app = CORSMiddleware(answers(), policy=handle)
    wrong: list[Any] = []
    stop = threading.Event()

    def serve(origin: str) -> None:
        while not stop.is_set():
            status, headers, _ = call(app, scope(origin))
            if status != 200 or headers.get(ACAO, origin) != origin or headers["vary"] != "Origin":
                wrong.append((status, headers))

    threads = [threading.Thread(target=serve, args=(origin,)) for origin in (APP, EVIL) * 4]
    for thread in threads:
        thread.start()
    for _ in range(500):
        handle.replace(allow_origins=[EVIL])
        handle.replace(allow_origins=[APP])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
