"""One policy decides every cross-origin question a web server is asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ._native import CORSMiddleware, Policy, PolicyHandle, decision_of, preset
from ._types import ConfigError, Decision, DecisionEvent, Problem

__all__ = [
    "MCP",
    "PUBLIC",
    "STARLETTE",
    "CORSMiddleware",
    "ConfigError",
    "Decision",
    "DecisionEvent",
    "Policy",
    "PolicyHandle",
    "Problem",
    "decision_of",
    "install",
    "mcp",
]

MCP: Mapping[str, Any] = MappingProxyType(preset("MCP"))
PUBLIC: Mapping[str, Any] = MappingProxyType(preset("PUBLIC"))
STARLETTE: Mapping[str, Any] = MappingProxyType(preset("STARLETTE"))


def mcp(*, on_decision: Any = None, **options: Any) -> dict[str, Any]:
    return {"policy": Policy.mcp(**options), "on_decision": on_decision}


def install(app: Any, *, policy: Any = None, on_decision: Any = None, **options: Any) -> Any:
    """Puts the middleware around the whole of an application, outside its error handling.

    A Starlette or FastAPI application is returned as it is; any other is wrapped.
    """
    if not hasattr(app, "build_middleware_stack"):
        return CORSMiddleware(app, policy=policy, on_decision=on_decision, **options)
    if app.middleware_stack is not None:
        raise RuntimeError("install() comes before the first request")
    build = app.build_middleware_stack
    # The options are read now, so that a mistake in them shows here and not at the first request.
    policy = CORSMiddleware(app, policy=policy, **options).policy
    app.build_middleware_stack = lambda: CORSMiddleware(
        build(), policy=policy, on_decision=on_decision
    )
    return app
