//! What a decision is called, for those who ask and those who listen.

use std::time::{SystemTime, UNIX_EPOCH};

use crossgate::{Exchange, Outcome, Policy, Request, Verdict};
use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyDict},
};

use crate::{raw, request::get};

/// The one word for a verdict.
pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict.outcome() {
        Outcome::NotCors => "not-cors",
        Outcome::Allowed => "allowed",
        Outcome::Preflight if verdict.rule().is_none() => "allowed",
        _ => "refused",
    }
}

/// Which half of a CORS exchange a request is.
pub(crate) fn leg(request: &Request<'_>, websocket: bool) -> &'static str {
    match request.classify() {
        _ if websocket => "websocket",
        Exchange::Preflight { .. } => "preflight",
        _ => "actual",
    }
}

/// Header bytes as servers hand them to applications.
pub(crate) fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Tells `on_decision` of a decision, and the logger of refusals and preflights. Neither can do
/// harm to the request.
pub(crate) fn report(
    scope: &Bound<'_, PyAny>,
    on_decision: Option<&Bound<'_, PyAny>>,
    (policy, verdict, request, websocket): (&Policy, Verdict, Request<'_>, bool),
    error: Option<&PyErr>,
) {
    let py = scope.py();
    let logged = is_logged(py, verdict);
    let told = event(scope, policy, verdict, request, websocket).and_then(|event| {
        if let Some(error) = error {
            event.set_item("error", error.value(py).repr()?)?;
            audit(py)?.call_method1("function_failed", (&event, error.value(py)))?;
        } else if logged {
            audit(py)?.call_method1("log", (&event,))?;
        }
        match on_decision.map(|listener| listener.call1((&event,))) {
            Some(Err(error)) => Err(error),
            _ => Ok(()),
        }
    });
    if let Err(error) = told {
        let failed =
            audit(py).and_then(|audit| audit.call_method1("listener_failed", (error.value(py),)));
        if let Err(error) = failed {
            error.write_unraisable(py, on_decision);
        }
    }
}

/// What is known of a decision, ready for a log or a queue: nothing but `str`, `float` and `None`.
fn event<'py>(
    scope: &Bound<'py, PyAny>,
    policy: &Policy,
    verdict: Verdict,
    request: Request<'_>,
    websocket: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let py = scope.py();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let denial = policy.denial(verdict, request);
    let client = match get(scope, intern!(py, "client"))? {
        Some(client) if !client.is_none() => Some(client.get_item(0)?),
        _ => None,
    };
    let event = PyDict::new(py);
    event.set_item(intern!(py, "time"), now.as_secs_f64())?;
    event.set_item(intern!(py, "leg"), leg(&request, websocket))?;
    event.set_item(intern!(py, "verdict"), word(verdict))?;
    event.set_item(intern!(py, "reason"), denial.map(|denial| denial.rule().as_str()))?;
    event.set_item(intern!(py, "message"), denial.map(|denial| denial.to_string()))?;
    event.set_item(intern!(py, "method"), latin_1(request.method))?;
    event.set_item(intern!(py, "path"), get(scope, intern!(py, "path"))?)?;
    event.set_item(intern!(py, "origin"), request.origin.map(latin_1))?;
    event.set_item(intern!(py, "client"), client)?;
    Ok(event)
}

const DEBUG: u8 = 10;
const INFO: u8 = 20;

/// Whether the logger wants to know of a decision: of refusals at INFO, of preflights at DEBUG.
pub(crate) fn is_logged(py: Python<'_>, verdict: Verdict) -> bool {
    if verdict.rule().is_some() {
        return logs(py, INFO);
    }
    !verdict.continues() && logs(py, DEBUG)
}

/// Whether the logger takes a level. `logging` keeps its answers in a dict, where a level that
/// nobody wants is one look-up; whatever else that dict says, the logger itself is asked.
fn logs(py: Python<'_>, level: u8) -> bool {
    static LOGGER: PyOnceLock<(Py<PyAny>, Option<Py<PyDict>>)> = PyOnceLock::new();
    let logger = LOGGER.get_or_try_init(py, || {
        let logger = audit(py)?.getattr("logger")?;
        let known = logger.getattr("_cache").ok();
        let known = known.and_then(|known| known.cast_into::<PyDict>().ok());
        PyResult::Ok((logger.unbind(), known.map(Bound::unbind)))
    });
    let Ok((logger, known)) = logger else { return false };
    if let Some(known) = known
        && let Ok(level) = level.into_pyobject(py)
        && let Ok(Some(answer)) = raw::dict_item(known.bind(py), level.as_any())
        && answer.is(PyBool::new(py, false))
    {
        return false;
    }
    logger
        .bind(py)
        .call_method1(intern!(py, "isEnabledFor"), (level,))
        .and_then(|enabled| enabled.is_truthy())
        .unwrap_or(false)
}

pub(crate) fn audit(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = MODULE
        .get_or_try_init(py, || PyResult::Ok(py.import("crossgate._audit")?.into_any().unbind()))?;
    Ok(module.bind(py).clone())
}
