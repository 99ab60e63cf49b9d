//! The presets: constants that spell every option.

use crate::config::Config;

impl Config<'_> {
    /// Allows nothing, names everything: the preset to build on.
    pub const DEFAULT: Config<'static> = Config {
        allow_origins: &[],
        allow_origin_regex: None,
        origins_by_host: false,
        // What no list can refuse: https://fetch.spec.whatwg.org/#cors-safelisted-method
        allow_methods: &["GET", "HEAD", "POST"],
        allow_headers: &[],
        allow_credentials: false,
        expose_headers: &[],
        max_age: None,
        allow_hosts: None,
        cluster_domain: None,
        denied: "continue",
        denied_body: "text",
        preflight_status: 204,
        allow_private_network: false,
        dangerously_allow_null_origin: false,
        dangerously_allow_any_origin_with_credentials: false,
        dangerously_allow_public_suffixes: false,
        dangerously_allow_insecure_origins: false,
    };

    /// An MCP endpoint: what browser clients of every published version of the protocol send and
    /// read (2024-11-05 to 2026-07-28), and a 403 for foreign origins.
    ///
    /// State `allow_origins` and `allow_hosts` beside it. Source:
    /// <https://modelcontextprotocol.io/specification>, transports.
    pub const MCP: Config<'static> = Config {
        allow_origins: &[],
        allow_origin_regex: None,
        origins_by_host: false,
        allow_methods: &["GET", "POST", "DELETE"],
        allow_headers: &[
            "Authorization",
            "Content-Type",
            "Last-Event-ID",
            "Mcp-Session-Id",
            "MCP-Protocol-Version",
            "Mcp-Method",
            "Mcp-Name",
            "Mcp-Param-*",
        ],
        allow_credentials: false,
        expose_headers: &["Mcp-Session-Id", "WWW-Authenticate", "Retry-After"],
        max_age: Some(7200),
        allow_hosts: None,
        cluster_domain: None,
        denied: "reject",
        denied_body: "json-rpc",
        preflight_status: 204,
        allow_private_network: false,
        dangerously_allow_null_origin: false,
        dangerously_allow_any_origin_with_credentials: false,
        dangerously_allow_public_suffixes: false,
        dangerously_allow_insecure_origins: false,
    };

    /// A public document, readable by any page without credentials: OAuth discovery, `/register`,
    /// `/token`.
    pub const PUBLIC: Config<'static> = Config {
        allow_origins: &["*"],
        allow_origin_regex: None,
        origins_by_host: false,
        allow_methods: &["GET", "POST"],
        allow_headers: &["*"],
        allow_credentials: false,
        expose_headers: &["WWW-Authenticate", "DPoP-Nonce", "Retry-After"],
        max_age: Some(7200),
        allow_hosts: None,
        cluster_domain: None,
        denied: "continue",
        denied_body: "text",
        preflight_status: 204,
        allow_private_network: false,
        dangerously_allow_null_origin: false,
        dangerously_allow_any_origin_with_credentials: false,
        dangerously_allow_public_suffixes: false,
        dangerously_allow_insecure_origins: false,
    };

    /// The defaults of Starlette's `CORSMiddleware`.
    pub const STARLETTE: Config<'static> = Config {
        allow_origins: &[],
        allow_origin_regex: None,
        origins_by_host: false,
        allow_methods: &["GET"],
        allow_headers: &["Accept", "Accept-Language", "Content-Language", "Content-Type"],
        allow_credentials: false,
        expose_headers: &[],
        max_age: Some(600),
        allow_hosts: None,
        cluster_domain: None,
        denied: "continue",
        denied_body: "text",
        preflight_status: 200,
        allow_private_network: false,
        dangerously_allow_null_origin: false,
        dangerously_allow_any_origin_with_credentials: false,
        dangerously_allow_public_suffixes: false,
        dangerously_allow_insecure_origins: false,
    };

    /// The defaults of npm `cors`.
    pub const EXPRESS: Config<'static> = Config {
        allow_origins: &["*"],
        allow_origin_regex: None,
        origins_by_host: false,
        allow_methods: &["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"],
        allow_headers: &["*"],
        allow_credentials: false,
        expose_headers: &[],
        max_age: None,
        allow_hosts: None,
        cluster_domain: None,
        denied: "continue",
        denied_body: "text",
        preflight_status: 204,
        allow_private_network: false,
        dangerously_allow_null_origin: false,
        dangerously_allow_any_origin_with_credentials: false,
        dangerously_allow_public_suffixes: false,
        dangerously_allow_insecure_origins: false,
    };
}
