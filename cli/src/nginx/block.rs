//! The text of a server block.

use std::fmt::{self, Display, Formatter};

/// What a block says.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Block {
    pub(super) upstream: String,
    pub(super) location: String,
    /// The server's names; none if any will do.
    pub(super) names: Option<Vec<String>>,
    /// Whether every page may read, without credentials.
    pub(super) any: bool,
    /// Expressions.
    pub(super) origins: Vec<String>,
    pub(super) null: bool,
    pub(super) credentials: bool,
    /// The expression of names that are given back as they were asked for.
    pub(super) names_pattern: Option<String>,
    pub(super) allow_headers: String,
    pub(super) allow_methods: String,
    pub(super) expose_headers: String,
    pub(super) max_age: String,
    /// The methods that are listed; none if each is allowed.
    pub(super) unsafe_methods: Option<Vec<String>>,
    /// Those that no list keeps a page from.
    pub(super) refused_methods: Vec<&'static str>,
    pub(super) rejects: bool,
    pub(super) json: bool,
    pub(super) preflight_status: i64,
}

const PREFLIGHT_VARY: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// Paths that a user replaces.
const CERTIFICATE: &str = "    ssl_certificate /etc/ssl/certs/server.pem;
    ssl_certificate_key /etc/ssl/private/server.key;
";

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "# nginx owns CORS: it answers preflights, and what the application says of CORS is \
             dropped.\n# Made by `crossgate nginx`: change the policy, not this.\n\n",
        )?;
        writeln!(f, "upstream application {{\n    server {};\n}}\n", self.upstream)?;
        self.maps(f)?;
        self.server(f)?;
        if self.names.is_some() {
            f.write_str(
                "\n# Any other Host: a name that was rebound to this address must not reach the \
                 application.\nserver {\n    listen 443 ssl http2 default_server;\n",
            )?;
            write!(f, "{CERTIFICATE}    return 421;\n}}\n")?;
        }
        Ok(())
    }
}

impl Block {
    fn maps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A page of the server's own is none of CORS's business, if the name is known to be ours.
        let own = if self.names.is_some() {
            r"\S+"
        } else {
            r"(?:(?:[a-z0-9-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?"
        };
        f.write_str(
            "# Expressions, because nginx compares plain text without case.\n\
             map $http_origin $cors_listed {\n",
        )?;
        if self.any {
            f.write_str("    default allowed;\n    \"\" none;\n")?;
        } else {
            f.write_str("    default refused;\n    \"\" none;\n")?;
            if self.null {
                f.write_str("    \"~^null$\" allowed;\n")?;
            }
            for origin in &self.origins {
                writeln!(f, "    \"~{origin}\" allowed;")?;
            }
        }
        write!(
            f,
            "}}\n\nmap \"$cors_listed $http_host $http_origin\" $cors_origin {{\n    \
             default $cors_listed;\n    \
             \"~^refused ({own}) https?://\\1$\" own;\n}}\n\n\
             # A header of which the value is empty is not sent.\n"
        )?;
        let origin = if self.any { "*" } else { "$http_origin" };
        self.map_allowed(f, "cors_allow_origin", origin)?;
        self.map_allowed(f, "cors_allow_credentials", if self.credentials { "true" } else { "" })?;
        self.map_allowed(f, "cors_expose_headers", &self.expose_headers)?;
        match &self.names_pattern {
            Some(pattern) => write!(
                f,
                "# No list can hold these: what a page asks for is given back if each name may be \
                 sent.\nmap $http_access_control_request_headers $cors_allow_headers {{\n    \
                 default \"{}\";\n    \"~*{pattern}\" $http_access_control_request_headers;\n}}\n\n",
                self.allow_headers
            )?,
            None => write!(
                f,
                "map $cors_origin $cors_allow_headers {{\n    default \"{}\";\n}}\n\n",
                self.allow_headers
            )?,
        }
        f.write_str(
            "map \"$cors_origin $request_method $http_access_control_request_method\" \
             $cors_request {\n    default continue;\n",
        )?;
        let refused = if self.rejects { "" } else { "OPTIONS ." };
        writeln!(f, "    \"~^refused {refused}\" reject;")?;
        if !self.refused_methods.is_empty() {
            let refused = self.refused_methods.join("|");
            writeln!(f, "    \"~^allowed OPTIONS (?:{refused})$\" method;")?;
        }
        f.write_str("    \"~^allowed OPTIONS .\" preflight;\n")?;
        if let Some(methods) = self.unsafe_methods.as_ref().filter(|_| self.rejects) {
            let mut methods = methods.clone();
            if methods.iter().any(|method| method == "GET") {
                methods.push(String::from("HEAD"));
            }
            methods.push(String::from("OPTIONS"));
            writeln!(f, "    \"~^allowed (?!(?:{}) )\" method;", methods.join("|"))?;
        }
        f.write_str("}\n\n")
    }

    /// A value for those who may read: for everybody, if every page may.
    fn map_allowed(&self, f: &mut Formatter<'_>, name: &str, value: &str) -> fmt::Result {
        let quoted = if value.starts_with('$') { value.to_owned() } else { format!("\"{value}\"") };
        write!(f, "map $cors_origin ${name} {{\n    default \"\";\n")?;
        if !value.is_empty() {
            writeln!(f, "    allowed {quoted};")?;
            if self.any {
                writeln!(f, "    none {quoted};")?;
            }
        }
        f.write_str("}\n\n")
    }

    fn server(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("server {\n    listen 443 ssl http2;\n")?;
        if let Some(names) = &self.names {
            // Loopback names always count.
            let names = names.iter().map(|name| name.trim_end_matches(":*"));
            let names: Vec<&str> =
                names.chain(["localhost", "*.localhost", "127.0.0.1", "[::1]"]).collect();
            writeln!(f, "    server_name {};", names.join(" "))?;
        }
        write!(f, "{CERTIFICATE}\n    location {} {{\n", self.location)?;
        let kind = if self.json { "application/json" } else { "text/plain" };
        writeln!(f, "        default_type {kind};\n")?;
        write!(
            f,
            "        if ($cors_request = reject) {{\n            \
             add_header Vary \"{PREFLIGHT_VARY}\" always;\n            \
             add_header X-Content-Type-Options nosniff always;\n            \
             return 403 '{}';\n        }}\n",
            self.body("origin is not allowed")
        )?;
        write!(
            f,
            "        if ($cors_request = method) {{\n            \
             add_header Access-Control-Allow-Origin $cors_allow_origin always;\n            \
             add_header Access-Control-Allow-Credentials $cors_allow_credentials always;\n            \
             add_header Access-Control-Expose-Headers $cors_expose_headers always;\n            \
             add_header Vary \"{PREFLIGHT_VARY}\" always;\n            \
             add_header X-Content-Type-Options nosniff always;\n            \
             return 403 '{}';\n        }}\n",
            self.body("method is not allowed")
        )?;
        write!(
            f,
            "        if ($cors_request = preflight) {{\n            \
             add_header Access-Control-Allow-Origin $cors_allow_origin always;\n            \
             add_header Access-Control-Allow-Credentials $cors_allow_credentials always;\n            \
             add_header Access-Control-Allow-Methods \"{}\" always;\n            \
             add_header Access-Control-Allow-Headers $cors_allow_headers always;\n            \
             add_header Access-Control-Max-Age \"{}\" always;\n            \
             add_header Vary \"{PREFLIGHT_VARY}\" always;\n            \
             return {}{};\n        }}\n\n",
            self.allow_methods,
            self.max_age,
            self.preflight_status,
            if self.preflight_status == 204 { "" } else { " ''" }
        )?;
        f.write_str(
            "        # `always`: a page must be able to read a 401, a 429 and a 502 too.\n        \
             add_header Access-Control-Allow-Origin $cors_allow_origin always;\n        \
             add_header Access-Control-Allow-Credentials $cors_allow_credentials always;\n        \
             add_header Access-Control-Expose-Headers $cors_expose_headers always;\n",
        )?;
        if !self.any || self.rejects {
            f.write_str("        add_header Vary Origin always;\n")?;
        }
        f.write_str(PROXY)
    }

    fn body(&self, text: &str) -> String {
        if self.json {
            format!(r#"{{"jsonrpc":"2.0","error":{{"code":-32000,"message":"{text}"}}}}"#)
        } else {
            format!("{text}\n")
        }
    }
}

const PROXY: &str = r#"        # Two values of one of these are an error in every browser, even if they are the same.
        proxy_hide_header Access-Control-Allow-Origin;
        proxy_hide_header Access-Control-Allow-Credentials;
        proxy_hide_header Access-Control-Expose-Headers;
        proxy_hide_header Access-Control-Allow-Methods;
        proxy_hide_header Access-Control-Allow-Headers;
        proxy_hide_header Access-Control-Max-Age;

        proxy_pass http://application;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        # As the client sent it, with its port.
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        # Every event of a stream at once, and silence for as long as the stream lives.
        proxy_buffering off;
        proxy_read_timeout 1h;
    }
}
"#;
