//! Unsafe code: what safe `PyO3` has no equally cheap form for, each with its measured worth.
//!
//! - Reading header lines through borrowed references instead of one reference count up and down
//!   for each object touched.
//! - A `send` that is a builtin function over a tuple: `CPython` calls it without making an argument
//!   tuple or a frame, which is most of what a streaming response pays a middleware for.
//! - What was made for the last origin, in a cell that the GIL guards: a lock is a fortieth of an
//!   allowed request.

use std::{cell::UnsafeCell, ptr};

use pyo3::{
    exceptions::PyTypeError,
    ffi,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString, PyTuple},
};

use crate::answer;
use access::{call_one, list_item, list_len, set_list_item, text_len, tuple_item, tuple_len};

/// Calls `take` with the name and value of each header whose name has one of the lengths that are
/// bits of `lengths`, or one that differs from them by a multiple of 64.
#[inline]
pub(crate) fn for_each_header<'py>(
    headers: &Bound<'py, PyList>,
    lengths: u64,
    mut take: impl FnMut(&[u8], Borrowed<'_, 'py, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    let py = headers.py();
    let mut nth = 0;
    while nth < headers.len() {
        // SAFETY: the GIL is held and nothing runs Python code before the item's last use (`take`
        // compares bytes and counts references), so that the list and its items stay as they are.
        // `nth` is within bounds.
        let header = unsafe { pair(py, list_item(headers.as_ptr(), nth.cast_signed())) };
        let Some((name, value)) = header else {
            return Err(no_pair());
        };
        let name = name.as_bytes();
        if lengths >> (name.len() & 63) & 1 == 1 {
            take(name, value)?;
        }
        nth += 1;
    }
    Ok(())
}

#[cold]
fn no_pair() -> PyErr {
    PyTypeError::new_err("a header of the scope is no pair of bytes")
}

/// The name and value of a header, when it is a tuple or list of two whose name is `bytes`.
///
/// # Safety
///
/// `item` is a live object; what is returned is borrowed from it.
#[inline]
unsafe fn pair<'a>(
    py: Python<'_>,
    item: *mut ffi::PyObject,
) -> Option<(Borrowed<'a, '_, PyBytes>, Borrowed<'a, '_, PyAny>)> {
    // SAFETY: the type is checked before each access, and the length before the items.
    unsafe {
        // What servers and applications make is told by one comparison each.
        let (name, value) = if ffi::PyTuple_CheckExact(item) != 0 && tuple_len(item) == 2 {
            (tuple_item(item, 0), tuple_item(item, 1))
        } else {
            items_of_any(item)?
        };
        if ffi::PyBytes_CheckExact(name) == 0 && ffi::PyBytes_Check(name) == 0 {
            return None;
        }
        Some((Borrowed::from_ptr(py, name).cast_unchecked(), Borrowed::from_ptr(py, value)))
    }
}

/// As [`pair`], whatever the items are.
#[cold]
unsafe fn items_of_any(
    item: *mut ffi::PyObject,
) -> Option<(*mut ffi::PyObject, *mut ffi::PyObject)> {
    // SAFETY: as in `pair`.
    unsafe {
        if ffi::PyTuple_Check(item) != 0 && tuple_len(item) == 2 {
            Some((tuple_item(item, 0), tuple_item(item, 1)))
        } else if ffi::PyList_Check(item) != 0 && list_len(item) == 2 {
            Some((list_item(item, 0), list_item(item, 1)))
        } else {
            None
        }
    }
}

/// `scope.setdefault(key, value)`, in one look-up.
#[inline]
pub(crate) fn set_default<'py>(
    scope: &Bound<'py, PyDict>,
    key: &Bound<'py, PyString>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    #[cfg(not(feature = "abi3"))]
    // SAFETY: all are live objects; the result is borrowed from the dict, or null with an exception.
    unsafe {
        let found = ffi::PyDict_SetDefault(scope.as_ptr(), key.as_ptr(), value.as_ptr());
        Bound::from_borrowed_ptr_or_err(scope.py(), found)
    }
    #[cfg(feature = "abi3")]
    match scope.get_item(key)? {
        Some(found) => Ok(found),
        None => scope.set_item(key, value).map(|()| value.clone()),
    }
}

/// A `send` that adds an answer's headers to the application's and passes all else through.
#[inline]
pub(crate) fn wrap_send<'py>(
    send: &Bound<'py, PyAny>,
    headers: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = send.py();
    let state = (send, headers).into_pyobject(py)?;
    // SAFETY: `SEND` lives forever and is written by nobody, and its function expects exactly this
    // tuple as `self`.
    unsafe {
        let function = ffi::PyCFunction_NewEx(SEND.0.get(), state.as_ptr(), ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, function)
    }
}

struct Method(UnsafeCell<ffi::PyMethodDef>);

// SAFETY: CPython only reads it; it wants a mutable pointer for history's sake.
unsafe impl Sync for Method {}

static SEND: Method = Method(UnsafeCell::new(ffi::PyMethodDef {
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
    // send and a tuple) and a live message. Panics abort, and nothing here panics.
    unsafe {
        let send = tuple_item(state, 0);
        if !is_start(message) {
            return call_one(send, message);
        }
        let py = Python::assume_attached();
        let headers = Borrowed::from_ptr(py, tuple_item(state, 1)).cast_unchecked();
        let message = Borrowed::from_ptr(py, message).cast_unchecked();
        match start(&message, &headers) {
            Ok(message) => call_one(send, message.as_ptr()),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    }
}

/// Runs what is off the hot path. `PyO3` frees at once only what is dropped in a call that it knows
/// of, and of those that `CPython` makes here directly it does not: telling it costs as much as two
/// look-ups.
pub(crate) fn attached<R>(cold: impl FnOnce() -> R) -> R {
    Python::attach(|_| cold())
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
        // Their lengths tell the types of messages apart before any text is read.
        if ffi::PyUnicode_Check(kind) == 0 || text_len(kind) != START.len().cast_signed() {
            return false;
        }
        Borrowed::from_ptr(py, kind)
            .cast_unchecked::<PyString>()
            .to_str()
            .is_ok_and(|kind| kind == START)
    }
}

const START: &str = "http.response.start";

/// A copy of the message that starts a response, with the answer's headers: applications send one
/// message many times.
fn start<'py>(
    message: &Bound<'py, PyDict>,
    ours: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = message.py();
    let key = pyo3::intern!(py, "headers");
    let given = dict_item(message, key.as_any())?;
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
        attached(|| answer::merge(&given, ours))?
    } else {
        append(&given, ours)?
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
            let header = list_item(headers.as_ptr(), nth.cast_signed());
            pair(py, header).is_some_and(|(name, _)| answer::is_ours(name.as_bytes()))
        }
    })
}

/// Headers and ours behind them, unread.
pub(crate) fn append<'py>(
    given: &Bound<'py, PyList>,
    ours: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyList>> {
    let py = given.py();
    let (theirs, own) = (given.len(), ours.len());
    // SAFETY: the new list is filled completely before anything else sees it, each slot once, with a
    // reference of its own. In between no Python code runs, so that `given` keeps its length.
    unsafe {
        let list = ffi::PyList_New((theirs + own).cast_signed());
        let list = Bound::from_owned_ptr_or_err(py, list)?.cast_into_unchecked::<PyList>();
        let mut slot = 0;
        let mut push = |item: *mut ffi::PyObject| {
            ffi::Py_INCREF(item);
            set_list_item(list.as_ptr(), slot, item);
            slot += 1;
        };
        for nth in 0..theirs {
            push(list_item(given.as_ptr(), nth.cast_signed()));
        }
        for nth in 0..own {
            push(tuple_item(ours.as_ptr(), nth.cast_signed()));
        }
        Ok(list)
    }
}

/// What was made for the last origin: one page sends many requests.
pub(crate) struct Last(UnsafeCell<Option<(Py<PyBytes>, Py<PyTuple>)>>);

// SAFETY: the cell is reached with the GIL held, by a token, and never across Python code.
unsafe impl Sync for Last {}

impl Last {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    #[inline]
    pub(crate) fn get<'py>(&self, origin: &Bound<'py, PyBytes>) -> Option<Bound<'py, PyTuple>> {
        // SAFETY: the GIL is held, and while this refers to the cell no Python code runs.
        let (known, made) = unsafe { (*self.0.get()).as_ref()? };
        let py = origin.py();
        (known.as_bytes(py) == origin.as_bytes()).then(|| made.bind(py).clone())
    }

    #[cold]
    pub(crate) fn set(&self, origin: &Bound<'_, PyBytes>, made: &Bound<'_, PyTuple>) {
        // One of a subclass may belong to the application, and refer to more.
        if origin.is_exact_instance_of::<PyBytes>() {
            let new = (origin.clone().unbind(), made.clone().unbind());
            // SAFETY: as in `get`; what was there is dropped when nothing refers to the cell.
            drop(unsafe { (*self.0.get()).replace(new) });
        }
    }
}

/// An entry of a dict.
#[inline]
pub(crate) fn dict_item<'py>(
    dict: &Bound<'py, PyDict>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = dict.py();
    // SAFETY: both are live; the result is borrowed from the dict and made our own at once, or null,
    // with an exception or without.
    unsafe {
        let found = ffi::PyDict_GetItemWithError(dict.as_ptr(), key.as_ptr());
        if found.is_null() {
            return absent(py);
        }
        Ok(Some(Bound::from_borrowed_ptr(py, found)))
    }
}

#[cold]
fn absent<T>(py: Python<'_>) -> PyResult<Option<T>> {
    PyErr::take(py).map_or(Ok(None), Err)
}

/// `object.__getattribute__`, which `PyO3` does not lend.
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

/// Access without checks, for which the stable ABI has checked functions that do the same.
mod access {
    #[cfg(not(feature = "abi3"))]
    pub(super) use pyo3::ffi::{
        PyList_GET_ITEM as list_item, PyList_GET_SIZE as list_len,
        PyList_SET_ITEM as set_list_item, PyTuple_GET_ITEM as tuple_item,
        PyTuple_GET_SIZE as tuple_len, PyUnicode_GET_LENGTH as text_len,
    };
    #[cfg(feature = "abi3")]
    pub(super) use pyo3::ffi::{
        PyList_GetItem as list_item, PyList_SetItem as set_list_item, PyList_Size as list_len,
        PyTuple_GetItem as tuple_item, PyTuple_Size as tuple_len, PyUnicode_GetLength as text_len,
    };

    /// `PyObject_CallOneArg`, which `PyO3` makes of three calls where `CPython` has one.
    #[cfg(not(feature = "abi3"))]
    #[inline]
    pub(super) unsafe fn call_one(
        function: *mut pyo3::ffi::PyObject,
        argument: *mut pyo3::ffi::PyObject,
    ) -> *mut pyo3::ffi::PyObject {
        let mut arguments = [std::ptr::null_mut(), argument];
        let count = 1 | 1 << (usize::BITS - 1);
        // SAFETY: the caller's; by the count's highest bit the callee may use the slot before the
        // argument.
        unsafe {
            let first = arguments.as_mut_ptr().add(1);
            pyo3::ffi::PyObject_Vectorcall(function, first, count, std::ptr::null_mut())
        }
    }

    #[cfg(feature = "abi3")]
    pub(super) unsafe fn call_one(
        function: *mut pyo3::ffi::PyObject,
        argument: *mut pyo3::ffi::PyObject,
    ) -> *mut pyo3::ffi::PyObject {
        let end = std::ptr::null_mut::<pyo3::ffi::PyObject>();
        // SAFETY: the caller's; the arguments end with a null.
        unsafe { pyo3::ffi::PyObject_CallFunctionObjArgs(function, argument, end) }
    }
}
