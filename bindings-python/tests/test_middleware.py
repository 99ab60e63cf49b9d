"""What only ASGI can get wrong."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import pickle
import weakref
from collections import UserDict
from typing import Any

import crossgate
import pytest
from asgi import answers, call, preflight, scope, unreachable
from crossgate import ConfigError, CORSMiddleware, Policy, PolicyHandle, decision_of
from starlette.middleware.cors import CORSMiddleware as StarletteMiddleware

APP = "https://app.example.com"
EVIL = "https://evil.example.net"
ACAO = "access-control-allow-origin"
ACAC = "access-control-allow-credentials"


def test_signature_is_starlettes() -> None:
    ours = inspect.signature(CORSMiddleware).parameters
    theirs = inspect.signature(StarletteMiddleware.__init__).parameters
    for name, parameter in list(theirs.items())[2:]:
        default = ours[name].default
        # `inspect` reads the text of a native signature and drops the comma of `('GET',)`.
        default = (default,) if name == "allow_methods" and default == "GET" else default
        assert default == parameter.default, name
    assert all(ours[name].kind is inspect.Parameter.KEYWORD_ONLY for name in ours if name != "app")


def test_defaults_are_starlettes() -> None:
    policy = CORSMiddleware(unreachable).policy
    assert isinstance(policy, Policy)
    stated = CORSMiddleware(
        unreachable,
        **{
            name: parameter.default
            for name, parameter in inspect.signature(CORSMiddleware).parameters.items()
            if name not in ("app", "policy", "on_decision")
        },
    ).policy
    assert isinstance(stated, Policy)
    for request in (
        {"origin": APP},
        {"method": "OPTIONS", "origin": APP, "access_control_request_method": "GET"},
    ):
        assert policy.decide(**request) == stated.decide(**request)


@pytest.mark.parametrize("options", [{"allow_orgins": [APP]}, {"origin": APP}])
def test_misspelt_options_raise(options: dict[str, Any]) -> None:
    for function in (Policy, PolicyHandle, crossgate.mcp):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            function(**options)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        CORSMiddleware(unreachable, **options)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("allow_origins", [1]),
        ("allow_origins", 1),
        ("allow_credentials", "false"),
        ("max_age", "600"),
        ("allow_origin_func", "https://app.example.com"),
        ("policy", "strict"),
    ],
)
def test_wrong_types_name_the_option(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=option):
        CORSMiddleware(unreachable, **{option: value})


def test_a_policy_decides_whatever_it_is_given() -> None:
    policy = Policy(allow_origins=[APP])
    for hostile in ("\ud800", "\0", "x" * 100_000, b"\xff", ["\udfff", b"\n"], []):
        for name in ("origin", "host", "access_control_request_headers"):
            assert policy.decide("OPTIONS", **{name: hostile}).verdict != "allowed"


def test_all_problems_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        CORSMiddleware(unreachable, allow_origins=[f"{APP}/", "*.com"], max_age=-1, denied="reject")
    options = [problem.option for problem in raised.value.problems]
    assert options == ["allow_origins", "allow_origins", "max_age", "allow_hosts"]
    assert isinstance(raised.value, ValueError)
    assert str(raised.value).count("\n") == 3
    copy = pickle.loads(pickle.dumps(raised.value))
    assert copy.problems == raised.value.problems


def test_policy_takes_the_place_of_options() -> None:
    policy = Policy(allow_origins=[APP])
    with pytest.raises(TypeError, match="not both"):
        CORSMiddleware(unreachable, policy=policy, allow_origins=[APP])
    assert CORSMiddleware(unreachable, policy=policy).policy is policy


@pytest.mark.parametrize("prefix", ["https://app.example.co", "https://app", "http"])
def test_a_string_is_one_origin(prefix: str) -> None:
    app = CORSMiddleware(answers(), allow_origins=APP)
    assert call(app, scope(APP))[1][ACAO] == APP
    assert ACAO not in call(app, scope(prefix))[1]


def test_a_string_is_one_entry_everywhere() -> None:
    app = CORSMiddleware(
        answers(), allow_origins="*", allow_methods="*", allow_headers="*", expose_headers="X-A"
    )
    _, headers, _ = call(app, preflight(EVIL, "DELETE", access_control_request_headers="x-b"))
    assert headers["access-control-allow-methods"] == "*"
    assert headers["access-control-allow-headers"] == "*, authorization"
    assert call(app, scope())[1]["access-control-expose-headers"] == "X-A"


def test_refused_origins_get_no_credentials() -> None:
    inner = answers((b"Access-Control-Allow-Origin", EVIL.encode()), (b"X-Own", b"1"))
    app = CORSMiddleware(inner, allow_origins=[APP], allow_credentials=True, expose_headers=["X-A"])
    assert call(app, scope(EVIL))[1] == {"x-own": "1", "vary": "Origin"}


def test_every_origin_reads_its_own_answer() -> None:
    origins = [APP, "https://www.example.com", EVIL, "https://www.example.com", APP, APP]
    app = CORSMiddleware(answers(), allow_origins=origins[:2])
    for request in (scope, preflight):
        granted = [call(app, request(origin))[1].get(ACAO) for origin in origins]
        assert granted == [None if origin == EVIL else origin for origin in origins]


def test_a_value_of_the_applications_own_class_is_not_kept() -> None:
    ended: list[bytes] = []

    class Value(bytes):
        def __del__(self) -> None:
            ended.append(bytes(self))

    app = CORSMiddleware(answers(), allow_origins=[APP])
    headers = [(b"origin", Value(APP.encode()))]
    assert call(app, {**scope(), "headers": headers})[1][ACAO] == APP
    headers.clear()
    gc.collect()
    assert ended == [APP.encode()]


def test_one_header_where_the_application_sends_its_own() -> None:
    inner = answers(
        (b"Access-Control-Allow-Origin", b"*"),
        (b"access-control-allow-credentials", b"true"),
        (b"Access-Control-Expose-Headers", b"X-Own, x-a"),
        (b"Access-Control-Expose-Headers", b"X-More"),
    )
    app = CORSMiddleware(inner, allow_origins=[APP], expose_headers=["X-A"])
    _, headers, _ = call(app, scope(APP))
    assert headers[ACAO] == APP
    assert ACAC not in headers
    assert headers["access-control-expose-headers"] == "X-A, X-Own, X-More"


@pytest.mark.parametrize(
    ("own", "merged"),
    [
        ([b"Accept"], "Accept, Origin"),
        ([b"Accept", b"Cookie"], "Accept, Cookie, Origin"),
        ([b"accept, ORIGIN"], "accept, ORIGIN"),
        ([b"*"], "*"),
        ([b"Accept, *"], "*"),
        ([b""], "Origin"),
        ([], "Origin"),
    ],
)
def test_vary_is_merged(own: list[bytes], merged: str) -> None:
    app = CORSMiddleware(answers(*((b"Vary", value) for value in own)), allow_origins=[APP])
    for origin in (APP, EVIL, None):
        assert call(app, scope(origin))[1]["vary"] == merged


def test_the_message_of_the_application_stays_as_it_is() -> None:
    headers = [(b"vary", b"Accept")]
    start = {"type": "http.response.start", "status": 200, "headers": headers, "trailers": True}
    kept: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        kept.append(message)

    middleware = CORSMiddleware(app, allow_origins=[APP])
    for _ in range(3):
        asyncio.run(_run(middleware(scope(APP), None, send)))
    assert start["headers"] is headers
    assert headers == [(b"vary", b"Accept")]
    assert kept[0] == kept[4]
    assert kept[0]["trailers"] is True


async def _run(awaitable: Any) -> None:
    await awaitable


@pytest.mark.parametrize(
    "headers",
    [None, (), iter([(b"x-own", b"1")]), ([b"x-own", b"1"],), [[b"Vary", b"Accept"]], "absent"],
)
def test_headers_of_every_shape(headers: Any) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    if headers == "absent" or headers is None:
        del start["headers"]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    got = call(CORSMiddleware(app, allow_origins=[APP]), scope(APP))[1]
    assert got[ACAO] == APP
    assert got["vary"].endswith("Origin")


def test_request_headers_of_every_shape() -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])
    for headers in (
        [[b"Origin", APP.encode()]],
        ((b"ORIGIN", APP.encode()),),
        iter([(b"origin", APP.encode())]),
    ):
        request = scope()
        request["headers"] = headers
        assert call(app, request)[1][ACAO] == APP
        assert list(request["headers"])
    request = scope(APP)
    request["headers"] *= 2
    assert ACAO not in call(app, request)[1]
    assert call(app, UserDict(scope(APP)))[1][ACAO] == APP  # type: ignore[arg-type]


def test_whitespace_around_a_value_is_no_part_of_it() -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP], allow_methods=["PUT"])
    request = scope(method="OPTIONS")
    request["headers"] += [
        (b"origin", f" \t{APP}\t ".encode()),
        (b"access-control-request-method", b" PUT "),
    ]
    events = []
    app = CORSMiddleware(answers(), policy=app.policy, on_decision=events.append)
    assert call(app, request)[1][ACAO] == APP
    assert [event["reason"] for event in events] == [None]


@pytest.mark.parametrize("origin", [b"\xff\xfe", b"\0", b"https://" + b"a" * 100_000, b"", b" "])
def test_hostile_values_are_decided(origin: bytes) -> None:
    strict = crossgate.mcp(allow_origins=[APP], allow_hosts=[])
    for method in ("GET", "OPTIONS", "\udcff", "get"):
        request = scope(method=method, host="localhost")
        request["headers"] += [(b"origin", origin), (b"access-control-request-method", origin)]
        status, headers, body = call(CORSMiddleware(unreachable, **strict), request)
        assert status == 403
        assert ACAO not in headers
        assert method == "HEAD" or json.loads(body)["error"]["code"] == -32000


def test_other_scopes_pass_through() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> str:
        seen.append((scope["type"], receive, send))
        return "done"

    middleware = CORSMiddleware(app, **crossgate.mcp(allow_origins=[APP], allow_hosts=[]))
    for kind in ("lifespan", "webtransport"):

        async def run(kind: str = kind) -> Any:
            return await middleware({"type": kind}, "receive", "send")

        assert asyncio.run(run()) == "done"
    assert seen == [("lifespan", "receive", "send"), ("webtransport", "receive", "send")]


def test_body_messages_pass_through_untouched() -> None:
    sent = []
    body = {"type": "http.response.body", "body": b"data", "more_body": True}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(body)
        await send(UserDict(type="http.response.body"))

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(_run(CORSMiddleware(app, allow_origins=[APP])(scope(APP), None, send)))
    assert sent[1] is body
    assert len(sent) == 3


def test_innermost_policy_wins() -> None:
    inner = CORSMiddleware(
        answers((ACAO.encode(), b"*")), allow_origins=[EVIL], expose_headers=["X-Inner"]
    )
    outer = CORSMiddleware(inner, allow_origins=[APP], allow_credentials=True)
    _, headers, _ = call(outer, scope(EVIL))
    assert headers[ACAO] == EVIL
    assert headers["access-control-expose-headers"] == "X-Inner"
    assert ACAC not in headers
    assert call(outer, scope(APP))[1] == {"vary": "Origin"}
    assert call(outer, scope())[1] == {"vary": "Origin"}


def test_an_inner_refusal_stays_one() -> None:
    strict = crossgate.mcp(allow_origins=[EVIL], allow_hosts=[])
    outer = CORSMiddleware(CORSMiddleware(unreachable, **strict), allow_origins=[APP])
    status, headers, _ = call(outer, scope(APP, host="localhost"))
    assert status == 403
    assert headers.keys() == {"vary", "content-type", "content-length", "x-content-type-options"}


def test_what_lies_behind_cannot_pose_as_an_inner_policy() -> None:
    forged = answers((b"crossgate-decided", b"0" * 16), (ACAO.encode(), b"*"))
    _, headers, _ = call(CORSMiddleware(forged, allow_origins=[APP]), scope(EVIL))
    assert headers == {"vary": "Origin"}


def test_one_scope_may_be_used_twice() -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])
    request = scope(APP)
    assert call(app, request) == call(app, request)


def test_decision_of() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(decision_of(scope))
        await answers()(scope, receive, send)

    cluster = {"allow_hosts": ["mcp.prod.svc"], "cluster_domain": "cluster.local"}
    origins = {"allow_origins": ["http://web.prod.svc"]}
    middleware = CORSMiddleware(app, **origins, **cluster)
    call(middleware, scope("http://web.prod.svc.cluster.local", host="mcp.prod.svc"))
    call(middleware, scope(EVIL, host="mcp.prod.svc"))
    call(middleware, scope(host="mcp.prod.svc", x_origin="http://web.prod.svc"))
    allowed, refused, own = seen
    assert (allowed.verdict, allowed.origin) == ("allowed", "http://web.prod.svc")
    assert (refused.verdict, refused.reason, refused.leg) == (
        "refused",
        "origin-not-allowed",
        "actual",
    )
    assert (own.verdict, own.origin) == ("not-cors", None)
    assert decision_of(scope(APP)) is None
    assert decision_of({**scope(APP), "crossgate": "of another"}) is None


def test_replacing_the_policy() -> None:
    handle = PolicyHandle(allow_origins=[APP])
    app = CORSMiddleware(answers(), policy=handle)
    assert call(app, scope(APP))[1][ACAO] == APP
    handle.replace(allow_origins=[EVIL])
    assert ACAO not in call(app, scope(APP))[1]
    before = handle.policy
    with pytest.raises(ConfigError):
        handle.replace(allow_origins=[f"{APP}/"])
    with pytest.raises(TypeError):
        handle.replace(allow_origin=[APP])
    assert handle.policy is before
    handle.replace(policy=Policy(allow_origins=[APP]))
    assert call(app, scope(APP))[1][ACAO] == APP
    handle.replace(**crossgate.MCP | {"allow_origins": [APP], "allow_hosts": []})
    assert call(app, scope(EVIL, host="localhost"))[0] == 403


def test_exceptional_paths_are_judged_by_the_raw_path() -> None:
    app = CORSMiddleware(
        answers(),
        **crossgate.mcp(allow_origins=[APP], allow_hosts=[], discovery_paths=["/.well-known/*"]),
    )
    known = scope(EVIL, path="/.well-known/oauth", host="localhost")
    assert call(app, known)[1][ACAO] == "*"
    known["raw_path"] += b"?resource=/mcp"
    assert call(app, known)[1][ACAO] == "*"
    del known["raw_path"]
    assert call(app, known)[1][ACAO] == "*"
    for raw in (b"/.well-known/%6fauth", b"/.well-known/../mcp", b"//.well-known/oauth", b""):
        assert call(app, {**known, "raw_path": raw})[0] == 403
    assert call(app, {**known, "path": "/.well-known/../mcp"})[0] == 403


def test_presets() -> None:
    for preset in (crossgate.MCP, crossgate.PUBLIC, crossgate.STARLETTE):
        Policy(**{**preset, "allow_hosts": []})
        with pytest.raises(TypeError):
            preset["max_age"] = 0  # type: ignore[index]


def test_mcp_adds_to_the_preset() -> None:
    kwargs = crossgate.mcp(
        allow_origins=[APP], allow_hosts=[], allow_headers=["X-Key"], expose_headers=["X-Id"]
    )
    app = CORSMiddleware(answers(), **kwargs)
    _, headers, _ = call(app, preflight(APP, host="localhost"))
    assert headers["access-control-allow-headers"].startswith("Authorization, Content-Type")
    assert headers["access-control-allow-headers"].endswith("X-Key")
    _, headers, _ = call(app, scope(APP, host="localhost"))
    assert headers["access-control-expose-headers"].endswith("Retry-After, X-Id")
    with pytest.raises(ConfigError, match="allow_hosts: missing"):
        crossgate.mcp(allow_origins=[APP])


def test_cycles_are_collected() -> None:
    class App:
        middleware: Any = None

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

        def listen(self, event: Any) -> None: ...

        def decide(self, origin: str, scope: Any) -> bool:
            return True

    app = App()
    policy = PolicyHandle(allow_origin_func=app.decide)
    app.middleware = CORSMiddleware(app, policy=policy, on_decision=app.listen)
    gone = weakref.ref(app), weakref.ref(app.middleware)
    del app, policy
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_instrumentation_may_replace_call(monkeypatch: pytest.MonkeyPatch) -> None:
    original = CORSMiddleware.__call__
    seen = []

    async def traced(self: Any, *args: Any, **kwargs: Any) -> None:
        seen.append(self)
        await original(self, *args, **kwargs)

    app = CORSMiddleware(answers(), allow_origins=[APP])
    call(app, scope(APP))
    monkeypatch.setattr(CORSMiddleware, "__call__", traced)
    assert call(app, scope(APP))[1][ACAO] == APP
    assert seen == [app]
    monkeypatch.undo()
    assert call(app, scope(APP))[1][ACAO] == APP
    assert seen == [app]


def test_calls_by_keyword() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return scope["type"], receive

    middleware = CORSMiddleware(app)

    async def run() -> Any:
        return await middleware(scope={"type": "lifespan"}, send=None, receive=1)

    assert asyncio.run(run()) == ("lifespan", 1)
    assert asyncio.run(run()) == ("lifespan", 1)
    for arguments in ((), ({"type": "lifespan"},), (1, 2, 3, 4)):
        with pytest.raises(TypeError):
            middleware(*arguments)
