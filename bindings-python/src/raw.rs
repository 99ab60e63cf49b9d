//! All unsafe code: what safe PyO3 has no equally cheap form for, each with its measured worth.
//!
//! - Reading header lines through borrowed references instead of one reference count up and down
//!   for each object touched.
//! - A `send` that is a builtin function over a tuple: CPython calls it without making an argument
//!   tuple or a frame, which is most of what a streaming response pays a middleware for.

use std::ptr;

use pyo3::{
    exceptions::PyTypeError,
    ffi,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString, PyTuple},
};

use crate::answer;

/// Calls `take` with each header's name and value.
#[inline]
pub(crate) fn for_each_header<'py>(
    headers: &Bound<'py, PyList>,
    mut take: impl FnMut(&[u8], &Bound<'py, PyBytes>),
) -> PyResult<()> {
    for nth in 0..headers.len() {
        // SAFETY: the GIL is held and nothing below runs Python code before the item's last use
        // (`take` only compares bytes and counts references), so that the list and its items stay
        // as they are and `nth` stays within bounds.
        let pair = unsafe {
            let item = ffi::PyList_GET_ITEM(headers.as_ptr(), nth.cast_signed());
            let pair = pair(item);
            pair.map(|(name, value)| {
                (
                    Borrowed::from_ptr(headers.py(), name).cast_unchecked::<PyBytes>(),
                    Borrowed::from_ptr(headers.py(), value).cast_unchecked::<PyBytes>(),
                )
            })
        };
        let Some((name, value)) = pair else {
            return Err(PyTypeError::new_err("a header of the scope is no pair of bytes"));
        };
        take(name.as_bytes(), &value);
    }
    Ok(())
}

/// The name and value of a header, when it is a tuple or list of two `bytes`.
///
/// # Safety
///
/// `item` is a live object; what is returned is borrowed from it.
#[inline]
unsafe fn pair(item: *mut ffi::PyObject) -> Option<(*mut ffi::PyObject, *mut ffi::PyObject)> {
    // SAFETY: the type is checked before each access, and the length before the items.
    unsafe {
        let (name, value) = if ffi::PyTuple_Check(item) != 0 && ffi::PyTuple_GET_SIZE(item) == 2 {
            (ffi::PyTuple_GET_ITEM(item, 0), ffi::PyTuple_GET_ITEM(item, 1))
        } else if ffi::PyList_Check(item) != 0 && ffi::PyList_GET_SIZE(item) == 2 {
            (ffi::PyList_GET_ITEM(item, 0), ffi::PyList_GET_ITEM(item, 1))
        } else {
            return None;
        };
        (ffi::PyBytes_Check(name) != 0 && ffi::PyBytes_Check(value) != 0).then_some((name, value))
    }
}

/// A `send` that adds an answer's headers to the application's and passes all else through.
///
/// `origin` is the value of `Access-Control-Allow-Origin` where it is the request's own; `tail` are
/// the other headers.
#[inline]
pub(crate) fn wrap_send<'py>(
    send: &Bound<'py, PyAny>,
    origin: Option<&Bound<'py, PyBytes>>,
    tail: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = send.py();
    // SAFETY: `PyTuple_Pack` takes references of its own. `SEND` lives forever and is written by
    // nobody, and its function expects exactly this tuple as `self`.
    unsafe {
        let origin = origin.map_or_else(|| ffi::Py_None(), |origin| origin.as_ptr());
        let state = ffi::PyTuple_Pack(3, send.as_ptr(), origin, tail.as_ptr());
        let state = Bound::from_owned_ptr_or_err(py, state)?;
        let function = ffi::PyCFunction_NewEx(SEND.0.get(), state.as_ptr(), ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, function)
    }
}

struct Method(std::cell::UnsafeCell<ffi::PyMethodDef>);

// SAFETY: CPython only reads it; it wants a mutable pointer for history's sake.
unsafe impl Sync for Method {}

static SEND: Method = Method(std::cell::UnsafeCell::new(ffi::PyMethodDef {
    ml_name: c"send".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: send },
    ml_flags: ffi::METH_O,
    ml_doc: ptr::null(),
}));

unsafe extern "C" fn send(
    state: *mut ffi::PyObject,
    message: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls this with the GIL held, with the `self` that `wrap_send` gave (a tuple of
    // send, bytes or None, and tuple) and a live message. Panics abort, and nothing here panics.
    unsafe {
        let send = ffi::PyTuple_GET_ITEM(state, 0);
        if !is_start(message) {
            return ffi::PyObject_CallOneArg(send, message);
        }
        let py = Python::assume_attached();
        let origin = Borrowed::from_ptr(py, ffi::PyTuple_GET_ITEM(state, 1));
        let tail = Borrowed::from_ptr(py, ffi::PyTuple_GET_ITEM(state, 2)).cast_unchecked();
        let message = Borrowed::from_ptr(py, message).cast_unchecked();
        match start(&message, origin.cast::<PyBytes>().ok().as_deref(), &tail) {
            Ok(message) => ffi::PyObject_CallOneArg(send, message.as_ptr()),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    }
}

/// Whether a message starts a response. What is no `dict` is none of ours to look into.
///
/// # Safety
///
/// The GIL is held and `message` is a live object.
#[inline]
unsafe fn is_start(message: *mut ffi::PyObject) -> bool {
    // SAFETY: types are checked before they are relied on; the text lives as long as its object,
    // which the message holds.
    unsafe {
        if ffi::PyDict_Check(message) == 0 {
            return false;
        }
        let py = Python::assume_attached();
        let key = pyo3::intern!(py, "type");
        let kind = ffi::PyDict_GetItemWithError(message, key.as_ptr());
        if kind.is_null() {
            ffi::PyErr_Clear();
            return false;
        }
        if ffi::PyUnicode_Check(kind) == 0 {
            return false;
        }
        Borrowed::from_ptr(py, kind)
            .cast_unchecked::<PyString>()
            .to_str()
            .is_ok_and(|kind| kind == "http.response.start")
    }
}

/// A copy of the message that starts a response, with the answer's headers: applications send one
/// message many times.
fn start<'py>(
    message: &Bound<'py, PyDict>,
    origin: Option<&Bound<'py, PyBytes>>,
    tail: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = message.py();
    let key = pyo3::intern!(py, "headers");
    let given = message.get_item(key)?;
    let given = match given {
        None => PyList::empty(py),
        Some(given) => match given.cast_into::<PyList>() {
            Ok(list) => list,
            Err(error) => {
                let items = error.into_inner().try_iter()?.collect::<PyResult<Vec<_>>>()?;
                PyList::new(py, items)?
            }
        },
    };
    let headers = if concerns_us(&given) {
        answer::merge(&given, origin, tail)?
    } else {
        append(&given, origin, tail)?
    };
    let message = message.copy()?;
    message.set_item(key, headers)?;
    Ok(message)
}

/// Whether the application itself sets a header that concerns us.
fn concerns_us(headers: &Bound<'_, PyList>) -> bool {
    let py = headers.py();
    (0..headers.len()).any(|nth| {
        // SAFETY: as in `for_each_header`.
        unsafe {
            let header = ffi::PyList_GET_ITEM(headers.as_ptr(), nth.cast_signed());
            pair(header).is_some_and(|(name, _)| {
                let name = Borrowed::from_ptr(py, name).cast_unchecked::<PyBytes>();
                answer::is_ours(name.as_bytes())
            })
        }
    })
}

/// Headers and ours behind them, unread.
pub(crate) fn append<'py>(
    given: &Bound<'py, PyList>,
    origin: Option<&Bound<'py, PyBytes>>,
    tail: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyList>> {
    let py = given.py();
    let own_origin = origin.map(answer::allow_origin).transpose()?;
    let (theirs, ours) = (given.len(), tail.len());
    let total = theirs + usize::from(own_origin.is_some()) + ours;
    // SAFETY: the new list is filled completely before anything else sees it, each slot once, with a
    // reference of its own. In between no Python code runs, so that `given` keeps its length.
    unsafe {
        let list = ffi::PyList_New(total.cast_signed());
        let list = Bound::from_owned_ptr_or_err(py, list)?.cast_into_unchecked::<PyList>();
        let mut slot = 0;
        let mut push = |item: *mut ffi::PyObject| {
            ffi::Py_INCREF(item);
            ffi::PyList_SET_ITEM(list.as_ptr(), slot, item);
            slot += 1;
        };
        for nth in 0..theirs {
            push(ffi::PyList_GET_ITEM(given.as_ptr(), nth.cast_signed()));
        }
        if let Some(own_origin) = own_origin {
            push(own_origin.as_ptr());
        }
        for nth in 0..ours {
            push(ffi::PyTuple_GET_ITEM(tail.as_ptr(), nth.cast_signed()));
        }
        Ok(list)
    }
}

/// `object.__getattribute__`, which PyO3 does not lend.
pub(crate) fn generic_getattr<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: both are live objects, and the result is a new reference or an exception.
    unsafe {
        let value = ffi::PyObject_GenericGetAttr(object.as_ptr(), name.as_ptr());
        Bound::from_owned_ptr_or_err(object.py(), value)
    }
}
