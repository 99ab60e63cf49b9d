"""`allow_origin_func` and `origin_cache_seconds`."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import crossgate
import pytest
from asgi import answers, call, preflight, scope, unreachable
from crossgate import CORSMiddleware, Policy, PolicyHandle, decision_of

APP = "https://app.example.com"
LISTED = "https://listed.example.com"
ACAO = "access-control-allow-origin"


def later(answer: Any) -> Any:
    async def function(origin: str, scope: Any) -> Any:
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return function


def now(answer: Any) -> Any:
    def function(origin: str, scope: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return function


@pytest.mark.parametrize("function", [now, later])
def test_it_decides_what_is_well_formed_and_not_listed(function: Any) -> None:
    asked: list[Any] = []

    def ask(origin: str, scope: Any) -> Any:
        asked.append((origin, scope))
        return function(True)(origin, scope)

    app = CORSMiddleware(answers(), allow_origins=[LISTED], allow_origin_func=ask)
    request = scope(APP, host="api.example.com")
    assert call(app, request)[1][ACAO] == APP
    assert asked == [(APP, request)]
    assert call(app, preflight(APP, "GET"))[1][ACAO] == APP
    assert len(asked) == 2
    assert call(app, scope(LISTED))[1][ACAO] == LISTED
    for other in ("null", "https://a.example/", "https://a b", "*", "HTTPS://A.example"):
        assert ACAO not in call(app, scope(other))[1]
    call(app, scope())
    call(app, scope("http://localhost:8000", host="localhost:8000"))
    assert len(asked) == 2


@pytest.mark.parametrize("function", [now, later])
@pytest.mark.parametrize("answer", [False, None])
def test_it_refuses(function: Any, answer: Any) -> None:
    app = CORSMiddleware(answers(), allow_origin_func=function(answer))
    assert call(app, scope(APP)) == (200, {"vary": "Origin"}, b"hello")
    assert call(app, preflight(APP))[0] == 403


@pytest.mark.parametrize("function", [now, later])
@pytest.mark.parametrize("answer", [RuntimeError("no database"), "yes", 1, object()])
def test_a_failure_stops_the_request(
    function: Any, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Any] = []
    app = CORSMiddleware(unreachable, allow_origin_func=function(answer), on_decision=events.append)
    with caplog.at_level(logging.ERROR, "crossgate"):
        status, headers, body = call(app, scope(APP))
        assert call(app, preflight(APP))[0] == 403
    assert (status, ACAO in headers, headers["vary"]) == (403, False, "Origin")
    assert b"database" not in body
    assert b"Traceback" not in body
    assert [event["verdict"] for event in events] == ["refused", "refused"]
    assert all(event["error"] for event in events)
    assert json.dumps(events)
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, asyncio.CancelledError])
def test_an_interrupt_is_no_answer(raised: type[BaseException]) -> None:
    async def interrupted(origin: str, scope: Any) -> bool:
        raise raised

    def interrupted_now(origin: str, scope: Any) -> bool:
        raise raised

    for function in (interrupted, interrupted_now):
        with pytest.raises(raised):
            call(CORSMiddleware(unreachable, allow_origin_func=function), scope(APP))


@pytest.mark.parametrize("function", [now, later])
def test_nothing_is_cached_unless_wanted(function: Any) -> None:
    asked = 0

    def count(origin: str, scope: Any) -> Any:
        nonlocal asked
        asked += 1
        return function(asked == 1)(origin, scope)

    app = CORSMiddleware(answers(), allow_origin_func=count)
    assert ACAO in call(app, scope(APP))[1]
    assert ACAO not in call(app, scope(APP))[1]
    assert asked == 2


@pytest.mark.parametrize("function", [now, later])
@pytest.mark.parametrize("answer", [True, False])
def test_a_cached_answer_holds_for_every_request(function: Any, answer: bool) -> None:
    asked: list[Any] = []

    def ask(origin: str, scope: Any) -> Any:
        asked.append(scope)
        return function(answer)(origin, scope)

    handle = PolicyHandle(allow_origin_func=ask, origin_cache_seconds=60)
    app = CORSMiddleware(answers(), policy=handle)
    for _ in range(3):
        assert (ACAO in call(app, scope(APP))[1]) is answer
    assert asked == [None]
    handle.forget(APP)
    call(app, scope(APP))
    assert len(asked) == 2


def test_an_expired_answer_is_asked_for_again() -> None:
    asked = 0

    def ask(origin: str, scope: Any) -> bool:
        nonlocal asked
        asked += 1
        return True

    app = CORSMiddleware(answers(), allow_origin_func=ask, origin_cache_seconds=0)
    call(app, scope(APP))
    call(app, scope(APP))
    assert asked == 2


def test_made_up_origins_push_out_no_real_one() -> None:
    asked: list[str] = []

    def ask(origin: str, scope: Any) -> bool:
        asked.append(origin)
        return origin == APP

    app = CORSMiddleware(answers(), allow_origin_func=ask, origin_cache_seconds=600)
    call(app, scope(APP))
    for number in range(5_000):
        call_quickly(app, f"https://evil{number}.example")
    call(app, scope(APP))
    assert asked.count(APP) == 1


def call_quickly(app: Any, origin: str) -> None:
    async def send(message: Any) -> None: ...

    coroutine = app(scope(origin), None, send)
    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_an_answer_under_way_does_not_outlive_being_forgotten() -> None:
    asked = 0
    waiting = asyncio.Event()
    released = asyncio.Event()

    async def ask(origin: str, scope: Any) -> bool:
        nonlocal asked
        asked += 1
        waiting.set()
        await released.wait()
        return True

    policy = Policy(allow_origin_func=ask, origin_cache_seconds=600)
    app = CORSMiddleware(answers(), policy=policy)

    async def send(message: Any) -> None: ...

    async def run() -> None:
        async def one() -> None:
            await app(scope(APP), None, send)

        first = asyncio.create_task(one())
        await waiting.wait()
        policy.forget(APP)
        released.set()
        await first
        await one()

    asyncio.run(run())
    assert asked == 2


@pytest.mark.parametrize("function", [now, later])
def test_the_application_sees_the_decision(function: Any) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(decision_of(scope))
        await answers()(scope, receive, send)

    for answer in (True, False):
        call(CORSMiddleware(app, allow_origin_func=function(answer)), scope(APP))
    assert [decision.verdict for decision in seen] == ["allowed", "refused"]


def test_a_policy_replaced_meanwhile_does_not_decide() -> None:
    handle: PolicyHandle

    async def ask(origin: str, scope: Any) -> bool:
        handle.replace(allow_origins=[LISTED])
        return True

    handle = PolicyHandle(allow_origin_func=ask)
    app = CORSMiddleware(answers(), policy=handle)
    assert call(app, scope(APP))[1][ACAO] == APP
    assert ACAO not in call(app, scope(APP))[1]


def test_seconds_need_a_function() -> None:
    with pytest.raises(TypeError, match="allow_origin_func"):
        Policy(origin_cache_seconds=60)
    for seconds in (-1, float("nan"), float("inf"), 1e300):
        with pytest.raises(ValueError, match="origin_cache_seconds"):
            Policy(allow_origin_func=now(True), origin_cache_seconds=seconds)


def test_a_websocket_waits_for_the_answer() -> None:
    strict = crossgate.mcp(allow_origins=[], allow_hosts=[], allow_origin_func=later(False))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def run() -> None:
        request = {**scope(APP, host="localhost"), "type": "websocket"}
        del request["method"]
        await CORSMiddleware(unreachable, **strict)(request, receive, send)

    asyncio.run(run())
    assert sent == [{"type": "websocket.close", "code": 1008}]
