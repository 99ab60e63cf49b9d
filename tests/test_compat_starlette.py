"""The differences from Starlette's `CORSMiddleware`: each is asked of both, and both must answer as
`compat/starlette.json` says. What is not in that file is the same."""

from __future__ import annotations

import asyncio
import itertools
import json
import pathlib
from typing import Any

import pytest
from crossgate import ConfigError, CORSMiddleware
from starlette.middleware.cors import CORSMiddleware as StarletteMiddleware

FILE = pathlib.Path(__file__).parent / "compat" / "starlette.json"
KEYS = {"name", "options", "app", "request", "upstream", "ours", "why"}
ROWS = json.loads(FILE.read_text("utf-8"))["cases"]
APP = "https://app.example.com"
EVIL = "https://evil.example.net"


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_difference(row: dict[str, Any]) -> None:
    assert row.keys() <= KEYS
    assert row["why"].endswith(".")
    assert row["upstream"] != row["ours"]
    assert answer(StarletteMiddleware, row) == row["upstream"]
    assert answer(CORSMiddleware, row) == row["ours"]


def test_the_readme_has_the_table() -> None:
    readme = FILE.parents[2] / "bindings-python" / "README.md"
    _, table = readme.read_text("utf-8").split("## Differences from Starlette's middleware")
    section = table.split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert rows == [f"| {row['name']} | {row['why']} |" for row in ROWS]


METHODS: list[Any] = [["GET"], ["GET", "POST", "DELETE"]]
HEADERS: list[Any] = [[], ["X-Token", "content-type"]]
CREDENTIALS = [False, True]
EXPOSED: list[Any] = [[], ["X-A", "X-B"]]
REQUESTS = [
    {"method": "GET", "origin": APP},
    {"method": "POST", "origin": APP},
    {"method": "OPTIONS", "origin": APP},
    {"method": "GET"},
    {"method": "OPTIONS", "access_control_request_method": "GET"},
    {"method": "OPTIONS", "origin": APP, "access_control_request_method": "GET"},
    {
        "method": "OPTIONS",
        "origin": APP,
        "access_control_request_method": "GET",
        "access_control_request_headers": "accept, content-type",
    },
]
APPS = [{}, {"vary": "Accept"}, {"x-own": "1"}]


@pytest.mark.parametrize("request_", REQUESTS)
def test_all_else_is_the_same(request_: dict[str, Any]) -> None:
    for methods, headers, credentials, exposed, app in itertools.product(
        METHODS, HEADERS, CREDENTIALS, EXPOSED, APPS
    ):
        row = {
            "options": {
                "allow_origins": [APP, "https://other.example.com"],
                "allow_methods": methods,
                "allow_headers": headers,
                "allow_credentials": credentials,
                "expose_headers": exposed,
            },
            "app": app,
            "request": request_,
        }
        ours, theirs = answer(CORSMiddleware, row), answer(StarletteMiddleware, row)
        if "origin" not in request_:
            assert ours == theirs
            continue
        # Three differences have rows of their own: no body, no word on private networks, and no
        # name listed twice for its case.
        for side in (ours, theirs):
            for name in ("content-length", "content-type"):
                side["headers"].pop(name, None)
            names = side["headers"].get("access-control-allow-headers", "").lower()
            side["headers"]["access-control-allow-headers"] = sorted(set(names.split(", ")))
            vary = side["headers"]["vary"].removesuffix(", Access-Control-Request-Private-Network")
            side["headers"]["vary"] = vary
            side.pop("body")
        assert ours == theirs


def answer(middleware: Any, row: dict[str, Any]) -> dict[str, Any]:
    """A row's answer, or why there is none."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        own = [(n.encode(), v.encode()) for n, v in row.get("app", {}).items()]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b"hello"})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    request = dict(row["request"])
    scope: dict[str, Any] = {"type": "http", "method": request.pop("method"), "path": "/"}
    scope["headers"] = []
    for name, value in request.items():
        for line in value if isinstance(value, list) else [value]:
            scope["headers"].append((name.replace("_", "-").encode(), line.encode()))
    try:
        built = middleware(app, **row["options"])
    except ConfigError as error:
        return {"problems": [problem.option for problem in error.problems]}

    async def run() -> None:
        await built(scope, None, send)

    asyncio.run(run())
    headers: dict[str, Any] = {}
    for name, value in sent[0]["headers"]:
        name, value = name.decode().lower(), value.decode()
        headers[name] = f"{headers[name]} | {value}" if name in headers else value
    body = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return {"status": sent[0]["status"], "headers": headers, "body": body}
