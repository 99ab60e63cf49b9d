//! `decide` does not allocate: not for any vector, and not for lists made to hurt.

#[path = "../../tests/vector_files.rs"]
#[expect(dead_code, reason = "the runner of the vectors reads more of them")]
mod vector_files;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use crossgate::{Config, Policy, Request};
use vector_files::{OwnedRequest, all};

#[test]
fn no_vector_allocates() {
    let mut decided = 0;
    let mut allocating = Vec::new();
    for (name, file) in all() {
        for case in file.cases.iter().filter(|case| case.want.contains_key("decision")) {
            // That it builds is the runner's concern.
            let Ok(Ok(policies)) = file.build(case) else { continue };
            let request = OwnedRequest::from(&case.request);
            let count = allocations(|| case.decide(&policies, &request).verdict());
            decided += 1;
            if count > 0 {
                allocating.push(format!("{name}: it {}: {count} allocations", case.name));
            }
        }
    }
    assert!(allocating.is_empty(), "{}", allocating.join("\n"));
    assert!(decided >= 150, "only {decided} rows were found");
}

#[test]
fn no_hostile_list_allocates() {
    let policy = Policy::new(&Config {
        allow_origins: &["https://app.example.com"],
        allow_hosts: Some(&["*"]),
        ..Config::MCP
    })
    .unwrap();
    for size in [1024, 8 << 10, 1 << 20] {
        for element in ["", "accept", "authorization", " \t", "X-A", "mcp-param-a", "\u{e4}", "a b"]
        {
            for separator in [",", ", ", ",,", " , ", ""] {
                let list = format!("{element}{separator}").repeat(size);
                let list = list.as_bytes().get(..size).unwrap_or(list.as_bytes());
                let request = Request {
                    method: b"OPTIONS",
                    path: b"/",
                    origin: Some(b"https://app.example.com"),
                    access_control_request_method: Some(b"PUT"),
                    access_control_request_headers: Some(list),
                    ..Request::default()
                };
                let count = allocations(|| policy.decide(&request).verdict());
                assert_eq!(count, 0, "{size} bytes of `{element}{separator}`");
            }
        }
    }
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| ()), 0);
    assert_eq!(allocations(|| Box::new(1)), 1);
    assert!(allocations(|| Policy::new(&Config::PUBLIC)) > 0);
}

/// How often `work` allocates.
fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let before = COUNT.get();
    let done = std::hint::black_box(work());
    let after = COUNT.get();
    drop(done);
    after - before
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's duties are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's duties are the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

std::thread_local! {
    // Tests run side by side: each thread counts its own.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}
