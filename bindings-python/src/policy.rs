//! `Policy` and `PolicyHandle`.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crossgate::{Config, ConfigError, PolicySet, Problem, Request, Verdict, browser::Fetch};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBytes, PyDict, PyString, PyTuple},
};

use crate::{
    answer::Answers,
    audit, explain,
    options::{self, Options},
    origin_function::OriginFunction,
    request::{self, Reads, Scope},
};

/// A parsed policy: immutable, shared by middlewares and threads.
#[pyclass(frozen, module = "crossgate")]
pub(crate) struct Policy {
    policies: PolicySet,
    strict: Answers,
    /// Of the policies for exceptional paths, in the set's order.
    exceptions: Vec<Answers>,
    reads: Reads,
    pub(crate) origin_function: Option<OriginFunction>,
}

impl Policy {
    pub(crate) fn build(
        py: Python<'_>,
        options: Options,
        policies: Result<PolicySet, ConfigError>,
    ) -> PyResult<Self> {
        let policies = policies.map_err(|error| config_error(py, &error))?;
        for note in policies.notes() {
            audit::audit(py)?.call_method1("note", (note.to_string(),))?;
        }
        let origin_function = match (options.allow_origin_func, options.origin_cache_seconds) {
            (None, _) => None,
            (Some(function), None) => Some(OriginFunction::new(function, None)),
            (Some(function), Some(seconds)) => {
                if !(0.0..=LONGEST_CACHE).contains(&seconds) {
                    return Err(PyValueError::new_err(format!(
                        "origin_cache_seconds: expected 0 to {LONGEST_CACHE}, not {seconds}"
                    )));
                }
                let seconds = Duration::from_secs_f64(seconds);
                Some(OriginFunction::new(function, Some(seconds)))
            }
        };
        let exceptions: Vec<_> = policies.policies().skip(1).map(|_| Answers::new()).collect();
        let several = !exceptions.is_empty();
        // Where the application answers all but preflights, no other request's method matters.
        let Options { config, .. } = options;
        let answers = config.denied != "continue" || config.allow_hosts.is_some();
        let reads = Reads { path: several, method: several || answers || config.origins_by_host };
        Ok(Self { policies, strict: Answers::new(), exceptions, reads, origin_function })
    }

    /// From `policy=` or from options, whichever is given.
    pub(crate) fn given<'py>(
        py: Python<'py>,
        policy: Option<Bound<'py, Self>>,
        options: Option<&Bound<'py, PyDict>>,
        function: &str,
    ) -> PyResult<Bound<'py, Self>> {
        match policy {
            None => Bound::new(py, Self::new(py, options)?),
            Some(policy) if options.is_none_or(pyo3::types::PyDictMethods::is_empty) => Ok(policy),
            Some(_) => Err(both(function)),
        }
    }

    /// The policy for a path.
    #[inline]
    pub(crate) fn at(&self, path: &[u8]) -> (&crossgate::Policy, &Answers) {
        if self.exceptions.is_empty() {
            return (self.policies.policy(0), &self.strict);
        }
        let policy = self.policies.at(path);
        let answers = std::iter::once(&self.strict).chain(&self.exceptions);
        let found =
            self.policies.policies().zip(answers).find(|(known, _)| std::ptr::eq(*known, policy));
        (policy, found.map_or(&self.strict, |(_, answers)| answers))
    }

    pub(crate) fn reads(&self) -> Reads {
        self.reads
    }
}

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options = Options::read("Policy", Config::DEFAULT, options)?;
        let policies = options.config.policy_set();
        Self::build(py, options, policies)
    }

    /// The policy of an MCP server; `allow_headers` and `expose_headers` add to the preset's.
    #[staticmethod]
    #[pyo3(signature = (**options))]
    fn mcp(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options = Options::read("mcp", Config::MCP, options)?;
        let policies = options.config.borrow(PolicySet::mcp);
        Self::build(py, options, policies)
    }

    /// Decides a request without ASGI.
    #[pyo3(signature = (
        method = None, path = None, *, host = None, origin = None,
        access_control_request_method = None, access_control_request_headers = None,
        origin_allowed = false,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are the request")]
    fn decide<'py>(
        &self,
        py: Python<'py>,
        method: Option<&Bound<'py, PyAny>>,
        path: Option<&Bound<'py, PyAny>>,
        host: Option<&Bound<'py, PyAny>>,
        origin: Option<&Bound<'py, PyAny>>,
        access_control_request_method: Option<&Bound<'py, PyAny>>,
        access_control_request_headers: Option<&Bound<'py, PyAny>>,
        origin_allowed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let method = line(method)?.unwrap_or_else(|| b"GET".into());
        let path = line(path)?.unwrap_or_else(|| b"/".into());
        let [host, origin, request_method, request_headers] =
            [host, origin, access_control_request_method, access_control_request_headers].map(line);
        let (host, origin) = (host?, origin?);
        let (request_method, request_headers) = (request_method?, request_headers?);
        let request = Request {
            method: &method,
            path: &path,
            host: host.as_deref(),
            origin: origin.as_deref(),
            access_control_request_method: request_method.as_deref(),
            access_control_request_headers: request_headers.as_deref(),
        };
        let (policy, _) = self.at(&path);
        decision(py, policy, policy.verdict_given(&request, origin_allowed), request, false)
    }

    /// Plays a page's request through, preflight and all, and says what stands in its way.
    #[pyo3(signature = (
        origin, method = "GET", *, url, headers = None, credentials = false, origin_allowed = false
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are what a page fetches")]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        origin: &str,
        method: &str,
        url: &str,
        headers: Option<HashMap<String, String>>,
        credentials: bool,
        origin_allowed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let headers = headers.unwrap_or_default();
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (&**name, value.as_bytes())).collect();
        headers.sort_unstable();
        let fetch = Fetch { origin, method, headers: &headers, credentials, ..Fetch::default() };
        explain::object(py, &self.policies.explain_given(&fetch, url, origin_allowed))
    }

    /// What is useless or redundant in the options.
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        problems(py, self.policies.notes())
    }

    /// Removes an origin from the cache of `allow_origin_func`.
    fn forget(&self, origin: &str) {
        if let Some(function) = &self.origin_function {
            function.forget(origin);
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.origin_function {
            Some(function) => visit.call(&function.function),
            None => Ok(()),
        }
    }
}

/// A policy that can be replaced while it serves.
#[pyclass(frozen, module = "crossgate")]
pub(crate) struct PolicyHandle {
    /// Held for no longer than it takes to copy the reference.
    current: Mutex<Py<Policy>>,
}

#[pymethods]
impl PolicyHandle {
    #[new]
    #[pyo3(signature = (*, policy = None, **options))]
    fn new<'py>(
        py: Python<'py>,
        policy: Option<Bound<'py, Policy>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Self> {
        let policy = Policy::given(py, policy, options, "PolicyHandle")?;
        Ok(Self { current: Mutex::new(policy.unbind()) })
    }

    /// Puts another policy in force for the requests to come. When it is invalid this raises, and
    /// the old one stays.
    #[pyo3(signature = (*, policy = None, **options))]
    fn replace<'py>(
        &self,
        py: Python<'py>,
        policy: Option<Bound<'py, Policy>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<()> {
        let mut policy = Policy::given(py, policy, options, "replace")?.unbind();
        std::mem::swap(
            &mut *self.current.lock().unwrap_or_else(PoisonError::into_inner),
            &mut policy,
        );
        Ok(())
    }

    /// The policy in force.
    #[getter]
    pub(crate) fn policy(&self, py: Python<'_>) -> Py<Policy> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone_ref(py)
    }

    /// Removes an origin from the cache of `allow_origin_func`.
    fn forget(&self, py: Python<'_>, origin: &str) {
        self.policy(py).get().forget(origin);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector must not wait; whoever holds the lock keeps the policy alive anyway.
        match self.current.try_lock() {
            Ok(current) => visit.call(&*current),
            Err(_) => Ok(()),
        }
    }
}

pub(crate) fn both(function: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{function}() takes either policy or the options of one, not both"
    ))
}

/// A request's header value, or the values of repeated lines.
fn line(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<u8>>> {
    fn one(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        match value.cast::<PyBytes>() {
            Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
            // What has no UTF-8 form equals nothing that a policy could list.
            Err(_) => Ok(value.cast::<PyString>()?.to_str().unwrap_or("\u{fffd}").into()),
        }
    }
    let Some(value) = value else { return Ok(None) };
    if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyString>() {
        return one(value).map(Some);
    }
    let lines = value.try_iter()?.map(|line| one(&line?)).collect::<PyResult<Vec<_>>>()?;
    Ok(Some(lines.join(&b", "[..])).filter(|_: &Vec<u8>| !lines.is_empty()))
}

/// The decision for a scope that came through a [`CORSMiddleware`](crate::middleware::CORSMiddleware),
/// made again: requests whose application does not ask pay nothing for it.
#[pyfunction]
pub(crate) fn decision_of<'py>(scope: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = scope.py();
    let Some(mark) = request::get(scope, intern!(py, "crossgate"))? else { return Ok(None) };
    let Some((policy, given)) = signed(&mark) else { return Ok(None) };
    let policy = policy.get();
    let mut read = Scope::default();
    read.fill(scope, policy.reads().with_method())?;
    let request = read.request();
    let (policy, _) = policy.at(request.path);
    let websocket = request::is_websocket(scope)?;
    decision(py, policy, policy.verdict_given(&request, given), request, websocket).map(Some)
}

/// By which policy a scope was decided, and with what word on its origin.
pub(crate) fn signed<'py>(mark: &Bound<'py, PyAny>) -> Option<(Bound<'py, Policy>, bool)> {
    match mark.cast::<Policy>() {
        Ok(policy) => Some((policy.clone(), false)),
        Err(_) => mark.extract().ok(),
    }
}

fn decision<'py>(
    py: Python<'py>,
    policy: &crossgate::Policy,
    verdict: Verdict,
    request: Request<'_>,
    websocket: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let denial = policy.denial(verdict, request);
    let body = policy.body(verdict, request);
    let headers = PyDict::new(py);
    for (name, value) in policy.headers(verdict, request) {
        headers.set_item(name, value)?;
    }
    let fields = PyDict::new(py);
    fields.set_item("verdict", audit::word(verdict))?;
    fields.set_item("leg", audit::leg(&request, websocket))?;
    fields.set_item("reason", denial.map(|denial| denial.rule().as_str()))?;
    fields.set_item("value", denial.map(|denial| audit::latin_1(denial.value())))?;
    fields.set_item("message", denial.map(|denial| denial.to_string()))?;
    fields
        .set_item("origin", request.origin.and_then(|origin| policy.normalized_origin(origin)))?;
    fields.set_item("status", policy.status(verdict))?;
    fields.set_item("headers", headers)?;
    fields.set_item("vary", verdict.vary())?;
    fields.set_item("content_type", body.as_ref().map(|(content_type, _)| *content_type))?;
    fields.set_item("body", body.map(|(_, body)| body))?;
    types(py)?.getattr("Decision")?.call((), Some(&fields))
}

/// The options of a preset, by its name in the core.
#[pyfunction]
pub(crate) fn preset<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
    let config = match name {
        "DEFAULT" => Config::DEFAULT,
        "MCP" => Config::MCP,
        "PUBLIC" => Config::PUBLIC,
        "STARLETTE" => Config::STARLETTE,
        "EXPRESS" => Config::EXPRESS,
        _ => return Err(PyValueError::new_err(format!("no preset {name}"))),
    };
    options::to_dict(py, config.into())
}

fn config_error(py: Python<'_>, error: &ConfigError) -> PyErr {
    let raised = problems(py, error.problems())
        .and_then(|problems| types(py)?.getattr("ConfigError")?.call1((problems,)));
    raised.map_or_else(|error| error, PyErr::from_value)
}

fn problems<'py>(py: Python<'py>, problems: &[Problem]) -> PyResult<Bound<'py, PyTuple>> {
    let class = types(py)?.getattr("Problem")?;
    let made = problems.iter().map(|problem| {
        let text = problem.to_string();
        class.call1((problem.option(), problem.value(), problem.reason().as_str(), text))
    });
    PyTuple::new(py, made.collect::<PyResult<Vec<_>>>()?)
}

pub(crate) fn types(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let import = || PyResult::Ok(py.import("crossgate._types")?.into_any().unbind());
    Ok(MODULE.get_or_try_init(py, import)?.bind(py))
}

/// A year, in seconds.
const LONGEST_CACHE: f64 = 31_536_000.0;
