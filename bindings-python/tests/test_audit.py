"""`on_decision` and the logger."""

from __future__ import annotations

import logging
from typing import Any

import crossgate
import pytest
from asgi import answers, call, preflight, scope
from crossgate import CORSMiddleware

APP = "https://app.example.com"
EVIL = "https://evil.example.net"


def test_every_decision_is_told() -> None:
    events: list[Any] = []
    app = CORSMiddleware(answers(), allow_origins=[APP], on_decision=events.append)
    for request in (scope(APP), scope(EVIL), scope(), preflight(APP, "GET"), preflight(EVIL)):
        call(app, request)
    assert [(event["leg"], event["verdict"], event["reason"]) for event in events] == [
        ("actual", "allowed", None),
        ("actual", "refused", "origin-not-allowed"),
        ("actual", "not-cors", None),
        ("preflight", "allowed", None),
        ("preflight", "refused", "origin-not-allowed"),
    ]
    event = events[4]
    assert event.pop("time") > 1.7e9
    assert event == {
        "leg": "preflight",
        "verdict": "refused",
        "reason": "origin-not-allowed",
        "message": f"origin `{EVIL}` is not allowed",
        "method": "OPTIONS",
        "path": "/",
        "origin": EVIL,
        "client": "192.0.2.7",
    }


def test_the_method_is_told_where_it_decides_nothing() -> None:
    events: list[Any] = []
    app = CORSMiddleware(answers(), allow_origins=[APP], on_decision=events.append)
    for origin in (APP, EVIL, None):
        call(app, scope(origin, "DELETE"))
    assert [event["method"] for event in events] == ["DELETE"] * 3


def test_a_preflight_that_the_browser_will_refuse_is_a_refusal() -> None:
    events: list[Any] = []
    app = CORSMiddleware(answers(), allow_origins=[APP], on_decision=events.append)
    assert call(app, preflight(APP, "PUT"))[0] == 200
    assert (events[0]["verdict"], events[0]["reason"]) == ("refused", "method-not-allowed")


def test_the_client_may_be_unknown() -> None:
    events: list[Any] = []
    app = CORSMiddleware(answers(), on_decision=events.append)
    for client in (None, ["203.0.113.9", 1]):
        call(app, scope() | {"client": client})
    request = scope()
    del request["client"]
    call(app, request)
    assert [event["client"] for event in events] == [None, "203.0.113.9", None]


def test_a_listener_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def listener(event: Any) -> None:
        raise RuntimeError("disk full")

    app = CORSMiddleware(answers(), allow_origins=[APP], on_decision=listener)
    assert call(app, scope(APP))[0] == 200
    assert "on_decision failed" in caplog.text
    assert "disk full" in caplog.text


def test_the_logger_has_refusals_at_info(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])
    with caplog.at_level(logging.INFO, "crossgate"):
        for request in (scope(APP), scope(), preflight(APP, "GET"), scope(EVIL), preflight(EVIL)):
            call(app, request)
    assert [(record.levelname, record.leg) for record in caplog.records] == [  # type: ignore[attr-defined]
        ("INFO", "actual"),
        ("INFO", "preflight"),
    ]
    record: Any = caplog.records[0]
    assert (record.origin, record.client, record.reason) == (
        EVIL,
        "192.0.2.7",
        "origin-not-allowed",
    )
    assert record.getMessage() == (
        f"refused actual 'GET' '/' from '{EVIL}': origin `{EVIL}` is not allowed"
    )


def test_the_logger_has_preflights_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])
    with caplog.at_level(logging.DEBUG, "crossgate"):
        call(app, preflight(APP, "GET"))
        call(app, scope(APP))
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_the_logger_follows_its_level(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])
    for level, records in ((logging.WARNING, 0), (logging.INFO, 1), (logging.ERROR, 1)):
        with caplog.at_level(level, "crossgate"):
            call(app, scope(EVIL))
        assert len(caplog.records) == records


def test_a_request_cannot_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP])
    with caplog.at_level(logging.INFO, "crossgate"):
        request = scope("https://a\r\nINFO all is well\x1b[2J", method="GE\nT", path="/\n\u202e")
        call(app, request)
    assert caplog.records[0].getMessage().isprintable()
    assert caplog.records[0].getMessage().isascii()


def test_notes_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(answers(), allow_origins=[APP, APP], allow_headers=["Host"])
    call(app, scope(APP))
    assert isinstance(app.policy, crossgate.Policy)
    assert [record.getMessage() for record in caplog.records] == [n.text for n in app.policy.notes]
    assert len(caplog.records) == 2
