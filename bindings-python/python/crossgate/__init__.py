"""One policy decides every cross-origin question a web server is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from ._native import CORSMiddleware, Policy, PolicyHandle, decision_of, preset
from ._types import (
    ConfigError,
    Decision,
    DecisionEvent,
    Explanation,
    InBrowser,
    MiddlewareOptions,
    PolicyOptions,
    Problem,
)

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    class PolicyArguments(TypedDict):
        policy: Policy
        on_decision: Callable[[DecisionEvent], object] | None


__all__ = [
    "MCP",
    "PUBLIC",
    "STARLETTE",
    "CORSMiddleware",
    "ConfigError",
    "Decision",
    "DecisionEvent",
    "Explanation",
    "InBrowser",
    "MiddlewareOptions",
    "Policy",
    "PolicyHandle",
    "PolicyOptions",
    "Problem",
    "decision_of",
    "install",
    "mcp",
    "transport_security",
]

MCP: Mapping[str, Any] = MappingProxyType(preset("MCP"))
"""What `mcp()` starts from."""
PUBLIC: Mapping[str, Any] = MappingProxyType(preset("PUBLIC"))
"""A public document, readable by any page without credentials."""
STARLETTE: Mapping[str, Any] = MappingProxyType(preset("STARLETTE"))
"""What `CORSMiddleware` starts from."""

App = TypeVar("App")


def mcp(
    *,
    on_decision: Callable[[DecisionEvent], object] | None = None,
    **options: Unpack[PolicyOptions],
) -> PolicyArguments:
    """The arguments of a `CORSMiddleware` in front of an MCP server.

    State `allow_origins` and `allow_hosts`. `allow_headers` and `expose_headers` add to the
    preset's. Mistakes raise here, not at the first request.
    """
    return {"policy": Policy.mcp(**options), "on_decision": on_decision}


def install(
    app: App,
    *,
    policy: Policy | PolicyHandle | None = None,
    on_decision: Callable[[DecisionEvent], object] | None = None,
    **options: Unpack[MiddlewareOptions],
) -> App:
    """Puts the middleware around a whole Starlette or FastAPI application, in place.

    Outside its error handling and every other middleware, whenever those were added: answers that
    they give, 500 included, and preflights that they would swallow are then right.
    """
    application: Any = app
    build = getattr(app, "build_middleware_stack", None)
    if build is None:
        raise TypeError("install() takes a Starlette or FastAPI application; wrap any other")
    if application.middleware_stack is not None:
        raise RuntimeError("install() comes before the first request")
    # The options are read now, so that a mistake in them raises here.
    policy = CORSMiddleware(application, policy=policy, **options).policy

    def build_middleware_stack() -> CORSMiddleware:
        return CORSMiddleware(build(), policy=policy, on_decision=on_decision)

    application.build_middleware_stack = build_middleware_stack
    return app


def transport_security(**options: Unpack[PolicyOptions]) -> dict[str, Any]:
    """The options of `mcp()` as arguments of the MCP SDK's `TransportSecuritySettings`.

    The SDK's own guard compares texts and knows one pattern, `:*`. Where the options say more than
    that it would refuse what they allow, so that it is switched off: the middleware in front of it
    has decided already.
    """
    Policy.mcp(**options)
    origins = _entries(options.get("allow_origins", ()))
    hosts = _entries(options.get("allow_hosts") or ())
    beyond = ("allow_origin_regex", "allow_origin_func", "cluster_domain")
    beyond_text = any("*" in entry.removesuffix(":*") for entry in [*origins, *hosts])
    if beyond_text or any(options.get(name) for name in beyond):
        return {"enable_dns_rebinding_protection": False}
    hosts = [*_ports(hosts, bare=True), *_ports(["localhost", "127.0.0.1", "[::1]"], bare=True)]
    # The server's own pages send their origin too.
    own = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    return {"allowed_hosts": hosts, "allowed_origins": [*_ports(origins, bare=False), *own]}


def _entries(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _ports(entries: list[str], *, bare: bool) -> list[str]:
    """In the SDK `:*` is any port but none; ours takes both, and a bare host for either."""
    found = []
    for entry in entries:
        name = entry.removesuffix(":*")
        port = name.rpartition(":")[2]
        any_port = name != entry or (bare and not port.isdigit())
        found += [name, f"{name}:*"] if any_port else [entry]
    return found
