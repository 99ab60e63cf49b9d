//! The hot path: one call from JavaScript, strings in, an integer or a string out.
//!
//! Functions bound to their policy, made by `napi_create_function` itself: a method of a class costs
//! six times as much (it unwraps, checks a tag and borrows), and an object for an answer thirty
//! times. A few raw calls are the price.

use core::{ffi::c_void, ptr};
use std::sync::Arc;

use crossgate::{Policy, PolicySet, Request, Verdict};
use napi::{Env, Error, Result, Status, Unknown, bindgen_prelude::FromNapiValue, sys};

use crate::{
    bridge,
    text::{Place, Texts},
};

/// What a function of JavaScript is bound to.
struct Bound {
    set: Arc<PolicySet>,
    index: usize,
}

/// `verdict(origin, host, method, acrm, acrh, given) → u32`; later arguments may be left out.
pub(crate) fn verdict(env: &Env, set: Arc<PolicySet>, index: usize) -> Result<Unknown<'_>> {
    bind(env, Bound { set, index }, on_verdict)
}

/// `body(origin, host, method, acrm, acrh, verdict) → string`, of a refusal.
pub(crate) fn body(env: &Env, set: Arc<PolicySet>, index: usize) -> Result<Unknown<'_>> {
    bind(env, Bound { set, index }, on_body)
}

unsafe extern "C" fn on_verdict(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: these are the callback's own.
    let verdict = unsafe {
        with_request(env, info, |policy, request, last| {
            let mut given = false;
            match last.map(|value| sys::napi_get_value_bool(env, value, &raw mut given)) {
                Some(sys::Status::napi_ok) => policy.verdict_given(request, given),
                _ => policy.verdict(request),
            }
        })
    };
    let mut result = ptr::null_mut();
    // SAFETY: within the callback.
    unsafe {
        sys::napi_create_uint32(env, verdict.map_or(0, |verdict| verdict.0), &raw mut result)
    };
    result
}

unsafe extern "C" fn on_body(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: these are the callback's own.
    let body = unsafe {
        with_request(env, info, |policy, request, last| {
            let mut verdict = 0;
            last.map(|value| sys::napi_get_value_uint32(env, value, &raw mut verdict));
            policy.body(Verdict(verdict), *request)
        })
    };
    let (_, body) = body.flatten().unwrap_or_default();
    let mut result = ptr::null_mut();
    // SAFETY: within the callback, and the bytes are as many as is stated.
    unsafe {
        sys::napi_create_string_utf8(
            env,
            body.as_ptr().cast(),
            body.len().cast_signed(),
            &raw mut result,
        );
    }
    result
}

/// Reads a call's arguments: five strings, and one more.
///
/// # Safety
///
/// `env` and `info` are those of the callback of a function that [`bind`] made, which is running.
#[inline]
unsafe fn with_request<R>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    answer: impl FnOnce(&Policy, &Request<'_>, Option<sys::napi_value>) -> R,
) -> Option<R> {
    let mut values = [ptr::null_mut(); ARGUMENTS];
    let mut count = ARGUMENTS;
    let mut bound = ptr::null_mut();
    // SAFETY: the array is of the stated length; `bound` is what `bind` gave.
    let bound = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &raw mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            &raw mut bound,
        );
        &*bound.cast::<Bound>()
    };
    let mut texts = Texts::new();
    let mut read = |nth: usize| match values.get(nth) {
        // SAFETY: both come from this call.
        Some(&value) if nth < count => unsafe { texts.read(env, value) },
        _ => Place::Absent,
    };
    let (origin, host, method) = (read(0), read(1), read(2));
    let (requested_method, requested_headers) = (read(3), read(4));
    let request = Request {
        method: texts.get(&method).unwrap_or(b"GET"),
        path: b"/",
        host: texts.get(&host),
        origin: texts.get(&origin),
        access_control_request_method: texts.get(&requested_method),
        access_control_request_headers: texts.get(&requested_headers),
    };
    let last = values.last().copied().filter(|_| count >= ARGUMENTS);
    bridge::policy(&bound.set, bound.index).map(|policy| answer(policy, &request, last))
}

fn bind(env: &Env, bound: Bound, callback: Callback) -> Result<Unknown<'_>> {
    let bound = Box::into_raw(Box::new(bound));
    let mut function = ptr::null_mut();
    // SAFETY: `bound` lives until `release`, which runs once, when the function is collected.
    unsafe {
        check(sys::napi_create_function(
            env.raw(),
            ptr::null(),
            0,
            Some(callback),
            bound.cast(),
            &raw mut function,
        ))?;
        check(sys::napi_add_finalizer(
            env.raw(),
            function,
            bound.cast(),
            Some(release),
            ptr::null_mut(),
            ptr::null_mut(),
        ))?;
        Unknown::from_napi_value(env.raw(), function)
    }
}

unsafe extern "C" fn release(_: sys::napi_env, bound: *mut c_void, _: *mut c_void) {
    // SAFETY: `bind` made it by `Box::into_raw`, and N-API calls this once.
    drop(unsafe { Box::from_raw(bound.cast::<Bound>()) });
}

fn check(status: sys::napi_status) -> Result<()> {
    if status == sys::Status::napi_ok {
        return Ok(());
    }
    Err(Error::new(Status::from(status), "the function could not be made"))
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

const ARGUMENTS: usize = 6;
