//! What each version of the protocol has a client send.
//! <https://modelcontextprotocol.io/specification>

use serde_json::{Value, json};

use super::client::Answer;

/// The preflights of official clients: by which protocol, the method, the names.
pub(super) const NEEDS: [(&str, &str, &[&str]); 6] = [
    ("2025 call", "POST", &["content-type", "mcp-protocol-version", "mcp-session-id"]),
    ("2025 stream", "GET", &["last-event-id", "mcp-protocol-version", "mcp-session-id"]),
    ("2025 end", "DELETE", &["mcp-protocol-version", "mcp-session-id"]),
    ("2026 call", "POST", &["content-type", "mcp-method", "mcp-name", "mcp-protocol-version"]),
    (
        "2026 parameter",
        "POST",
        &["content-type", "mcp-method", "mcp-name", "mcp-param-region", "mcp-protocol-version"],
    ),
    ("authorized", "POST", &["authorization", "content-type"]),
];

/// What the server said of itself.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(super) struct Spoken {
    /// 2025-11-25 or earlier.
    pub(super) legacy: bool,
    /// 2026-07-28.
    pub(super) modern: bool,
    pub(super) sessions: bool,
    pub(super) asks_authorization: bool,
}

impl Spoken {
    /// Whether the server is of no use to a client that cannot send that header.
    pub(super) fn needs(self, name: &str) -> bool {
        // A server that does not say is taken for one of the versions before 2026.
        let legacy = self.legacy || !self.modern;
        match name {
            "authorization" => self.asks_authorization,
            "mcp-session-id" | "last-event-id" => self.sessions,
            "mcp-method" | "mcp-name" => self.modern,
            "mcp-protocol-version" => legacy || self.modern,
            "mcp-param-region" => false,
            _ => true,
        }
    }
}

pub(super) fn purpose(name: &str) -> &'static str {
    match name {
        "authorization" => "access tokens",
        "mcp-session-id" => "2025-03-26 and later, sessions",
        "last-event-id" => "2025-03-26 and later, resumed streams",
        "mcp-protocol-version" => "2025-06-18 and later",
        "mcp-method" | "mcp-name" => "2026-07-28",
        "mcp-param-region" => "2026-07-28, as one of `Mcp-Param-*`",
        _ => "every version",
    }
}

pub(super) fn has_result(answer: &Answer) -> bool {
    answer.status == 200 && answer.json().is_some_and(|json| json.get("result").is_some())
}

pub(super) fn initialize() -> String {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": client(),
        },
    })
    .to_string()
}

pub(super) fn discover() -> String {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "server/discover",
        "params": { "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": client(),
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    })
    .to_string()
}

fn client() -> Value {
    json!({ "name": "crossgate-doctor", "version": env!("CARGO_PKG_VERSION") })
}
