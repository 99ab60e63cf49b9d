//! `crossgate nginx`: a policy as a server block, for an application that cannot be changed.

use crossgate::{OwnedConfig, Policy, Request};

use crate::{Exit, args, policy_file};

mod block;
mod pattern;

use block::Block;

pub(crate) fn run(args: &args::Nginx) -> Result<Exit, String> {
    let config = policy_file::read(&args.file)?;
    let policy = match config.policy() {
        Ok(policy) => policy,
        Err(error) => {
            anstream::eprintln!("{error}");
            return Ok(Exit::Problems);
        }
    };
    let refusals = refusals(&config);
    if !refusals.is_empty() {
        for refusal in refusals {
            anstream::eprintln!("{refusal}");
        }
        return Ok(Exit::Problems);
    }
    anstream::print!("{}", block(&config, &policy, args)?);
    Ok(Exit::Fine)
}

/// What a block cannot say: better no block than one that says something else.
fn refusals(config: &OwnedConfig) -> Vec<&'static str> {
    let lists_any = |list: &[String]| list.iter().any(|entry| entry == "*");
    let paths = [&config.discovery_paths, &config.authorize_paths, &config.health_paths];
    let names = [&config.allow_headers, &config.allow_methods, &config.expose_headers];
    [
        (
            config.allow_origin_regex.is_some(),
            "allow_origin_regex: nginx reads expressions otherwise (list the origins)",
        ),
        (config.origins_by_host, "origins_by_host: nginx calls no function (list the origins)"),
        (
            config.allow_credentials && lists_any(&config.allow_origins),
            "allow_origins: no block for `*` with credentials (list the origins)",
        ),
        (
            config.allow_credentials && lists_any(&config.allow_methods),
            "allow_methods: no block for `*` with credentials (list the methods)",
        ),
        (
            config.cluster_domain.is_some(),
            "cluster_domain: nginx compares names as they are (list the names)",
        ),
        (
            config.allow_hosts.iter().flatten().any(|host| has_port(host)),
            "allow_hosts: a server_name has no port (leave it out: `listen` has it)",
        ),
        (
            names.into_iter().flatten().any(|name| name.contains('$')),
            "allow_headers, allow_methods, expose_headers: nginx takes `$` for a variable (rename it)",
        ),
        (
            paths.iter().any(|paths| !paths.is_empty()),
            "discovery_paths, authorize_paths, health_paths: one block is one policy (take them out, \
             and print a block for each path)",
        ),
    ]
    .into_iter()
    .filter_map(|(refused, text)| refused.then_some(text))
    .collect()
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']') && port != "*")
}

fn block(config: &OwnedConfig, policy: &Policy, args: &args::Nginx) -> Result<Block, String> {
    if !args.location.starts_with('/') || args.location.contains(is_special) {
        return Err(format!("--location {}: expected a path", args.location));
    }
    if args.upstream.is_empty() || args.upstream.contains(is_special) {
        return Err(format!("--upstream {}: expected HOST:PORT", args.upstream));
    }
    let any = config.allow_origins.iter().any(|origin| origin == "*");
    let origins: Vec<String> = config.allow_origins.iter().map(|o| pattern::origin(o)).collect();
    // The policy is asked what it answers, so that nothing of it is written twice.
    let sample = config.allow_origins.first().map(|entry| pattern::example(entry));
    let sample = match sample {
        Some(sample) => sample,
        None if config.dangerously_allow_null_origin => String::from("null"),
        None => return Err(String::from("allow_origins: empty, so there is nothing to allow")),
    };
    let host = config.allow_hosts.iter().flatten().find(|host| *host != "*");
    let host = host.map_or_else(|| String::from("localhost"), |host| host.replace("*.", "x."));
    let actual = Request {
        method: b"GET",
        path: b"/",
        host: Some(host.as_bytes()),
        origin: Some(sample.as_bytes()),
        ..Request::default()
    };
    let preflight =
        Request { method: b"OPTIONS", access_control_request_method: Some(b"PUT"), ..actual };
    let told = |request: &Request<'_>, name: &str| {
        let decision = policy.decide(request);
        let line = decision.headers().find(|(line, _)| *line == name);
        line.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let methods = told(&preflight, "access-control-allow-methods");
    let allows = |method: &str| {
        methods == "*"
            || config.allow_methods.iter().any(|listed| listed == method)
            || method == "HEAD" && config.allow_methods.iter().any(|listed| listed == "GET")
    };
    Ok(Block {
        upstream: args.upstream.clone(),
        location: args.location.clone(),
        names: config.allow_hosts.clone().filter(|hosts| !hosts.iter().any(|host| host == "*")),
        any,
        origins,
        null: config.dangerously_allow_null_origin,
        credentials: config.allow_credentials,
        names_pattern: pattern::names(&config.allow_headers, config.allow_credentials),
        allow_headers: told(&preflight, "access-control-allow-headers"),
        expose_headers: told(&actual, "access-control-expose-headers"),
        max_age: told(&preflight, "access-control-max-age"),
        unsafe_methods: (methods != "*").then(|| config.allow_methods.clone()),
        refused_methods: ["GET", "HEAD", "POST"].into_iter().filter(|m| !allows(m)).collect(),
        allow_methods: methods,
        rejects: config.denied == "reject",
        json: config.denied_body == "json-rpc",
        preflight_status: config.preflight_status,
    })
}

/// What means something else in nginx's language than itself.
fn is_special(c: char) -> bool {
    c.is_whitespace() || c.is_control() || ";{}\"'\\$#".contains(c)
}
