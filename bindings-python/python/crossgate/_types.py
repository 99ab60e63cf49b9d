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


class InBrowser(NamedTuple):
    """What becomes of a page's request in one browser."""

    browser: Literal["Chromium", "Firefox", "WebKit"]
    allowed: bool
    console: str | None
    """What the console shows, a line for each message."""


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
    """What else to know before believing one's eyes."""
    browsers: tuple[InBrowser, ...]
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
    """The options of ``CORSMiddleware``. A string is one entry, wherever several may stand.

    What can hurt or cannot work raises ``ConfigError``, all of it at once; what has no effect is in
    ``Policy.notes``.
    """

    allow_origins: str | Iterable[str]
    """The origins whose pages may read responses (``Access-Control-Allow-Origin``).

    ``https://app.example.com``; ``https://*.example.com``, any depth and not the apex;
    ``http://localhost:*``, any port; ``chrome-extension://ID``; ``*``. Refused: what no browser
    sends (a path or final ``/``, upper case, a default port, a Unicode host), ``null``, ``*`` with
    credentials; with credentials also ``http`` other than loopback and wildcards over a public
    suffix. https://fetch.spec.whatwg.org/#origin-header
    """
    allow_methods: str | Iterable[str]
    """The methods a page may use (``Access-Control-Allow-Methods``); ``GET`` includes ``HEAD``.

    Case-sensitive; ``*`` for every method. Refused: what is no token, standard methods in another
    case, ``CONNECT``, ``TRACE``, ``TRACK``. https://fetch.spec.whatwg.org/#methods
    """
    allow_headers: str | Iterable[str]
    """The request headers a page may send (``Access-Control-Allow-Headers``), in any case.

    Names, prefix rules such as ``Mcp-Param-*``, ``*``. Those that browsers allow anyway are always
    among them. Refused: what is no token, response headers.
    https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    """
    allow_credentials: bool
    """Whether pages may send cookies and HTTP authentication.

    https://fetch.spec.whatwg.org/#http-access-control-allow-credentials
    """
    allow_origin_regex: str | None
    """An expression that the whole origin matches, in linear time; without look-around.

    Syntax: https://docs.rs/regex/latest/regex/#syntax, without Unicode classes.
    """
    allow_private_network: bool
    """Accepted, and noted as without effect in today's browsers."""
    expose_headers: str | Iterable[str]
    """The response headers a page may read (``Access-Control-Expose-Headers``), in any case.

    Refused: ``*`` with credentials, ``Set-Cookie``, request headers.
    https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
    """
    max_age: int | None
    """Seconds for which a browser may keep a preflight's answer, 0 to 86400; ``None``: no header.

    https://fetch.spec.whatwg.org/#http-access-control-max-age
    """
    allow_origin_func: OriginFunction | None
    """Decides well-formed origins that are not listed: ``(origin, scope)``, a bool or an awaitable.

    Asked for each request. What it raises refuses the request, whatever ``denied`` says, and is
    logged.
    """
    origin_cache_seconds: float | None
    """Seconds for which its word holds; it is then called with the scope ``None``.

    0 to 31536000, a year. What is kept is bounded; ``forget(origin)`` gives one up.
    """
    allow_hosts: str | Iterable[str] | None
    """The names this server answers to, against DNS rebinding: any other Host is answered 421.

    ``api.example.com``, any port; ``api.example.com:8443``; ``*.example.com``. Loopback names
    always count; ``[]``: only they; ``["*"]``: any. ``None``: not checked; ``reject`` refuses that.
    https://www.rfc-editor.org/rfc/rfc9110#section-7.2
    """
    cluster_domain: str | None
    """The DNS domain of a Kubernetes cluster, usually ``cluster.local``.

    ``svc.ns.svc`` and its full name are then one service, in origins and hosts.
    """
    denied: Literal["continue", "reject"]
    """What becomes of a refused request that is no preflight.

    ``continue``: the application runs, and the page cannot read the answer. ``reject``: 403 before
    the application, for WebSocket handshakes too.
    """
    denied_body: Literal["text", "json-rpc"]
    """The body of a refusal; ``json-rpc`` is an error without ``id``."""
    preflight_status: int
    """The status of a preflight's answer, 200 to 299."""
    discovery_paths: str | Iterable[str]
    """Paths of public documents, such as OAuth's: any page, without credentials.

    A path, or ``/folder/*`` for all below.
    """
    authorize_paths: str | Iterable[str]
    """Paths that are visited and never fetched: no CORS."""
    health_paths: str | Iterable[str]
    """Paths of probes that call by an address: the Host is not checked."""
    dangerously_allow_null_origin: bool
    """Any page can take on ``null``, by a sandboxed frame."""
    dangerously_allow_any_origin_with_credentials: bool
    """Any page can act as its visitor."""
    dangerously_allow_public_suffixes: bool
    """With credentials: ``https://*.github.io`` and the like, below which anybody can register."""
    dangerously_allow_insecure_origins: bool
    """With credentials: ``http`` origins, which anybody on the network path can take on."""


class PolicyOptions(MiddlewareOptions, total=False):
    """The options of ``Policy``."""

    origins_by_host: bool
    """The caller decides origins that are not listed, by ``origin_allowed``."""
