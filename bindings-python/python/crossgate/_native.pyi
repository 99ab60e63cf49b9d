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
    def __new__(cls, **options: Unpack[PolicyOptions]) -> Self: ...
    @staticmethod
    def mcp(**options: Unpack[PolicyOptions]) -> Policy: ...
    @property
    def notes(self) -> tuple[Problem, ...]: ...
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
    ) -> Decision: ...
    def explain(
        self,
        origin: str,
        method: str = "GET",
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
        credentials: bool = False,
        origin_allowed: bool = False,
    ) -> Explanation: ...
    def forget(self, origin: str) -> None: ...

@final
class PolicyHandle:
    def __new__(cls, *, policy: Policy | None = None, **options: Unpack[PolicyOptions]) -> Self: ...
    def replace(
        self, *, policy: Policy | None = None, **options: Unpack[PolicyOptions]
    ) -> None: ...
    @property
    def policy(self) -> Policy: ...
    def forget(self, origin: str) -> None: ...

@final
class Pending:
    def resume(self, answer: object, error: BaseException | None) -> Awaitable[None]: ...

def decision_of(scope: Mapping[str, Any]) -> Decision | None: ...
def preset(name: str) -> dict[str, Any]: ...
