//! A JavaScript string as bytes, without an allocation for what requests usually contain.

use core::mem::MaybeUninit;
use core::ptr;

use napi::sys;

/// UTF-8, never Latin-1: N-API narrows each code unit to its low byte for that, so that
/// `https://app.example.co\u{16d}` would pass for `https://app.example.com`.
pub(crate) struct Text {
    /// Bytes of `short`, or `ABSENT`.
    len: usize,
    short: [MaybeUninit<u8>; SHORT],
    long: Vec<u8>,
}

impl Text {
    /// No string.
    pub(crate) const fn absent() -> Self {
        Self { len: ABSENT, short: [MaybeUninit::uninit(); SHORT], long: Vec::new() }
    }

    /// Reads a value; what is not a string is absent.
    ///
    /// # Safety
    ///
    /// `env` and `value` are those of the N-API callback that is running.
    #[inline]
    pub(crate) unsafe fn read(&mut self, env: sys::napi_env, value: sys::napi_value) {
        let mut len = 0;
        // SAFETY: the buffer is of the stated length; N-API writes at most that and says how much.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                self.short.as_mut_ptr().cast(),
                SHORT,
                &raw mut len,
            )
        };
        if status != sys::Status::napi_ok {
            return;
        }
        self.len = len;
        // N-API cuts without a word, and not within a character: what may have been cut is read
        // again, whole.
        if len + LONGEST_CHARACTER >= SHORT {
            // SAFETY: as this function's.
            unsafe { self.read_long(env, value) };
        }
    }

    #[cold]
    unsafe fn read_long(&mut self, env: sys::napi_env, value: sys::napi_value) {
        let mut len = 0;
        // SAFETY: without a buffer N-API only measures.
        unsafe {
            sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut len);
        }
        // N-API ends what it writes with a zero.
        let mut long = vec![0; len + 1];
        // SAFETY: the buffer is of the stated length.
        unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                long.as_mut_ptr().cast(),
                long.len(),
                &raw mut len,
            );
        }
        long.truncate(len);
        self.long = long;
    }

    #[inline]
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if self.len == ABSENT {
            return None;
        }
        if !self.long.is_empty() {
            return Some(&self.long);
        }
        // SAFETY: `read` has had `len` bytes of the buffer written.
        Some(unsafe { core::slice::from_raw_parts(self.short.as_ptr().cast(), self.len) })
    }
}

const SHORT: usize = 512;
const LONGEST_CHARACTER: usize = 4;
const ABSENT: usize = usize::MAX;
