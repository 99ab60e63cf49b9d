"""Runs the vectors against the Python package: through `Policy`, and over ASGI through
`CORSMiddleware`.

Each row is asked twice, and what the first answer handed out is spoilt in between.
"""

from __future__ import annotations

import asyncio
import json
import pathlib
import urllib.parse
from typing import Any, NamedTuple

import pytest
from crossgate import ConfigError, CORSMiddleware, Decision, Policy
from crossgate._native import preset

FOLDER = pathlib.Path(__file__).parent / "vectors"
OWN = [(b"content-type", b"text/html"), (b"X-Own", b"1")]
"""What the application answers of its own accord."""


class Row(NamedTuple):
    case: dict[str, Any]
    options: dict[str, Any]


def rows() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        if path.name == "rules.json":
            continue
        file = only(json.loads(path.read_text("utf-8")), "about", "policies", "cases")
        for case in file["cases"]:
            only(case, "name", "rules", "policy", "request", "given", "want")
            only(
                case.get("request", {}),
                "method",
                "path",
                "host",
                "origin",
                "access_control_request_method",
                "access_control_request_headers",
            )
            policy = case["policy"]
            options = file["policies"][policy] if isinstance(policy, str) else policy
            found.append(pytest.param(Row(case, options), id=f"{path.stem}: it {case['name']}"))
    return found


def only(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    assert row.keys() <= set(keys), f"unknown keys: {row.keys() - set(keys)}"
    return row


def can_arrive(row: Row) -> bool:
    """Whitespace around a header's value is not part of it."""
    lines = [line for line in row.case.get("request", {}).values() if isinstance(line, str)]
    return all(line == line.strip(" \t") for line in lines)


ROWS = rows()
ABOUT_OPTIONS = [row for row in ROWS if {"problems", "notes"} & row.values[0].case["want"].keys()]
ABOUT_REQUESTS = [row for row in ROWS if row not in ABOUT_OPTIONS]


def test_all_rows_are_found() -> None:
    assert len(ROWS) >= 150


@pytest.mark.parametrize("row", ABOUT_OPTIONS)
def test_options(row: Row) -> None:
    want = row.case["want"]
    assert len(want) == 1
    if "notes" in want:
        assert [problem._asdict() for problem in policy_of(row).notes] == want["notes"]
        return
    with pytest.raises(ConfigError) as raised:
        policy_of(row)
    assert [problem._asdict() for problem in raised.value.problems] == want["problems"]
    assert str(raised.value) == "\n".join(problem["text"] for problem in want["problems"])


@pytest.mark.parametrize("row", ABOUT_REQUESTS)
def test_policy(row: Row) -> None:
    policy = policy_of(row)
    request = row.case.get("request", {})
    given = row.case.get("given", False)
    first = policy.decide(**request, origin_allowed=given)
    check(first, row.case["want"])
    first.headers["access-control-allow-origin"] = "https://spoilt.example"
    check(policy.decide(**request, origin_allowed=given), row.case["want"])


@pytest.mark.parametrize("row", [row for row in ABOUT_REQUESTS if can_arrive(row.values[0])])
def test_middleware(row: Row) -> None:
    given = row.case.get("given")
    if given is None or not row.options.get("origins_by_host"):
        policies = [policy_of(row)]
    else:

        async def later(origin: str, scope: Any) -> bool:
            return given

        policies = [
            policy_of(row, allow_origin_func=lambda origin, scope: given),
            policy_of(row, allow_origin_func=later),
            policy_of(row, allow_origin_func=later, origin_cache_seconds=60),
        ]
    for policy in policies:
        for _ in range(2):
            asyncio.run(exchange(row, policy))


async def exchange(row: Row, policy: Policy) -> None:
    want = row.case["want"]
    continues = want["decision"] == "continue"
    sent: list[dict[str, Any]] = []
    events: list[Any] = []
    scope = scope_of(row.case.get("request", {}))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert continues
        forged = [
            (b"Access-Control-Allow-Origin", b"https://forged.example"),
            (b"access-control-allow-credentials", b"true"),
        ]
        await send({"type": "http.response.start", "status": 299, "headers": [*OWN, *forged]})
        await send({"type": "http.response.body", "body": b"own"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    middleware = CORSMiddleware(app, policy=policy, on_decision=events.append)
    await middleware(scope, None, send)

    start, body = sent
    headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
    vary = [value for name, value in headers if name == "vary"]
    assert vary == [want["vary"]] if "vary" in want else not vary
    cors = [(name, value) for name, value in headers if name.startswith("access-control-")]
    assert sorted(cors) == sorted(want.get("headers", {}).items())
    if continues:
        assert start["status"] == 299
        assert start["headers"][: len(OWN)] == OWN
    else:
        assert start["status"] == want["status"]
        assert dict(headers).get("content-length", "0") == str(len(body["body"]))
        if "body" in want:
            assert body["body"].decode() == want["body"]
        if "content_type" in want:
            assert dict(headers).get("content-type") == want["content_type"]
    denial = want.get("denial", {})
    assert [event["reason"] for event in events] == [denial.get("rule")]
    assert json.loads(json.dumps(events)) == events
    start["headers"].clear()
    body.clear()


def policy_of(row: Row, **functions: Any) -> Policy:
    options = dict(row.options)
    mcp = options.pop("add", None)
    assert mcp in (None, "mcp")
    base = preset(options.pop("preset", "MCP" if mcp else "DEFAULT"))
    paths = only(options.pop("paths", {}), "discovery", "authorize", "health")
    stated = {f"{kind}_paths": entries for kind, entries in paths.items()}
    make = Policy.mcp if mcp else Policy
    return make(**{**base, **options, **stated, **functions})


def check(decision: Decision, want: dict[str, Any]) -> None:
    only(want, "decision", "status", "headers", "vary", "denial", "body", "content_type")
    assert (decision.status is None) == (want["decision"] == "continue")
    assert decision.status == want.get("status")
    assert decision.headers == want.get("headers", {})
    assert decision.vary == want.get("vary")
    denial = only(want.get("denial", {"rule": None, "value": None}), "rule", "value")
    value = decision.value if decision.value is None else decision.value.encode("latin-1").decode()
    assert (decision.reason, value) == (denial["rule"], denial["value"])
    assert (decision.message is None) == (decision.reason is None)
    if "body" in want:
        assert (decision.body or "") == want["body"]
    if "content_type" in want:
        assert decision.content_type == want["content_type"]


def scope_of(request: dict[str, Any]) -> dict[str, Any]:
    path = request.get("path", "/")
    headers = [(b"user-agent", b"vectors")]
    for field, value in request.items():
        if value is not None and field not in ("method", "path"):
            lines = value if isinstance(value, list) else [value]
            name = field.replace("_", "-").encode()
            headers += [(name, line.encode()) for line in lines]
    return {
        "type": "http",
        "method": request.get("method", "GET"),
        "path": urllib.parse.unquote(path),
        "raw_path": path.encode(),
        "headers": headers,
        "client": ("192.0.2.1", 40000),
    }
