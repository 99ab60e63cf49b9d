//! `CORSMiddleware`: the decision, between a server and an application.
//!
//! A call returns the application's own awaitable, so that a request costs no coroutine of ours.

use crossgate::{Outcome, Request, Rule, Verdict};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyException, PyTypeError},
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString},
};

#[cfg(not(feature = "abi3"))]
use crate::vectorcall::Vectorcall;
use crate::{
    answer::{self, Answers},
    audit,
    options::Options,
    origin_function::Word,
    policy::{self, Policy, PolicyHandle},
    raw,
    request::{self, Scope},
};

/// The ASGI middleware.
#[pyclass(frozen, weakref, module = "crossgate")]
pub(crate) struct CORSMiddleware {
    #[pyo3(get)]
    app: Py<PyAny>,
    policy: Source,
    on_decision: Option<Py<PyAny>>,
    #[cfg(not(feature = "abi3"))]
    vectorcall: Vectorcall,
}

enum Source {
    Fixed(Py<Policy>),
    Handle(Py<PolicyHandle>),
}

#[pymethods]
impl CORSMiddleware {
    #[new]
    #[pyo3(
        signature = (app, *, policy = None, on_decision = None, **options),
        text_signature = "(app, *, allow_origins=(), allow_methods=('GET',), allow_headers=(), \
            allow_credentials=False, allow_origin_regex=None, allow_private_network=False, \
            expose_headers=(), max_age=600, allow_origin_func=None, origin_cache_seconds=None, \
            allow_hosts=None, cluster_domain=None, denied='continue', denied_body='text', \
            preflight_status=200, discovery_paths=(), authorize_paths=(), health_paths=(), \
            dangerously_allow_null_origin=False, \
            dangerously_allow_any_origin_with_credentials=False, \
            dangerously_allow_public_suffixes=False, \
            dangerously_allow_insecure_origins=False, policy=None, on_decision=None)"
    )]
    fn new<'py>(
        py: Python<'py>,
        app: Py<PyAny>,
        policy: Option<Bound<'py, PyAny>>,
        on_decision: Option<Py<PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Self> {
        let policy = match policy {
            None => Source::Fixed(Py::new(py, starlette(py, options)?)?),
            Some(_) if options.is_some_and(|options| !options.is_empty()) => {
                return Err(policy::both("CORSMiddleware"));
            }
            Some(policy) => match policy.cast_into::<Policy>() {
                Ok(policy) => Source::Fixed(policy.unbind()),
                Err(error) => Source::Handle(
                    error
                        .into_inner()
                        .cast_into::<PolicyHandle>()
                        .map_err(|_| {
                            PyTypeError::new_err("policy: expected Policy or PolicyHandle")
                        })?
                        .unbind(),
                ),
            },
        };
        Ok(Self {
            app,
            policy,
            on_decision,
            #[cfg(not(feature = "abi3"))]
            vectorcall: Vectorcall::new(),
        })
    }

    /// What decides: a `Policy` or a `PolicyHandle`.
    #[getter]
    fn policy(&self, py: Python<'_>) -> Py<PyAny> {
        match &self.policy {
            Source::Fixed(policy) => policy.clone_ref(py).into_any(),
            Source::Handle(handle) => handle.clone_ref(py).into_any(),
        }
    }

    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
        receive: &Bound<'py, PyAny>,
        send: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        #[cfg(not(feature = "abi3"))]
        slf.get().vectorcall.enable(slf);
        Self::handle(slf, scope, receive, send)
    }

    /// Servers look at `instance.__call__` to tell ASGI applications from others, and know them by
    /// their coroutine function. Calling an instance does not come here.
    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if name == "__call__" {
            let call = Coroutine::Call.of(slf.py())?;
            return call.call_method1(intern!(slf.py(), "__get__"), (slf,));
        }
        raw::generic_getattr(slf.as_any(), name)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.app)?;
        visit.call(&self.on_decision)?;
        match &self.policy {
            Source::Fixed(policy) => visit.call(policy),
            Source::Handle(handle) => visit.call(handle),
        }
    }
}

impl CORSMiddleware {
    /// One request, handshake or lifespan: the application's awaitable, or ours.
    pub(crate) fn handle<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
        receive: &Bound<'py, PyAny>,
        send: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let kind = request::get(scope, intern!(py, "type"))?;
        let is = |word: &Bound<'py, PyString>| {
            kind.as_ref().is_some_and(|kind| kind.is(word) || is_equal(kind, word))
        };
        let websocket = if is(intern!(py, "http")) {
            false
        } else if is(intern!(py, "websocket")) {
            true
        } else {
            // Lifespan, and whatever there will be.
            return this.app.bind(py).call1((scope, receive, send));
        };
        let replaceable;
        let policy = match &this.policy {
            Source::Fixed(policy) => policy.bind(py),
            Source::Handle(handle) => {
                replaceable = handle.get().policy(py).into_bound(py);
                &replaceable
            }
        };
        Call { middleware: slf, policy, scope, receive, send, websocket }.run()
    }
}

/// For a text that is not the interned one.
#[cold]
fn is_equal(kind: &Bound<'_, PyAny>, word: &Bound<'_, PyString>) -> bool {
    kind.eq(word).unwrap_or(false)
}

/// The options of the middleware: Starlette's defaults.
fn starlette(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Policy> {
    let mut options = Options::read("CORSMiddleware", crossgate::Config::STARLETTE, options)?;
    options.add_safelisted_headers();
    let policies = options.config.policy_set();
    Policy::build(py, options, policies)
}

/// One request on its way.
struct Call<'a, 'py> {
    middleware: &'a Bound<'py, CORSMiddleware>,
    policy: &'a Bound<'py, Policy>,
    scope: &'a Bound<'py, PyAny>,
    receive: &'a Bound<'py, PyAny>,
    send: &'a Bound<'py, PyAny>,
    websocket: bool,
}

impl<'py> Call<'_, 'py> {
    fn run(&self) -> PyResult<Bound<'py, PyAny>> {
        let mut read = Scope::default();
        read.fill(self.scope, self.policy.get().reads())?;
        let request = read.request();
        let (policy, answers) = self.policy.get().at(request.path);
        let verdict = policy.verdict(&request);
        let decided = Decided { policy, answers, verdict, request: &request, read: &read };
        if verdict.outcome() != Outcome::Undecided {
            let nested = self.sign(self.policy.as_any())?;
            return self.act(&decided, nested, None);
        }
        raw::attached(|| self.ask(&decided))
    }

    /// Asks `allow_origin_func`.
    fn ask(&self, decided: &Decided<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.scope.py();
        let Some(function) = &self.policy.get().origin_function else {
            return self.settled(decided, Ok(false));
        };
        let origin = audit::latin_1(decided.request.origin.unwrap_or_default());
        match function.ask(&origin, self.scope) {
            Ok(Word::Now(allowed)) => self.settled(decided, Ok(allowed)),
            Ok(Word::Later(answer, age)) => {
                let pending = Pending {
                    middleware: self.middleware.clone().unbind(),
                    policy: self.policy.clone().unbind(),
                    scope: self.scope.clone().unbind(),
                    receive: self.receive.clone().unbind(),
                    send: self.send.clone().unbind(),
                    websocket: self.websocket,
                    origin,
                    age,
                };
                Coroutine::Wait.of(py)?.call1((answer, pending))
            }
            Err(error) => self.settled(decided, Err(error)),
        }
    }

    /// Goes on with the word of `allow_origin_func`. One that failed stops the request, whatever
    /// `denied` says.
    fn settled(
        &self,
        decided: &Decided<'_, 'py>,
        allowed: PyResult<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.scope.py();
        let (policy, request) = (decided.policy, decided.request);
        let given = matches!(allowed, Ok(true));
        let nested = self.sign((self.policy, given).into_pyobject(py)?.as_any())?;
        let (verdict, error) = match allowed {
            Ok(allowed) => (policy.verdict_given(request, allowed), None),
            Err(error) if error.is_instance_of::<PyException>(py) => {
                let refused = policy.verdict_given(request, false);
                let outcome = match refused.outcome() {
                    Outcome::PreflightRefused => Outcome::PreflightRefused,
                    _ => Outcome::Rejected,
                };
                let vary = refused.0 & (Verdict::VARY_ORIGIN | Verdict::VARY_PREFLIGHT);
                let rule = (Rule::OriginNotAllowed as u32) << 4;
                (Verdict(outcome as u32 | rule | vary), Some(error))
            }
            Err(interrupt) => return Err(interrupt),
        };
        self.act(&Decided { verdict, ..*decided }, nested, error.as_ref())
    }

    /// Leaves in the scope by what the request was decided, and says whether a Crossgate outside
    /// this one did so before.
    fn sign(&self, mark: &Bound<'py, PyAny>) -> PyResult<bool> {
        let key = intern!(self.scope.py(), "crossgate");
        let before = match self.scope.cast::<PyDict>() {
            Ok(scope) => Some(raw::set_default(scope, key, mark)?),
            Err(_) => request::get(self.scope, key)?,
        };
        match before {
            Some(before) if before.is(mark) => Ok(false),
            before => {
                self.scope.set_item(key, mark)?;
                let before = before.and_then(|before| policy::signed(&before));
                Ok(before.is_some_and(|(policy, _)| !policy.is(self.policy)))
            }
        }
    }

    fn act(
        &self,
        decided: &Decided<'_, 'py>,
        nested: bool,
        error: Option<&PyErr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.scope.py();
        let &Decided { policy, answers, verdict, read, .. } = decided;
        if self.websocket {
            return raw::attached(|| self.act_on_handshake(decided, error));
        }
        let on_decision = self.middleware.get().on_decision.is_some();
        if on_decision || verdict.rule().is_some() || !verdict.continues() {
            self.report(decided, error);
        }
        if !verdict.continues() {
            return raw::attached(|| self.respond(decided, nested));
        }
        let tail = answers.of_continued(py, policy, verdict)?;
        let mut headers = tail.headers(py, read.lines.origin.as_ref())?;
        if nested {
            let mark = (answer::decided_mark(py)?,).into_pyobject(py)?;
            headers = headers.as_sequence().concat(mark.as_sequence())?.to_tuple()?;
        }
        let send = raw::wrap_send(self.send, &headers)?;
        self.middleware.get().app.bind(py).call1((self.scope, self.receive, send))
    }

    fn respond(&self, decided: &Decided<'_, 'py>, nested: bool) -> PyResult<Bound<'py, PyAny>> {
        let py = self.scope.py();
        let &Decided { policy, answers, verdict, request, read } = decided;
        let origin = read.lines.origin.as_ref();
        let (start, body) = answers.respond(py, policy, verdict, *request, origin)?;
        if nested {
            let headers = start.as_any().get_item(intern!(py, "headers"))?;
            headers.call_method1("append", (answer::decided_mark(py)?,))?;
        }
        Coroutine::Respond.of(py)?.call1((self.send, start, body))
    }

    fn report(&self, decided: &Decided<'_, 'py>, error: Option<&PyErr>) {
        let on_decision = self.middleware.get().on_decision.as_ref();
        let on_decision = on_decision.map(|listener| listener.bind(self.scope.py()));
        let &Decided { policy, verdict, request, .. } = decided;
        if on_decision.is_some() || error.is_some() || audit::is_logged(self.scope.py(), verdict) {
            raw::attached(|| {
                let mut read = Scope::default();
                let reads = self.policy.get().reads().with_method();
                let all = read.fill(self.scope, reads);
                let request = all.map_or(*request, |()| read.request());
                let decision = (policy, verdict, request, self.websocket);
                audit::report(self.scope, on_decision, decision, error);
            });
        }
    }

    /// A WebSocket is no matter of CORS: what a page may open, it may read. So it is refused where
    /// requests are rejected.
    fn act_on_handshake(
        &self,
        decided: &Decided<'_, 'py>,
        error: Option<&PyErr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.scope.py();
        let &Decided { policy, answers, mut verdict, request, read } = decided;
        if verdict.outcome() == Outcome::MethodRefused {
            // Every handshake is a GET, whether pages may fetch by GET or not.
            verdict = Verdict(Outcome::Allowed as u32);
        }
        let on_decision = self.middleware.get().on_decision.is_some();
        let open = verdict.outcome() == Outcome::Refused;
        if !open && (on_decision || !verdict.continues()) {
            self.report(&Decided { verdict, ..*decided }, error);
        }
        if verdict.continues() {
            let app = self.middleware.get().app.bind(py);
            return app.call1((self.scope, self.receive, self.send));
        }
        let origin = read.lines.origin.as_ref();
        let (start, body) = answers.respond(py, policy, verdict, *request, origin)?;
        let arguments = (self.scope, self.receive, self.send, start, body);
        Coroutine::RefuseHandshake.of(py)?.call1(arguments)
    }
}

/// A request and what became of it.
#[derive(Clone, Copy)]
struct Decided<'a, 'py> {
    policy: &'a crossgate::Policy,
    answers: &'a Answers,
    verdict: Verdict,
    request: &'a Request<'a>,
    read: &'a Scope<'py>,
}

/// A request that waits for an asynchronous `allow_origin_func`, under the policy that asked.
#[pyclass(frozen, module = "crossgate._native")]
pub(crate) struct Pending {
    middleware: Py<CORSMiddleware>,
    policy: Py<Policy>,
    scope: Py<PyAny>,
    receive: Py<PyAny>,
    send: Py<PyAny>,
    websocket: bool,
    origin: String,
    age: u64,
}

#[pymethods]
impl Pending {
    /// Goes on with the function's answer, or with the exception it raised.
    fn resume<'py>(
        &self,
        py: Python<'py>,
        answer: Option<&Bound<'py, PyAny>>,
        error: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let policy = self.policy.bind(py);
        let allowed = match (error, &policy.get().origin_function) {
            (Some(error), _) => Err(PyErr::from_value(error)),
            (None, Some(function)) => {
                let none = py.None();
                let answer = answer.unwrap_or(none.bind(py));
                function.settle(&self.origin, answer, self.age)
            }
            (None, None) => Ok(false),
        };
        let mut read = Scope::default();
        read.fill(self.scope.bind(py), policy.get().reads())?;
        let request = read.request();
        let (core, answers) = policy.get().at(request.path);
        let verdict = core.verdict(&request);
        let decided = Decided { policy: core, answers, verdict, request: &request, read: &read };
        let call = Call {
            middleware: self.middleware.bind(py),
            policy,
            scope: self.scope.bind(py),
            receive: self.receive.bind(py),
            send: self.send.bind(py),
            websocket: self.websocket,
        };
        call.settled(&decided, allowed)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.middleware)?;
        visit.call(&self.policy)?;
        visit.call(&self.scope)?;
        visit.call(&self.receive)?;
        visit.call(&self.send)
    }
}

/// The functions of `crossgate._asgi`.
#[derive(Clone, Copy)]
pub(crate) enum Coroutine {
    Call,
    Respond,
    RefuseHandshake,
    Wait,
}

impl Coroutine {
    pub(crate) fn of(self, py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
        type Function = PyOnceLock<Py<PyAny>>;
        static CALL: Function = PyOnceLock::new();
        static RESPOND: Function = PyOnceLock::new();
        static REFUSE_HANDSHAKE: Function = PyOnceLock::new();
        static WAIT: Function = PyOnceLock::new();
        let (function, name) = match self {
            Self::Call => (&CALL, "call"),
            Self::Respond => (&RESPOND, "respond"),
            Self::RefuseHandshake => (&REFUSE_HANDSHAKE, "refuse_handshake"),
            Self::Wait => (&WAIT, "wait"),
        };
        let import = || PyResult::Ok(py.import("crossgate._asgi")?.getattr(name)?.unbind());
        Ok(function.get_or_try_init(py, import)?.bind(py))
    }
}
