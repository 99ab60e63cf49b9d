//! The hot path: one call from JavaScript, strings in, an integer out.
//!
//! A function bound to its policy, made by `napi_create_function` itself: a method of a class costs
//! six times as much (it unwraps, checks a tag and borrows), and an object for an answer thirty
//! times. Three raw calls are the price.

use core::{ffi::c_void, ptr};
use std::sync::Arc;

use crossgate::{PolicySet, Request};
use napi::{Env, Error, Result, Status, Unknown, bindgen_prelude::FromNapiValue, sys};

use crate::{bridge, text::Text};

/// What a function of JavaScript is bound to.
struct Bound {
    set: Arc<PolicySet>,
    index: usize,
}

/// `verdict(origin, host, method, acrm, acrh, given) → u32`; later arguments may be left out.
pub(crate) fn bind(env: &Env, set: Arc<PolicySet>, index: usize) -> Result<Unknown<'_>> {
    let bound = Box::into_raw(Box::new(Bound { set, index }));
    let mut function = ptr::null_mut();
    // SAFETY: `bound` lives until `release`, which runs once, when the function is collected.
    unsafe {
        check(sys::napi_create_function(
            env.raw(),
            ptr::null(),
            0,
            Some(verdict),
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

unsafe extern "C" fn verdict(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
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
    let mut texts = const { [const { Text::absent() }; TEXTS] };
    for (text, value) in texts.iter_mut().zip(values).take(count) {
        // SAFETY: both come from this call.
        unsafe { text.read(env, value) };
    }
    let [origin, host, method, requested_method, requested_headers] = &texts;
    let request = Request {
        method: method.bytes().unwrap_or(b"GET"),
        path: b"/",
        host: host.bytes(),
        origin: origin.bytes(),
        access_control_request_method: requested_method.bytes(),
        access_control_request_headers: requested_headers.bytes(),
    };
    let given = values.get(TEXTS).filter(|_| count > TEXTS).and_then(|&value| {
        let mut given = false;
        // SAFETY: the value comes from this call.
        let status = unsafe { sys::napi_get_value_bool(env, value, &raw mut given) };
        (status == sys::Status::napi_ok).then_some(given)
    });
    let verdict = bridge::policy(&bound.set, bound.index).map_or(0, |policy| match given {
        None => policy.verdict(&request).0,
        Some(given) => policy.verdict_given(&request, given).0,
    });
    let mut result = ptr::null_mut();
    // SAFETY: within the callback.
    unsafe { sys::napi_create_uint32(env, verdict, &raw mut result) };
    result
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

const TEXTS: usize = 5;
const ARGUMENTS: usize = TEXTS + 1;
