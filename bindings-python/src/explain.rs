//! What `Policy.explain` returns.

use crossgate::{Explanation, InBrowser};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

use crate::policy::types;

pub(crate) fn object<'py>(
    py: Python<'py>,
    explanation: &Explanation,
) -> PyResult<Bound<'py, PyAny>> {
    let class = types(py)?.getattr("InBrowser")?;
    let browsers = explanation.browsers.iter().map(|InBrowser { browser, allowed, console }| {
        class.call1((*browser, *allowed, console.as_deref()))
    });
    let fields = PyDict::new(py);
    fields.set_item("allowed", explanation.allowed)?;
    fields.set_item("leg", explanation.leg)?;
    fields.set_item("rule", explanation.rule)?;
    fields.set_item("denial", explanation.denial.as_deref())?;
    fields.set_item("reason", explanation.reason)?;
    fields.set_item("header", explanation.header.as_deref())?;
    fields.set_item("fix", explanation.fix.as_deref())?;
    fields.set_item("traps", PyTuple::new(py, &explanation.traps)?)?;
    fields.set_item("browsers", PyTuple::new(py, browsers.collect::<PyResult<Vec<_>>>()?)?)?;
    fields.set_item("text", explanation.to_string())?;
    types(py)?.getattr("Explanation")?.call((), Some(&fields))
}
