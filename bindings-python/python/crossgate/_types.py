"""What Crossgate hands out."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict

Verdict = Literal["allowed", "refused", "not-cors"]
Leg = Literal["actual", "preflight", "websocket"]


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
