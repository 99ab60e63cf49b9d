from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias, final

from typing_extensions import Self, Unpack

from ._types import (
    Decision,
    DecisionEvent,
    Explanation,
    MiddlewareOptions,
    PolicyOptions,
    Problem,
)

_App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
_Value: TypeAlias = str | bytes | Iterable[str | bytes] | None

__all__ = ["CORSMiddleware", "Pending", "Policy", "PolicyHandle", "decision_of", "preset"]

@final
class CORSMiddleware:
    """ASGI middleware: decides each request and handshake, and writes the answer's headers.

    Takes the arguments of Starlette's, and either ``options`` or a ``policy`` in their place.
    ``on_decision`` is called with every decision; what it raises is logged. Mistakes in the options
    raise ``ConfigError``.
    """

    def __new__(
        cls,
        app: _App,
        *,
        policy: Policy | PolicyHandle | None = None,
        on_decision: Callable[[DecisionEvent], object] | None = None,
        **options: Unpack[MiddlewareOptions],
    ) -> Self: ...
    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]: ...
    @property
    def app(self) -> _App: ...
    @property
    def policy(self) -> Policy | PolicyHandle: ...

@final
class Policy:
    """What a server allows pages of other origins: immutable, and without ASGI.

    Mistakes in the options raise ``ConfigError``.
    """

    def __new__(cls, **options: Unpack[PolicyOptions]) -> Self: ...
    @staticmethod
    def mcp(**options: Unpack[PolicyOptions]) -> Policy:
        """The policy of an MCP server; ``allow_headers`` and ``expose_headers`` add to the
        preset's, ``allow_hosts`` must be stated."""
    @property
    def notes(self) -> tuple[Problem, ...]:
        """What is useless or redundant in the options."""
    def decide(
        self,
        method: _Value = None,
        path: _Value = None,
        *,
        host: _Value = None,
        origin: _Value = None,
        access_control_request_method: _Value = None,
        access_control_request_headers: _Value = None,
        origin_allowed: bool = False,
    ) -> Decision:
        """Decides a request. Values are a header's line, or a list of its lines, as ``bytes`` or
        ``str``, which stands for its UTF-8; nothing in them raises. ``origin_allowed`` is the
        caller's word where ``origins_by_host`` or ``allow_origin_func`` asks for one."""
    def explain(
        self,
        origin: str,
        method: str = "GET",
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
        credentials: bool = False,
        origin_allowed: bool = False,
    ) -> Explanation:
        """What becomes of a page's request to ``url``, preflight and all, and how to mend it."""
    def forget(self, origin: str) -> None:
        """Gives up what is cached of ``allow_origin_func``'s word on an origin."""

@final
class PolicyHandle:
    """A policy that can be replaced while it serves, from any thread."""

    def __new__(cls, *, policy: Policy | None = None, **options: Unpack[PolicyOptions]) -> Self: ...
    def replace(self, *, policy: Policy | None = None, **options: Unpack[PolicyOptions]) -> None:
        """Puts another policy in force for the requests to come. An invalid one raises
        ``ConfigError``, and the old one stays."""
    @property
    def policy(self) -> Policy:
        """The policy in force."""
    def forget(self, origin: str) -> None:
        """Gives up what is cached of ``allow_origin_func``'s word on an origin."""

@final
class Pending:
    def resume(self, answer: object, error: BaseException | None) -> Awaitable[None]: ...

def decision_of(scope: Mapping[str, Any]) -> Decision | None:
    """The decision for a scope that came through a ``CORSMiddleware``; ``None`` for any other."""

def preset(name: str) -> dict[str, Any]: ...
