//! The core for Node, through N-API. The package's own JavaScript is the only caller.

mod bridge;
mod text;
mod verdict;

use std::sync::Arc;

use crossgate::{PolicySet, Request};
use napi::{
    Env, Result,
    bindgen_prelude::{FnArgs, Function, JsObjectValue, Object},
};
use napi_derive::napi;

/// The presets as JSON, by name.
#[napi]
#[must_use]
pub fn presets() -> String {
    bridge::presets()
}

/// Parses a configuration. Either `problems` (JSON), or `notes` (JSON), `at(path)`,
/// `explain(page)`, and for each policy three functions: `verdict`, `body` and `answer`.
///
/// # Errors
///
/// When JavaScript objects cannot be made.
#[napi(ts_return_type = "object")]
#[allow(clippy::needless_pass_by_value, reason = "JavaScript hands over its string")]
pub fn compile(env: &Env, config: String, mcp: bool) -> Result<Object<'_>> {
    let mut compiled = Object::new(env)?;
    let set = match bridge::parse(&config, mcp) {
        Ok(set) => Arc::new(set),
        Err(problems) => {
            compiled.set_named_property("problems", problems)?;
            return Ok(compiled);
        }
    };
    compiled.set_named_property("notes", bridge::notes(&set))?;
    let mut policies = env.create_array(0)?;
    for index in 0..set.policies().count() {
        let mut policy = Object::new(env)?;
        policy.set_named_property("verdict", verdict::verdict(env, set.clone(), index)?)?;
        policy.set_named_property("body", verdict::body(env, set.clone(), index)?)?;
        policy.set_named_property("answer", answer(env, set.clone(), index)?)?;
        policies.insert(policy)?;
    }
    compiled.set_named_property("policies", policies)?;
    let explained = Arc::clone(&set);
    let explain = env.create_function_from_closure("explain", move |context| {
        let page: String = context.get(0)?;
        Ok(bridge::explain(&explained, &page))
    })?;
    let explain: Function<'_, FnArgs<(String,)>, String> = explain;
    compiled.set_named_property("explain", explain)?;
    let at = env.create_function_from_closure("at", move |context| {
        let path: String = context.get(0)?;
        Ok(u32::try_from(bridge::at(&set, path.as_bytes())).unwrap_or(0))
    })?;
    let at: Function<'_, FnArgs<(String,)>, u32> = at;
    compiled.set_named_property("at", at)?;
    Ok(compiled)
}

type Texts = (u32, Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);

fn answer(
    env: &Env,
    set: Arc<PolicySet>,
    index: usize,
) -> Result<Function<'_, FnArgs<Texts>, String>> {
    env.create_function_from_closure("answer", move |context| {
        let text = |nth| context.get::<Option<String>>(nth);
        let verdict: u32 = context.get(0)?;
        let (origin, host, method) = (text(1)?, text(2)?, text(3)?);
        let (requested_method, requested_headers) = (text(4)?, text(5)?);
        let request = Request {
            method: method.as_deref().unwrap_or("GET").as_bytes(),
            path: b"/",
            host: host.as_deref().map(str::as_bytes),
            origin: origin.as_deref().map(str::as_bytes),
            access_control_request_method: requested_method.as_deref().map(str::as_bytes),
            access_control_request_headers: requested_headers.as_deref().map(str::as_bytes),
        };
        let policy = bridge::policy(&set, index);
        Ok(policy.map(|policy| bridge::answer(policy, verdict, request)).unwrap_or_default())
    })
}
