//! `crossgate check` and `crossgate explain`.
#![expect(clippy::expect_used, reason = "a test")]

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::server::crossgate;

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a folder for files of tests");
    path
}

fn check(name: &str, text: &str) -> (Option<i32>, String) {
    crossgate(&["check", &file(name, text).to_string_lossy()])
}

#[test]
fn a_policy_holds() {
    let toml = "preset = \"mcp\"\nallow_origins = [\"https://a.example\"]\nallow_hosts = []\n";
    let (code, printed) = check("holds.toml", toml);
    assert!(printed.contains("the policy holds"), "{printed}");
    assert_eq!(code, Some(0));
    let (code, printed) = check("holds.json", r#"{ "allow_origins": ["*"], "max_age": 9000 }"#);
    assert!(printed.starts_with("note max_age: "), "{printed}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_policy_has_problems_and_all_are_told() {
    let json = r#"{ "allow_origins": ["https://a.example/"], "allow_methods": ["put"] }"#;
    let (code, printed) = check("problems.json", json);
    assert_eq!(
        printed,
        "problem allow_origins: invalid origin `https://a.example/` (remove the trailing `/`)\n\
         problem allow_methods: invalid method `put` (methods are case-sensitive: write `PUT`)\n"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn a_file_is_no_policy() {
    for (name, text, words) in [
        ("unknown.toml", "allow_origin = []", "unknown field `allow_origin`"),
        ("type.toml", "allow_origins = \"*\"", "invalid type"),
        ("preset.toml", "preset = \"flask\"", "no preset is named \"flask\""),
        ("broken.toml", "allow_origins = [", "line 1"),
        ("broken.json", "{", "line 1"),
    ] {
        let (code, printed) = check(name, text);
        assert!(printed.contains(words), "no {words} in {printed}");
        assert_eq!(code, Some(3), "{name}");
    }
    assert_eq!(crossgate(&["check", "no-such-file"]).0, Some(3));
}

#[test]
fn a_policy_explains_a_request() {
    let path = file("explain.toml", "allow_origins = [\"https://a.example\"]");
    let path = path.to_string_lossy();
    let explain = |more: &[&str]| {
        crossgate(&[&["explain", &path, "--origin", "https://a.example"], more].concat())
    };
    let (code, printed) = explain(&[]);
    assert!(printed.starts_with("allowed"), "{printed}");
    assert_eq!(code, Some(0));
    let (code, printed) = explain(&["--header", "X-Api-Key"]);
    assert!(printed.contains("fix: add `x-api-key` to allow_headers"), "{printed}");
    assert_eq!(code, Some(1));
    let (code, printed) = explain(&["--credentials"]);
    assert!(printed.contains("fix: set allow_credentials"), "{printed}");
    assert_eq!(code, Some(1));
}

#[test]
fn the_words_of_every_browser_are_understood() {
    for (text, reason) in [
        (
            "Access to fetch at 'http://api.example/' from origin 'http://a.example' has been \
             blocked by CORS policy: Request field x is not allowed. No \
             'Access-Control-Allow-Origin' header is present on the requested resource.",
            "missing-allow-origin",
        ),
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at http://api.example/. (Reason: Credential is not supported if the CORS \
             header ‘Access-Control-Allow-Origin’ is ‘*’).",
            "wildcard-with-credentials",
        ),
        (
            "Preflight response is not successful. Status code: 401\nFetch API cannot load \
             http://api.example/ due to access control checks.",
            "preflight-status",
        ),
    ] {
        let (code, printed) = crossgate(&["explain", "--console", text]);
        assert!(printed.contains(&format!("\n{reason}")), "no {reason} in {printed}");
        assert!(printed.contains("\ncause: ") && printed.contains("\nfix: "), "{printed}");
        assert!(printed.contains("http://api.example/"), "{printed}");
        assert_eq!(code, Some(0));
    }
    let (code, printed) = crossgate(&["explain", "--console", "TypeError: Failed to fetch"]);
    assert!(printed.contains("the reason is in the console"), "{printed}");
    assert_eq!(code, Some(1));
}

#[test]
fn a_message_comes_from_standard_input_too() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crossgate"))
        .args(["explain", "--console", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command is built");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"It does not have HTTP ok status.").expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&output.stdout).contains("preflight-status"));
}

#[test]
fn every_option_is_in_the_readme() {
    let readme = include_str!("../README.md");
    for command in ["doctor", "explain", "check", "nginx"] {
        let (code, help) = crossgate(&[command, "--help"]);
        assert_eq!(code, Some(0), "{help}");
        let flags = help.split_whitespace().filter(|word| word.starts_with("--"));
        for flag in flags.filter(|flag| !flag.starts_with("--help")) {
            assert!(readme.contains(&format!("`{flag}")), "{command} {flag} is not documented");
        }
    }
}
