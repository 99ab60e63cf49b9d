//! The core as a plain WebAssembly module, without a runtime of any kind: `wasm.js` is its only
//! caller. Strings go through one buffer, results are integers or are left in another.

#[path = "../../src/bridge.rs"]
mod bridge;

use std::cell::RefCell;

use crossgate::{Policy, PolicySet, Request, Verdict};

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// A module's memory belongs to one thread.
#[derive(Default)]
struct State {
    /// What the caller has written.
    input: Vec<u8>,
    /// What the last call has left.
    output: String,
    sets: Vec<Option<PolicySet>>,
}

/// Makes room for what the caller writes, and says where.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.input.resize(len.max(state.input.len()), 0);
        state.input.as_mut_ptr()
    })
}

/// Where the last result is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

/// Leaves the presets.
#[unsafe(no_mangle)]
pub extern "C" fn presets() -> usize {
    leave(bridge::presets())
}

/// Parses the configuration of `len` bytes: a number for the policies, or -1 and their problems.
#[unsafe(no_mangle)]
pub extern "C" fn compile(len: usize, mcp: bool) -> i32 {
    STATE.with_borrow_mut(|state| {
        let config = state.input.get(..len).and_then(|bytes| core::str::from_utf8(bytes).ok());
        match bridge::parse(config.unwrap_or_default(), mcp) {
            Err(problems) => {
                state.output = problems;
                -1
            }
            Ok(set) => {
                let free = state.sets.iter().position(Option::is_none);
                let number = free.unwrap_or(state.sets.len());
                if free.is_none() {
                    state.sets.push(None);
                }
                state.output = bridge::notes(&set);
                if let Some(place) = state.sets.get_mut(number) {
                    *place = Some(set);
                }
                i32::try_from(number).unwrap_or(-1)
            }
        }
    })
}

/// Drops policies that nobody can name any more.
#[unsafe(no_mangle)]
pub extern "C" fn release(set: usize) {
    STATE.with_borrow_mut(|state| {
        if let Some(place) = state.sets.get_mut(set) {
            *place = None;
        }
    });
}

/// The length of what the last call has left.
#[unsafe(no_mangle)]
pub extern "C" fn output_len() -> usize {
    STATE.with_borrow(|state| state.output.len())
}

/// How many policies a set has.
#[unsafe(no_mangle)]
pub extern "C" fn count(set: usize) -> usize {
    STATE.with_borrow(|state| state.set(set).map_or(0, |set| set.policies().count()))
}

/// The number of the policy for the path of `len` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn at(set: usize, len: usize) -> usize {
    STATE.with_borrow(|state| {
        let path = state.input.get(..len).unwrap_or_default();
        state.set(set).map_or(0, |set| bridge::at(set, path))
    })
}

/// Leaves what becomes of the page's request of `len` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn explain(set: usize, len: usize) -> usize {
    let explained = STATE.with_borrow(|state| {
        let page = state.input.get(..len).and_then(|bytes| core::str::from_utf8(bytes).ok());
        state.set(set).map(|set| bridge::explain(set, page.unwrap_or_default()))
    });
    leave(explained.unwrap_or_default())
}

/// The verdict on the request in the buffer, the strings of which have these lengths, -1 for one
/// that is absent; `given` is 1 or 0 for the host program's word, else there is none.
#[unsafe(no_mangle)]
pub extern "C" fn verdict(
    set: usize,
    index: usize,
    given: i32,
    origin: i32,
    host: i32,
    method: i32,
    requested_method: i32,
    requested_headers: i32,
) -> u32 {
    let lengths = [origin, host, method, requested_method, requested_headers];
    STATE.with_borrow(|state| {
        let verdict = state.decide(set, index, lengths, |policy, request| match given {
            0 | 1 => policy.verdict_given(request, given == 1),
            _ => policy.verdict(request),
        });
        verdict.map_or(0, |verdict| verdict.0)
    })
}

/// Leaves what a refusal says.
#[unsafe(no_mangle)]
pub extern "C" fn body(
    set: usize,
    index: usize,
    verdict: u32,
    origin: i32,
    host: i32,
    method: i32,
    requested_method: i32,
    requested_headers: i32,
) -> usize {
    let lengths = [origin, host, method, requested_method, requested_headers];
    let body = STATE.with_borrow(|state| {
        state.decide(set, index, lengths, |policy, request| policy.body(Verdict(verdict), *request))
    });
    leave(body.flatten().map(|(_, body)| body).unwrap_or_default())
}

/// Leaves everything that a verdict says.
#[unsafe(no_mangle)]
pub extern "C" fn answer(
    set: usize,
    index: usize,
    verdict: u32,
    origin: i32,
    host: i32,
    method: i32,
    requested_method: i32,
    requested_headers: i32,
) -> usize {
    let lengths = [origin, host, method, requested_method, requested_headers];
    let answer = STATE.with_borrow(|state| {
        state.decide(set, index, lengths, |policy, request| {
            bridge::answer(policy, verdict, *request)
        })
    });
    leave(answer.unwrap_or_default())
}

impl State {
    fn set(&self, number: usize) -> Option<&PolicySet> {
        self.sets.get(number)?.as_ref()
    }

    fn decide<R>(
        &self,
        set: usize,
        index: usize,
        lengths: [i32; 5],
        decide: impl FnOnce(&Policy, &Request<'_>) -> R,
    ) -> Option<R> {
        let mut rest = self.input.as_slice();
        let [origin, host, method, requested_method, requested_headers] = lengths.map(|length| {
            let (text, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            rest = after;
            Some(text)
        });
        let request = Request {
            method: method.unwrap_or(b"GET"),
            path: b"/",
            host,
            origin,
            access_control_request_method: requested_method,
            access_control_request_headers: requested_headers,
        };
        bridge::policy(self.set(set)?, index).map(|policy| decide(policy, &request))
    }
}

fn leave(text: String) -> usize {
    STATE.with_borrow_mut(|state| {
        state.output = text;
        state.output.len()
    })
}
