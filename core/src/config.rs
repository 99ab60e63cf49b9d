//! The options of a policy, as their author wrote them.
//!
//! Each option is documented here and nowhere else: what it sends, what is accepted, what is
//! refused. [`Policy::new`](crate::Policy::new) parses a `Config` and reports every problem at once.

/// The options of a [`Policy`](crate::Policy), named for the response header they write.
///
/// A struct literal of strings. Always end it with a preset, so that a new option breaks nothing:
///
/// ```
/// use crossgate::{Config, Policy};
///
/// let policy = Policy::new(&Config {
///     allow_origins: &["https://app.example.com", "http://localhost:*"],
///     allow_credentials: true,
///     ..Config::DEFAULT
/// })?;
/// # Ok::<(), crossgate::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Config<'a> {
    /// The origins whose pages may read responses (`Access-Control-Allow-Origin`).
    ///
    /// | entry | admits |
    /// |---|---|
    /// | `https://app.example.com`, `http://[::1]:3000` | that origin, byte for byte |
    /// | `https://*.example.com` | any depth of subdomain, not `https://example.com` |
    /// | `http://localhost:*` | any port, or none |
    /// | `chrome-extension://ID`, `tauri://localhost` | that origin |
    /// | `chrome-extension://*` | any origin of a scheme other than `http` and `https` |
    /// | `*` | any origin; the answer is the constant `*` |
    ///
    /// Refused: what no browser sends (a path or a trailing `/`, upper case, a default port, a
    /// Unicode host), `null` (see [`dangerously_allow_null_origin`](Self::dangerously_allow_null_origin)),
    /// `*` together with credentials, and, with credentials, `http` origins that are not
    /// loopback and wildcards over a public suffix. Source:
    /// <https://fetch.spec.whatwg.org/#origin-header>.
    pub allow_origins: &'a [&'a str],
    /// A regular expression that an origin must match as a whole (feature `regex`).
    ///
    /// Linear time, syntax of the `regex` crate without Unicode classes. Only well-formed origins
    /// reach it. Refused: what does not parse, and any expression when the feature is off.
    pub allow_origin_regex: Option<&'a str>,
    /// The host program decides origins that are well formed and not listed, by
    /// [`Policy::decide_given`](crate::Policy::decide_given).
    pub origins_by_host: bool,
    /// The methods a page may use (`Access-Control-Allow-Methods`). `GET` includes `HEAD`.
    ///
    /// Case-sensitive, as in <https://fetch.spec.whatwg.org/#methods>. `*` stands for every
    /// method; with credentials, where browsers take `*` for a name, for the standard methods plus
    /// the one requested. Refused: non-tokens, the standard methods in another case, and `CONNECT`,
    /// `TRACE` and `TRACK`, which no page can send.
    pub allow_methods: &'a [&'a str],
    /// The request headers a page may send (`Access-Control-Allow-Headers`), in any case.
    ///
    /// A name, or a prefix rule such as `Mcp-Param-*` that admits every name that begins so, or
    /// `*`: without credentials sent as `*, authorization`, since the standard's `*` does not cover
    /// `Authorization`; with credentials the requested names are reflected once they are known to be
    /// tokens. Refused: non-tokens, response headers, a prefix rule that does not end in `-*`. Noted:
    /// names no page can set (<https://fetch.spec.whatwg.org/#forbidden-request-header>).
    pub allow_headers: &'a [&'a str],
    /// Whether pages may send cookies and HTTP authentication
    /// (`Access-Control-Allow-Credentials: true`).
    pub allow_credentials: bool,
    /// The response headers a page may read (`Access-Control-Expose-Headers`), in any case.
    ///
    /// `*` is refused with credentials, where browsers take it for a name. Refused: non-tokens,
    /// `Set-Cookie` and `Set-Cookie2`, request headers.
    pub expose_headers: &'a [&'a str],
    /// For how many seconds a browser may cache a preflight's answer (`Access-Control-Max-Age`).
    ///
    /// 0 to 86,400; `None` sends no header, for which browsers assume 5 seconds. Noted above 7,200,
    /// the most that Chromium keeps.
    pub max_age: Option<i64>,
    /// The names this server answers to: a defence against DNS rebinding.
    ///
    /// `api.example.com` (any port), `api.example.com:8443`, `*.example.com`, `[2001:db8::1]`.
    /// Loopback names always count. `None`: the Host is not checked, which is refused when
    /// [`denied`](Self::denied) is `reject`; `Some(&[])`: loopback names only; `["*"]`: not checked.
    pub allow_hosts: Option<&'a [&'a str]>,
    /// The DNS domain of a Kubernetes cluster, usually `cluster.local`.
    ///
    /// `svc.ns.svc` and `svc.ns.svc.cluster.local` (with or without a final dot) then name one
    /// service, in [`allow_hosts`](Self::allow_hosts) and in origins. Shorter forms such as `svc.ns`
    /// only when listed: `web.dev` is a public name.
    pub cluster_domain: Option<&'a str>,
    /// What becomes of a refused request that is not a preflight.
    ///
    /// `continue`: the application runs and the page cannot read the answer, as CORS has it.
    /// `reject`: 403 before the application, as MCP demands.
    pub denied: &'a str,
    /// The body of a refusal: `text`, or `json-rpc` (an error without `id`).
    pub denied_body: &'a str,
    /// The status of a preflight's answer, 200 to 299.
    pub preflight_status: i64,
    /// Accepted and noted as without effect: browsers have replaced Private Network Access by a
    /// permission (Local Network Access).
    pub allow_private_network: bool,
    /// Allows the origin `null`, which any page can take on by a sandboxed frame.
    pub dangerously_allow_null_origin: bool,
    /// Allows `*` together with credentials: any page may then act as its visitor.
    pub dangerously_allow_any_origin_with_credentials: bool,
    /// Allows, with credentials, wildcards over a public suffix such as `https://*.github.io`,
    /// under which anyone can register.
    pub dangerously_allow_public_suffixes: bool,
    /// Allows, with credentials, `http` origins other than loopback: anyone on the network path
    /// can then act as the page.
    pub dangerously_allow_insecure_origins: bool,
}
