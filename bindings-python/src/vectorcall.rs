//! Calls of the middleware without an argument tuple, which is a tenth of what it costs.
//!
//! `PyO3` has no vectorcall for classes (<https://peps.python.org/pep-0590/>), so the class gets it
//! when it is first called in the ordinary way. The stable ABI has none before Python 3.12.

use std::{ptr, sync::OnceLock};

use pyo3::{
    exceptions::PyTypeError,
    ffi,
    prelude::*,
    types::{PyDict, PyTuple},
};

use crate::middleware::CORSMiddleware;

/// What each instance carries: where `CPython` finds the function.
pub(crate) struct Vectorcall(#[expect(dead_code, reason = "CPython reads it")] ffi::vectorcallfunc);

impl Vectorcall {
    pub(crate) const fn new() -> Self {
        Self(call)
    }

    /// From now on instances are called here.
    pub(crate) fn enable(&self, middleware: &Bound<'_, CORSMiddleware>) {
        ORDINARY.get_or_init(|| {
            let offset = ptr::from_ref(self).addr() - middleware.as_ptr().addr();
            // SAFETY: the GIL is held. `self` lies within the object, at the same offset in every
            // instance, for the class is final; it is a function pointer that never changes. The
            // flag comes last, so that it is true when it is read.
            unsafe {
                let class = ffi::Py_TYPE(middleware.as_ptr());
                (*class).tp_vectorcall_offset = offset.cast_signed();
                (*class).tp_flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
                ffi::PyType_Modified(class);
                (*class).tp_call
            }
        });
    }
}

/// The class's `tp_call`, before anybody replaced `CORSMiddleware.__call__`.
static ORDINARY: OnceLock<Option<ffi::ternaryfunc>> = OnceLock::new();

unsafe extern "C" fn call(
    middleware: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls this with the GIL held, an instance of the class that `enable` changed,
    // and as many live arguments as it says. Panics abort.
    unsafe {
        let now = (*ffi::Py_TYPE(middleware)).tp_call;
        let replaced = ORDINARY.get().is_none_or(|ordinary| !same(*ordinary, now));
        if replaced || !names.is_null() || ffi::PyVectorcall_NARGS(count) != 3 {
            return ordinary(middleware, args, count, names);
        }
        let py = Python::assume_attached();
        let middleware = Borrowed::from_ptr(py, middleware).cast_unchecked::<CORSMiddleware>();
        let [scope, receive, send] = [0, 1, 2].map(|nth| Borrowed::from_ptr(py, *args.add(nth)));
        restore(py, CORSMiddleware::handle(&middleware, &scope, &receive, &send))
    }
}

fn restore(py: Python<'_>, called: PyResult<Bound<'_, PyAny>>) -> *mut ffi::PyObject {
    match called {
        Ok(result) => result.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

fn same(one: Option<ffi::ternaryfunc>, other: Option<ffi::ternaryfunc>) -> bool {
    one.map(|function| function as usize) == other.map(|function| function as usize)
}

/// The call by way of `tp_call`: with keywords, with a wrong number of arguments, or because
/// instrumentation has replaced `__call__`, which before Python 3.12 `CPython` does not notice.
///
/// # Safety
///
/// As a vectorcall function, with an instance whose class can be called.
#[cold]
unsafe fn ordinary(
    middleware: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's. Positional arguments come first, then one for each name.
    unsafe {
        Python::attach(|py| {
            let positional = ffi::PyVectorcall_NARGS(count).cast_unsigned();
            let argument = |nth: usize| Borrowed::from_ptr(py, *args.add(nth));
            let call = || {
                let given: Vec<_> = (0..positional).map(argument).collect();
                let tuple = PyTuple::new(py, given)?;
                let keywords = PyDict::new(py);
                if let Some(names) = Bound::from_borrowed_ptr_or_opt(py, names) {
                    for (nth, name) in names.try_iter()?.enumerate() {
                        keywords.set_item(name?, argument(positional + nth))?;
                    }
                }
                let call = (*ffi::Py_TYPE(middleware)).tp_call;
                let call = call.ok_or_else(|| PyTypeError::new_err("not callable"))?;
                let result = call(middleware, tuple.as_ptr(), keywords.as_ptr());
                Bound::from_owned_ptr_or_err(py, result)
            };
            restore(py, call())
        })
    }
}
