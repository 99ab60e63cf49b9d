//! Random policies in the middleware of real servers: what a browser makes of them is what `explain`
//! says.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use crossgate::{
    OwnedConfig, Policy, Request,
    browser::{Preflight, Profile, console::Engine},
};

use crate::{
    case::{Answer, Case, Line, borrow, line},
    judge::Prediction,
    random::Random,
};

/// A policy that a server has at a path of its own.
pub(crate) struct Mounted {
    pub(crate) url: String,
    /// What a browser sends as `Host`.
    host: String,
    policy: Policy,
    pub(crate) options: OwnedConfig,
}

/// A running server; it ends with this value.
pub(crate) struct Server {
    child: Child,
    policies: Vec<Arc<Mounted>>,
}

/// Express and FastAPI, each with policies of its own.
pub(crate) fn start(random: &mut Random, page: &str) -> io::Result<Vec<Server>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let servers = root.join("tests/oracle/servers");
    let mut node = Command::new("node");
    node.arg(servers.join("express.mjs"));
    let mut python = Command::new(root.join(".venv/bin/python"));
    python.arg(servers.join("fastapi_app.py"));
    [node, python].into_iter().map(|command| Server::start(command, random, page)).collect()
}

impl Server {
    fn start(mut command: Command, random: &mut Random, page: &str) -> io::Result<Self> {
        let drawn: Vec<_> = (0..POLICIES).map(|_| policy(random, page)).collect();
        let options = drawn.iter().map(|(options, _)| json(options)).collect::<Result<Vec<_>, _>>();
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| {
                io::Error::other(format!("{command:?}: {error} (run `make python node`)"))
            })?;
        // From here on it ends with the value.
        let mut server = Self { child, policies: vec![] };
        if let Some(mut stdin) = server.child.stdin.take() {
            stdin.write_all(serde_json::Value::from(options?).to_string().as_bytes())?;
        }
        let mut port = String::new();
        if let Some(stdout) = server.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut port)?;
        }
        let port: u16 = port
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("{command:?} did not start (see above)")))?;
        let host = format!("127.0.0.1:{port}");
        for (nth, (options, policy)) in drawn.into_iter().enumerate() {
            let (url, host) = (format!("http://{host}/p/{nth}"), host.clone());
            server.policies.push(Arc::new(Mounted { url, host, policy, options }));
        }
        Ok(server)
    }

    /// A page's request to one of the policies, and what the policy says to the browser of that
    /// profile.
    pub(crate) fn case(&self, random: &mut Random, page: &str, profile: Profile) -> Case {
        let mounted = self.policies.get(random.below(self.policies.len())).map(Arc::clone);
        let upload = random.chance(5);
        let mut case = Case {
            upload,
            opaque: random.chance(15),
            method: random.pick(if upload { &UPLOADS } else { &METHODS }).into(),
            credentials: random.pick(&["include", "include", "same-origin", "omit"]),
            mounted,
            ..Case::allowed(page)
        };
        if !upload {
            let count = random.pick(&[0, 0, 1, 1, 1, 2, 3]);
            case.headers = (0..count).map(|_| random.pick(&HEADERS)).map(field).collect();
        }
        if let Some(mounted) = case.mounted.clone() {
            if mounted.options.allow_methods == ["*"] && case.method == "patch" {
                // Allowed, and then refused by Node: its parser knows no such method.
                case.method = "PATCH".into();
            }
            (case.preflight, case.actual) = mounted.answers(&case, page, profile);
        }
        case
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Mounted {
    fn answers(&self, case: &Case, page: &str, profile: Profile) -> (Answer, Answer) {
        let headers = borrow(&case.headers);
        let fetch = case.fetch(page, &headers);
        let method = match fetch.method {
            "put" => "PUT",
            method => method,
        };
        let actual = Request {
            method: method.as_bytes(),
            path: b"/",
            host: Some(self.host.as_bytes()),
            origin: Some(fetch.origin.as_bytes()),
            ..Request::default()
        };
        let asked = profile.preflight(&fetch).ok().flatten();
        let names = asked.as_ref().and_then(Preflight::request_headers);
        let preflight = Request {
            method: b"OPTIONS",
            access_control_request_method: Some(method.as_bytes()),
            access_control_request_headers: names.as_deref().map(str::as_bytes),
            ..actual
        };
        (self.answer(&preflight), self.answer(&actual))
    }

    fn answer(&self, request: &Request<'_>) -> Answer {
        let decision = self.policy.decide(request);
        let mut headers: Vec<Line> =
            decision.headers().map(|(name, value)| line(name, value.as_bytes())).collect();
        if decision.continues() {
            headers.extend(APPLICATION.map(|name| line(name, "1")));
        }
        Answer { status: decision.status().unwrap_or(200), headers }
    }

    /// Where `explain` says something else than what was predicted, and so what the browser did.
    pub(crate) fn contradiction(
        &self,
        case: &Case,
        page: &str,
        url: &str,
        engine: Engine,
        prediction: &Prediction,
    ) -> Option<String> {
        let headers = borrow(&case.headers);
        let explanation = self.policy.explain(&case.fetch(page, &headers), url);
        let mut browsers = explanation.browsers.iter();
        let told = browsers.find(|browser| browser.browser == engine.as_str());
        let is_same = told.is_some_and(|told| {
            let mut console: Vec<&str> =
                told.console.iter().flat_map(|text| text.lines()).collect();
            console.sort_unstable();
            told.allowed == prediction.is_answered() && prediction.texts == console
        });
        (!is_same).then(|| format!("explained {explanation:#?}\nnot {prediction:#?}"))
    }
}

/// As middleware takes it. An expression and a function have no form that is the same everywhere.
fn json(options: &OwnedConfig) -> io::Result<serde_json::Value> {
    let mut json = serde_json::to_value(options)?;
    if let Some(options) = json.as_object_mut() {
        options.remove("allow_origin_regex");
        options.remove("origins_by_host");
    }
    Ok(json)
}

/// Most of them allow the page.
fn policy(random: &mut Random, page: &str) -> (OwnedConfig, Policy) {
    loop {
        let origins: &[&str] = match random.below(10) {
            0 => &["https://b.example"],
            1 => &["http://localhost:*"],
            2 => &["http://127.0.0.1:*", "https://*.b.example"],
            3 | 4 => &["*"],
            _ => &[page],
        };
        let options = OwnedConfig {
            allow_origins: strings(origins),
            allow_methods: some(
                random,
                &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
            ),
            allow_headers: some(
                random,
                &[
                    "Authorization",
                    "Content-Type",
                    "x-api-key",
                    "Mcp-Session-Id",
                    "MCP-Protocol-Version",
                    "Mcp-Param-*",
                ],
            ),
            expose_headers: some(random, &["X-Id", "mcp-session-id", "X-Other"]),
            allow_credentials: random.chance(50),
            max_age: random.pick(&[None, Some(0), Some(60)]),
            allow_hosts: random.chance(30).then(|| strings(&["api.example.com"])),
            denied: random.pick(&["continue", "reject"]).into(),
            denied_body: random.pick(&["text", "json-rpc"]).into(),
            preflight_status: random.pick(&[200, 204]),
            dangerously_allow_null_origin: random.chance(30),
            dangerously_allow_any_origin_with_credentials: random.chance(50),
            ..OwnedConfig::default()
        };
        if let Ok(policy) = options.policy() {
            return (options, policy);
        }
    }
}

/// Any of them, or `*`.
fn some(random: &mut Random, from: &[&str]) -> Vec<String> {
    if random.chance(20) {
        return strings(&["*"]);
    }
    let percent = random.pick(&[40, 90]);
    strings(from).into_iter().filter(|_| random.chance(percent)).collect()
}

fn strings(from: &[&str]) -> Vec<String> {
    from.iter().copied().map(String::from).collect()
}

fn field((name, value): (&str, &str)) -> Line {
    line(name, value)
}

/// Of each server.
const POLICIES: usize = 60;

/// What the servers' applications send besides.
pub(crate) const APPLICATION: [&str; 2] = ["x-id", "mcp-session-id"];

const METHODS: [&str; 11] =
    ["GET", "GET", "POST", "POST", "HEAD", "PUT", "put", "DELETE", "PATCH", "patch", "OPTIONS"];
const UPLOADS: [&str; 2] = ["POST", "PUT"];

const HEADERS: [(&str, &str); 10] = [
    ("Authorization", "Bearer x"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain"),
    ("X-Api-Key", "1"),
    ("Mcp-Session-Id", "1"),
    ("mcp-protocol-version", "2025-11-25"),
    ("Mcp-Param-Region", "eu"),
    ("Accept", "text/html"),
    ("traceparent", "1"),
    ("DPR", "2"),
];
