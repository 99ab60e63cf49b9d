//! The floor of the benches: a middleware that decides nothing.

use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyList, PyTuple},
};

use crate::{middleware::Coroutine, raw};

/// Adds the same headers to every response or, given a status, answers with them.
#[pyclass(frozen, module = "crossgate._native")]
pub(crate) struct Floor {
    app: Py<PyAny>,
    headers: Py<PyTuple>,
    status: Option<u16>,
}

#[pymethods]
impl Floor {
    #[new]
    fn new(app: Py<PyAny>, headers: Py<PyTuple>, status: Option<u16>) -> Self {
        Self { app, headers, status }
    }

    fn __call__<'py>(
        &self,
        py: Python<'py>,
        scope: &Bound<'py, PyAny>,
        receive: &Bound<'py, PyAny>,
        send: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let headers = self.headers.bind(py);
        let Some(status) = self.status else {
            let send = raw::wrap_send(send, headers)?;
            return self.app.bind(py).call1((scope, receive, send));
        };
        let start = PyDict::new(py);
        start.set_item(intern!(py, "type"), intern!(py, "http.response.start"))?;
        start.set_item(intern!(py, "status"), status)?;
        start.set_item(intern!(py, "headers"), raw::append(&PyList::empty(py), headers)?)?;
        let body = PyDict::new(py);
        body.set_item(intern!(py, "type"), intern!(py, "http.response.body"))?;
        Coroutine::Respond.of(py)?.call1((send, start, body))
    }
}
