//! `crossgate nginx`: the real nginx, given what was printed, answers as the policy decides.
#![expect(clippy::expect_used, reason = "a test's own servers have to start")]

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use crossgate::{OwnedConfig, Policy, Request};

use crate::server::{answer, crossgate, serve};

const APP: &str = "https://app.example.com";

const POLICIES: [&str; 7] = [
    r#"{ "allow_origins": ["https://app.example.com"] }"#,
    r#"{ "allow_origins": ["https://*.example.com", "http://localhost:*"],
         "allow_methods": ["GET", "PUT"], "allow_headers": ["X-Api-Key"], "allow_credentials": true,
         "dangerously_allow_insecure_origins": true, "expose_headers": ["X-Id"], "max_age": 60 }"#,
    r#"{ "allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"],
         "preflight_status": 200 }"#,
    r#"{ "allow_origins": ["*"], "denied": "reject", "allow_hosts": ["api.example.com"],
         "allow_methods": ["GET", "DELETE"] }"#,
    r#"{ "preset": "mcp", "allow_origins": ["https://app.example.com"],
         "allow_hosts": ["api.example.com", "*.api.example.com"], "allow_credentials": true }"#,
    r#"{ "allow_origins": ["https://app.example.com", "chrome-extension://*"],
         "allow_headers": ["*"], "allow_credentials": true, "denied": "reject",
         "dangerously_allow_null_origin": true, "allow_hosts": ["api.example.com"] }"#,
    r#"{ "allow_origins": ["https://app.example.com:8443"], "allow_methods": ["POST"],
         "denied": "reject", "allow_hosts": ["api.example.com"] }"#,
];

const ORIGINS: [Option<&str>; 16] = [
    None,
    Some(APP),
    Some("https://APP.example.com"),
    Some("https://app.example.com:8443"),
    Some("https://app.example.com."),
    Some("https://a.b.example.com"),
    Some("https://example.com"),
    Some("https://appXexample.com"),
    Some("https://evil.test/https://app.example.com"),
    Some("https://app.example.com.evil.test"),
    Some("http://localhost"),
    Some("http://localhost:3000"),
    Some("http://localhost:80"),
    Some("http://localhost:65536"),
    Some("chrome-extension://abcdefgh"),
    Some("null"),
];

/// Methods, and what a preflight asks for.
const ASKED: [(&str, Option<&str>, Option<&str>); 12] = [
    ("GET", None, None),
    ("HEAD", None, None),
    ("POST", None, None),
    ("DELETE", None, None),
    ("OPTIONS", None, None),
    ("OPTIONS", Some("GET"), None),
    ("OPTIONS", Some("POST"), Some("content-type")),
    ("OPTIONS", Some("PUT"), Some("x-api-key")),
    ("OPTIONS", Some("DELETE"), Some("mcp-session-id")),
    ("OPTIONS", Some("POST"), Some("content-type,mcp-param-region")),
    ("OPTIONS", Some("POST"), Some("mcp-param-region,x-evil")),
    ("OPTIONS", Some("POST"), Some("mcp-param-")),
];

#[test]
fn a_printed_block_answers_as_the_policy_decides() {
    let Some(program) = program() else { return };
    // What the application says of CORS must not be seen.
    let application = serve(|_| {
        answer(
            200,
            &[
                "Access-Control-Allow-Origin: https://application.test",
                "Access-Control-Allow-Credentials: true",
                "Access-Control-Expose-Headers: X-Application",
            ],
        )
    });
    let mut compared = 0;
    for policy in POLICIES {
        let upstream = format!("127.0.0.1:{}", application.port);
        let (file, config) = write(policy);
        let args = ["nginx", &*file.to_string_lossy(), "--upstream", &upstream];
        let (code, block) = crossgate(&args);
        assert_eq!(code, Some(0), "{block}");
        let nginx = Nginx::start(&program, &block);
        let policy = config.policy().expect("it holds");
        for origin in ORIGINS {
            for (method, asks, names) in ASKED {
                compare(&nginx, &policy, [Some(method), origin, asks, names]);
                compared += 1;
            }
        }
        compare_hosts(&nginx, &config);
    }
    assert_eq!(compared, 7 * 16 * 12);
}

fn compare(nginx: &Nginx, policy: &Policy, request: [Option<&str>; 4]) {
    let [method, origin, asks, names] = request.map(|part| part.map(str::as_bytes));
    let request = Request {
        method: method.unwrap_or_default(),
        path: b"/",
        host: Some(b"api.example.com"),
        origin,
        access_control_request_method: asks,
        access_control_request_headers: names,
    };
    let decision = policy.decide(&request);
    let got = nginx.ask(&request);
    let of = [method, origin, asks, names].map(|part| part.map(String::from_utf8_lossy));
    let shown = format!("{of:?}\n{:?}\n{got:?}", decision.headers().collect::<Vec<_>>());
    assert_eq!(got.status, decision.status().unwrap_or(200), "{shown}");
    let wanted = |name: &str| {
        let line = decision.headers().find(|(line, _)| *line == name);
        line.map(|(_, value)| value.into_owned())
    };
    for name in ["origin", "credentials"] {
        let name = format!("access-control-allow-{name}");
        assert_eq!(got.all(&name), Vec::from_iter(wanted(&name)), "{name} of {shown}");
    }
    // On a preflight it has no meaning.
    let exposed = got.all("access-control-expose-headers");
    let matters = asks.is_none();
    assert!(
        !matters || exposed == Vec::from_iter(wanted("access-control-expose-headers")),
        "{shown}"
    );
    let varies = |answer: &[String]| answer.iter().any(|vary| vary.contains("Origin"));
    assert_eq!(varies(&got.all("vary")), decision.vary().is_some(), "{shown}");
    if decision.status().is_some_and(|status| status < 300) {
        for name in ["access-control-allow-methods", "access-control-max-age"] {
            assert_eq!(got.all(name), Vec::from_iter(wanted(name)), "{name} of {shown}");
        }
        // The same names are allowed of those asked for; the others may be told otherwise.
        let allows = |list: &str, name: &str| {
            let star = list.split(", ").any(|listed| listed == "*") && wanted_star(&wanted);
            star || list.split([',', ' ']).any(|listed| listed.eq_ignore_ascii_case(name))
        };
        let list = "access-control-allow-headers";
        let (ours, theirs) = (wanted(list).unwrap_or_default(), got.all(list).join(","));
        let asked = String::from_utf8_lossy(names.unwrap_or_default()).into_owned();
        let all = |allowed: &str| asked.split(',').all(|name| allows(allowed, name));
        assert_eq!(all(&theirs), all(&ours), "{shown}");
    }
}

/// `*` counts without credentials only.
fn wanted_star(wanted: &impl Fn(&str) -> Option<String>) -> bool {
    wanted("access-control-allow-credentials").is_none()
}

fn compare_hosts(nginx: &Nginx, config: &OwnedConfig) {
    let policy = config.policy().expect("it holds");
    for host in ["api.example.com:8443", "x.api.example.com", "evil.test", "localhost:1"] {
        let request = Request {
            method: b"GET",
            path: b"/",
            host: Some(host.as_bytes()),
            ..Request::default()
        };
        let status = policy.decide(&request).status().unwrap_or(200);
        assert_eq!(nginx.ask(&request).status, status, "{host} of {:?}", config.allow_hosts);
    }
    // A page of the server's own.
    let request = Request {
        method: b"POST",
        path: b"/",
        host: Some(b"api.example.com"),
        origin: Some(b"https://api.example.com"),
        ..Request::default()
    };
    let decision = policy.decide(&request);
    assert_eq!(nginx.ask(&request).status, decision.status().unwrap_or(200), "{decision:?}");
}

#[test]
fn what_a_block_cannot_say_is_refused() {
    for (policy, words) in [
        (r#"{ "allow_origin_regex": "https://.*[.]example[.]com" }"#, "allow_origin_regex: "),
        (r#"{ "allow_origins": ["https://a.example"], "health_paths": ["/z"] }"#, "health_paths"),
        (r#"{ "allow_origins": ["https://a.example"], "allow_hosts": ["b:1"] }"#, "allow_hosts: "),
        (r#"{ "allow_origins": ["https://a.example"], "allow_headers": ["x-$a"] }"#, "a variable"),
        (r#"{ "allow_origins": ["https://a.example/"] }"#, "remove the trailing `/`"),
    ] {
        let (file, _) = write(policy);
        let (code, printed) = crossgate(&["nginx", &file.to_string_lossy()]);
        assert!(printed.contains(words), "no {words} in {printed}");
        assert_eq!(code, Some(1), "{printed}");
    }
    let (file, _) = write(r#"{ "allow_origins": ["https://a.example"] }"#);
    for more in ["--location=mcp", "--location=/a;b", "--upstream=a b"] {
        let (code, printed) = crossgate(&["nginx", &file.to_string_lossy(), more]);
        assert_eq!(code, Some(3), "{printed}");
    }
}

const NAIVE: &str = "
upstream application { server 127.0.0.1:PORT; }
server {
    listen 443 ssl http2;
    location /api {
        proxy_pass http://application;
        add_header Access-Control-Allow-Origin $http_origin;
        add_header Access-Control-Allow-Credentials true;
    }
}";

#[test]
fn doctor_names_each_mistake_of_a_wrong_block() {
    let Some(program) = program() else { return };
    let start =
        |application: u16| Nginx::start(&program, &NAIVE.replace("PORT", &application.to_string()));
    let examine = |nginx: &Nginx| {
        let url = format!("http://127.0.0.1:{}/api", nginx.port);
        let args = ["doctor", &url, "--origin", APP, "--method", "PUT", "--header", "X-Api-Key"];
        crossgate(&[&args[..], &["--credentials"]].concat())
    };
    let plain = serve(|asked| answer(if asked.path == "/api" { 200 } else { 404 }, &[]));
    let (code, printed) = examine(&start(plain.port));
    for finding in [
        "VULNERABILITY reflects-any-origin",
        "PROBLEM missing-vary",
        "PROBLEM method-not-allowed (preflight)",
        "PROBLEM header-not-allowed (preflight)",
        "PROBLEM no-cors-on-errors (unknown path)",
    ] {
        assert!(printed.contains(finding), "no {finding} in:\n{printed}");
    }
    assert_eq!(code, Some(2));

    let too = serve(|_| answer(200, &["Access-Control-Allow-Origin: https://app.example.com"]));
    let (_, printed) = examine(&start(too.port));
    assert!(printed.contains("PROBLEM repeated-allow-origin"), "{printed}");
}

fn write(policy: &str) -> (PathBuf, OwnedConfig) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("nginx-{}.json", COUNT.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, policy).expect("a folder for files of tests");
    // As the command reads it, presets included.
    let mut options: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(policy).expect("JSON");
    let preset = match options.remove("preset") {
        Some(_) => crossgate::Config::MCP,
        None => crossgate::Config::DEFAULT,
    };
    let mut stated = serde_json::to_value(OwnedConfig::from(preset)).expect("JSON");
    let known = stated.as_object_mut().expect("an object");
    known.extend(options);
    (path, serde_json::from_value(stated).expect("a policy"))
}

/// Debian has it where only root looks. Absent, its tests are left out, but never where tests run
/// unattended.
fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join("nginx")).find(|file| file.exists());
    assert!(
        found.is_some() || env::var_os("CI").is_none(),
        "no nginx: run scripts/install-servers"
    );
    found
}

struct Nginx {
    child: Child,
    folder: PathBuf,
    port: u16,
}

#[derive(Debug)]
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Got {
    fn all(&self, name: &str) -> Vec<String> {
        let lines = self.headers.iter().filter(|(line, _)| line == name);
        lines.map(|(_, value)| value.clone()).collect()
    }
}

impl Nginx {
    /// Starts it with a block as it would stand in `conf.d/`, without TLS.
    fn start(program: &Path, block: &str) -> Self {
        // nginx takes no port 0.
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("nginx-{port}"));
        fs::create_dir_all(&folder).expect("a folder for files of tests");
        let block: String = block
            .lines()
            .filter(|line| !line.trim().starts_with("ssl_"))
            .map(|line| line.replace("443 ssl http2", &format!("127.0.0.1:{port}")) + "\n")
            .collect();
        fs::write(folder.join("block.conf"), block).expect("written");
        let at = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {at}/{name};"))
            .concat();
        let main = format!(
            "daemon off; master_process off; pid {at}/pid; error_log stderr notice; events {{}} \
             http {{ access_log off; {temporary} include block.conf; }}"
        );
        fs::write(folder.join("nginx.conf"), main).expect("written");
        let mut child = Command::new(program)
            .args(["-p", &at.to_string(), "-c", "nginx.conf"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("nginx starts");
        let mut printed = String::new();
        let mut lines = BufReader::new(child.stderr.take().expect("piped"));
        // It says how it waits for events after it has opened its sockets.
        while !printed.contains("event method") {
            assert_ne!(lines.read_line(&mut printed).expect("text"), 0, "{printed}");
        }
        // It ends when nobody reads what it says.
        thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
        Self { child, folder, port }
    }

    fn ask(&self, request: &Request<'_>) -> Got {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let mut text = format!("{} / HTTP/1.1\r\n", String::from_utf8_lossy(request.method));
        for (name, value) in [
            ("Host", request.host),
            ("Origin", request.origin),
            ("Access-Control-Request-Method", request.access_control_request_method),
            ("Access-Control-Request-Headers", request.access_control_request_headers),
            ("Connection", Some(&b"close"[..])),
        ] {
            if let Some(value) = value {
                text += &[name, ": ", &String::from_utf8_lossy(value), "\r\n"].concat();
            }
        }
        text += "\r\n";
        stream.write_all(text.as_bytes()).expect("it reads");
        let mut answered = String::new();
        stream.read_to_string(&mut answered).expect("it answers");
        let mut lines = answered.split("\r\n\r\n").next().unwrap_or_default().lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Got {
            status: status.expect("a status"),
            headers: headers.map(|(name, v)| (name.to_ascii_lowercase(), v.to_owned())).collect(),
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself; a folder that stays is of no harm.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}
