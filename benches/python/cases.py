"""The requests of a browser, and what both sides are told."""

from __future__ import annotations

from typing import Any

OPTIONS: dict[str, Any] = {
    "allow_origins": [
        "https://admin.example.com",
        "https://app.example.com",
        "https://www.example.com",
    ],
    "allow_methods": ["GET", "POST", "DELETE"],
    "allow_headers": [
        "Authorization",
        "Content-Type",
        "Mcp-Session-Id",
        "MCP-Protocol-Version",
        "Last-Event-ID",
    ],
    "expose_headers": ["Mcp-Session-Id", "WWW-Authenticate"],
    "allow_credentials": True,
    "max_age": 600,
}
BROWSER = [
    (b"host", b"api.example.com"),
    (b"connection", b"keep-alive"),
    (b"sec-ch-ua-platform", b'"Linux"'),
    (
        b"user-agent",
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
    ),
    (b"sec-ch-ua", b'"Chromium";v="140", "Not=A?Brand";v="24"'),
    (b"sec-ch-ua-mobile", b"?0"),
    (b"accept", b"application/json, text/event-stream"),
    (b"dnt", b"1"),
    (b"sec-fetch-site", b"cross-site"),
    (b"sec-fetch-mode", b"cors"),
    (b"sec-fetch-dest", b"empty"),
    (b"referer", b"https://app.example.com/"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"accept-language", b"en-US,en;q=0.9"),
]
ALLOWED = (b"origin", b"https://app.example.com")
REFUSED = (b"origin", b"https://evil.example.net")
PREFLIGHT = [
    (b"access-control-request-method", b"POST"),
    (b"access-control-request-headers", b"authorization,content-type,mcp-session-id"),
]
