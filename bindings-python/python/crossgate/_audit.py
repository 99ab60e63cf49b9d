"""The logger ``crossgate``."""

from __future__ import annotations

import logging

from ._types import DecisionEvent

logger = logging.getLogger("crossgate")


def log(event: DecisionEvent) -> None:
    """Refusals at INFO, answered preflights at DEBUG."""
    level = logging.INFO if event["verdict"] == "refused" else logging.DEBUG
    logger.log(level, "%s", _line(event), extra=_fields(event))


def note(text: str) -> None:
    logger.warning("%s", text)


def function_failed(event: DecisionEvent, error: BaseException) -> None:
    line = f"{_line(event)}: allow_origin_func failed"
    logger.error("%s", line, extra=_fields(event), exc_info=error)


def listener_failed(error: BaseException) -> None:
    logger.error("on_decision failed", exc_info=error)


def _line(event: DecisionEvent) -> str:
    # A request must not be able to forge a line of the log: ascii() escapes what could.
    what = f"{event['verdict']} {event['leg']} {event['method']!a} {event['path']!a}"
    return f"{what} from {event['origin']!a}: {event['message']}"


def _fields(event: DecisionEvent) -> dict[str, object]:
    # The record has a time and a message of its own.
    return {name: value for name, value in event.items() if name not in ("time", "message")}
