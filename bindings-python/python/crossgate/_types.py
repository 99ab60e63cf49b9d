"""What Crossgate hands out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

Verdict = Literal["allowed", "refused", "not-cors"]
Leg = Literal["actual", "preflight", "websocket"]
OriginFunction: TypeAlias = Callable[[str, Any], "bool | Awaitable[bool | None] | None"]


class Decision(NamedTuple):
    """What a policy says to a request."""

    verdict: Verdict
    leg: Leg
    reason: str | None
    """The rule that refused something, such as ``origin-not-allowed``."""
    value: str | None
    """The request's value that it refused."""
    message: str | None
    """The refusal in a sentence, fit for a log."""
    origin: str | None
    """The request's origin when it is well formed, under the one name by which rules know it."""
    status: int | None
    """The status of an answer that is given now; ``None`` when the application answers."""
    headers: dict[str, str]
    vary: str | None
    content_type: str | None
    body: str | None


class Explanation(NamedTuple):
    """What becomes of a page's request; ``str()`` of it is the text for people."""

    allowed: bool
    leg: Literal["script", "preflight", "actual"]
    """On which request it fails."""
    rule: str | None
    denial: str | None
    """What the server says of it."""
    reason: str | None
    """What the browser says of it."""
    header: str | None
    """The header line on which it turns."""
    fix: str | None
    """The smallest change that mends it."""
    traps: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text


class Problem(NamedTuple):
    """One thing that is wrong with an option, and how to mend it."""

    option: str
    value: str
    reason: Literal["missing", "invalid", "forbidden", "prohibited"]
    text: str


class ConfigError(ValueError):
    """Every problem of a configuration."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.text for problem in self.problems)


class DecisionEvent(TypedDict, total=False):
    """What ``on_decision`` is called with."""

    time: float
    leg: Leg
    verdict: Verdict
    reason: str | None
    message: str | None
    method: str
    path: str
    origin: str | None
    client: str | None
    error: str
    """What ``allow_origin_func`` raised; absent when it did not."""


class MiddlewareOptions(TypedDict, total=False):
    """The options of ``CORSMiddleware``."""

    allow_origins: str | Iterable[str]
    allow_methods: str | Iterable[str]
    allow_headers: str | Iterable[str]
    allow_credentials: bool
    allow_origin_regex: str | None
    allow_private_network: bool
    expose_headers: str | Iterable[str]
    max_age: int | None
    allow_origin_func: OriginFunction | None
    origin_cache_seconds: float | None
    allow_hosts: str | Iterable[str] | None
    cluster_domain: str | None
    denied: Literal["continue", "reject"]
    denied_body: Literal["text", "json-rpc"]
    preflight_status: int
    discovery_paths: str | Iterable[str]
    authorize_paths: str | Iterable[str]
    health_paths: str | Iterable[str]
    dangerously_allow_null_origin: bool
    dangerously_allow_any_origin_with_credentials: bool
    dangerously_allow_public_suffixes: bool
    dangerously_allow_insecure_origins: bool


class PolicyOptions(MiddlewareOptions, total=False):
    """The options of ``Policy``."""

    origins_by_host: bool
