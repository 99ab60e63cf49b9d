//! JavaScript's strings as bytes, without an allocation for what requests usually contain.

use core::{mem::MaybeUninit, ops::Range, ptr, slice};

use napi::sys;

/// Room for the strings of one call, one after the other.
///
/// UTF-8, never Latin-1: for that N-API narrows each code unit to its low byte, so that
/// `https://app.example.co\u{16d}` would pass for `https://app.example.com`.
pub(crate) struct Texts {
    short: [MaybeUninit<u8>; SHORT],
    used: usize,
    /// Those that do not fit.
    long: Vec<u8>,
}

/// Where a string is.
pub(crate) enum Place {
    Absent,
    Short(Range<usize>),
    Long(Range<usize>),
}

impl Texts {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { short: [const { MaybeUninit::uninit() }; SHORT], used: 0, long: Vec::new() }
    }

    /// Reads a value; what is not a string is absent.
    ///
    /// # Safety
    ///
    /// `env` and `value` are those of the N-API callback that is running.
    #[inline]
    pub(crate) unsafe fn read(&mut self, env: sys::napi_env, value: sys::napi_value) -> Place {
        let room = SHORT - self.used;
        let mut len = 0;
        // SAFETY: there is as much room as is stated; N-API writes at most that and says how much.
        let status = unsafe {
            let start = self.short.as_mut_ptr().add(self.used);
            sys::napi_get_value_string_utf8(env, value, start.cast(), room, &raw mut len)
        };
        if status != sys::Status::napi_ok {
            return Place::Absent;
        }
        // N-API cuts without a word, though not within a character, and ends with a zero. What may
        // have been cut is read again, whole.
        if len + LONGEST_CHARACTER >= room {
            // SAFETY: as this function's.
            return unsafe { self.read_long(env, value) };
        }
        let start = self.used;
        self.used += len;
        Place::Short(start..self.used)
    }

    #[cold]
    unsafe fn read_long(&mut self, env: sys::napi_env, value: sys::napi_value) -> Place {
        let mut len = 0;
        // SAFETY: without a buffer N-API only measures.
        unsafe {
            sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut len);
        }
        let start = self.long.len();
        self.long.resize(start + len + 1, 0);
        // SAFETY: the room is of the stated length.
        unsafe {
            let room = self.long.as_mut_ptr().add(start);
            sys::napi_get_value_string_utf8(env, value, room.cast(), len + 1, &raw mut len);
        }
        self.long.truncate(start + len);
        Place::Long(start..start + len)
    }

    /// The bytes at a place that [`read`](Self::read) gave.
    #[inline]
    pub(crate) fn get(&self, place: &Place) -> Option<&[u8]> {
        match place {
            Place::Absent => None,
            // SAFETY: `read` has had these bytes written.
            Place::Short(Range { start, end }) => Some(unsafe {
                slice::from_raw_parts(self.short.as_ptr().add(*start).cast(), end - start)
            }),
            Place::Long(range) => self.long.get(range.clone()),
        }
    }
}

const SHORT: usize = 1024;
const LONGEST_CHARACTER: usize = 4;
