//! `make instructions`: what `decide` costs, in x86-64 instructions, against limits. Callgrind counts
//! them whatever the machine's load, so a limit passed is a defect.
//!
//! This program runs itself under callgrind once a case and has it count only the decisions.
#![expect(clippy::expect_used, clippy::panic, reason = "a gate that cannot be measured fails")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env,
    hint::black_box,
    process::{self, Command, ExitCode},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crossgate::{Config, Policy, Request};

fn main() -> ExitCode {
    if let Some(name) = env::var_os("CROSSGATE_CASE") {
        decide_counted(&case(&name.into_string().expect("a name from below")));
    }
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        println!("instructions: counted on x86-64 Linux only");
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions: valgrind is missing (apt-get install valgrind)");
        // On a machine of continuous integration nothing is skipped.
        return if env::var_os("CI").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut counts = Vec::new();
        while let Some(&(name, limit)) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
            counts.push((name, per_decision(name), limit));
        }
        counts
    };
    let mut counts = thread::scope(|scope| {
        let other = scope.spawn(worker);
        let mut counts = worker();
        counts.extend(other.join().expect("a case was not counted"));
        counts
    });
    counts.push(("bytes an origin, of 1,000,000", bytes_per_origin(), MOST_BYTES));
    let mut failed = 0;
    println!("{:<44}{:>14}{:>10}", "decide", "instructions", "limit");
    for &(name, count, limit) in &counts {
        let mark = if count > limit { "  too many" } else { "" };
        failed += usize::from(count > limit);
        println!("{name:<44}{count:>14}{limit:>10}{mark}");
    }
    println!("{} passed, {failed} failed", counts.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Cases and their limits, the slow ones first.
const CASES: [(&str, u64); 25] = [
    ("1,000,000 origins: the first", 400),
    ("1,000,000 origins: the last", 400),
    ("1,000,000 origins: none of them", 400),
    ("1 MiB of commas", 5_000),
    ("1 MiB of one name, repeated", 5_000),
    ("1 MiB of distinct names", 5_000),
    ("1 MiB of one long name", 5_000),
    ("1 MiB of white space", 5_000),
    ("1 MiB of allowed names, reversed", 5_000),
    ("1 MiB of names that a prefix rule admits", 5_000),
    ("8 KiB of commas", 5_000),
    ("8 KiB of one name, repeated", 5_000),
    ("8 KiB of distinct names", 5_000),
    ("8 KiB of one long name", 5_000),
    ("8 KiB of white space", 5_000),
    ("1 KiB of commas", 15_000),
    ("1 KiB of one name, repeated", 15_000),
    ("1 KiB of white space", 15_000),
    ("1 KiB of 32 names that a prefix rule admits", 15_000),
    ("1 KiB of 32 names in the wrong order", 15_000),
    ("an origin of 8 KiB", 200),
    ("no Origin", 200),
    ("actual, allowed", 200),
    ("actual, refused", 200),
    ("preflight with four names", 900),
];

struct Case {
    policy: Policy,
    method: &'static [u8],
    origin: Option<Vec<u8>>,
    requested_method: Option<&'static [u8]>,
    requested_headers: Option<Vec<u8>>,
}

fn case(name: &str) -> Case {
    let actual = |origin: Option<&[u8]>| Case {
        policy: Policy::new(&CONFIG).expect("a valid configuration"),
        method: b"POST",
        origin: origin.map(Vec::from),
        requested_method: None,
        requested_headers: None,
    };
    match name {
        "no Origin" => return actual(None),
        "actual, allowed" => return actual(Some(ALLOWED)),
        "actual, refused" => return actual(Some(b"https://evil.example")),
        "an origin of 8 KiB" => {
            let origin = [b"https://".as_slice(), &[b'a'; 8184]].concat();
            return actual(Some(&origin));
        }
        _ => {}
    }
    if let Some(which) = name.strip_prefix("1,000,000 origins: ") {
        let nth = match which {
            "the first" => 0,
            "the last" => MANY - 1,
            _ => MANY,
        };
        return Case { policy: many(), ..actual(Some(tenant(nth).as_bytes())) };
    }
    let list = match name.split_once(" of ") {
        Some((size, content)) => {
            let size = match size {
                "1 KiB" => 1024,
                "8 KiB" => 8192,
                _ => 1 << 20,
            };
            list(size, content)
        }
        None => b"authorization,content-type,mcp-protocol-version,mcp-session-id".to_vec(),
    };
    Case {
        method: b"OPTIONS",
        requested_method: Some(b"DELETE"),
        requested_headers: Some(list),
        ..actual(Some(ALLOWED))
    }
}

fn list(size: usize, content: &str) -> Vec<u8> {
    let name: Box<dyn Fn(usize) -> String> = match content {
        "commas" => Box::new(|_| String::from(",")),
        "white space" => Box::new(|_| String::from(" \t")),
        "one name, repeated" => Box::new(|_| String::from("accept,")),
        "distinct names" => Box::new(|nth| format!("x-{nth:06},")),
        "one long name" => Box::new(|_| String::from("a")),
        "allowed names, reversed" => {
            Box::new(|_| String::from("mcp-session-id,content-type,authorization,"))
        }
        // Sorted and unique, as browsers send them.
        "names that a prefix rule admits" => Box::new(|nth| format!("mcp-param-{nth:06},")),
        "32 names that a prefix rule admits" => {
            Box::new(|nth| format!("mcp-param-{:020},", 100 - nth))
        }
        "32 names in the wrong order" => {
            Box::new(|nth| format!("{:?>31},", 32 - nth).replace('?', "x"))
        }
        _ => panic!("no list is named {content}"),
    };
    let mut list: Vec<u8> = (0..).flat_map(|nth| name(nth).into_bytes()).take(size).collect();
    if list.ends_with(b",") && content != "commas" {
        list.pop();
    }
    list
}

fn decide_counted(case: &Case) -> ! {
    let request = Request {
        method: case.method,
        path: b"/mcp",
        host: Some(b"api.example.com"),
        origin: case.origin.as_deref(),
        access_control_request_method: case.requested_method,
        access_control_request_headers: case.requested_headers.as_deref(),
    };
    callgrind(START);
    for _ in 0..TIMES {
        black_box(black_box(&case.policy).decide(black_box(&request)));
    }
    callgrind(STOP);
    process::exit(0)
}

/// Callgrind's client requests, which do nothing outside of it.
#[cfg(target_arch = "x86_64")]
fn callgrind(request: u64) {
    let arguments = [request, 0, 0, 0, 0, 0];
    // SAFETY: four rotations by 128 bits in sum and an exchange of a register with itself.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") 0_u64 => _,
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn callgrind(_: u64) {}

fn per_decision(name: &str) -> u64 {
    let program = env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .env("CROSSGATE_CASE", name)
        .output()
        .expect("valgrind is there");
    let report = String::from_utf8_lossy(&output.stderr);
    // "==1== Collected : 123456"
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    match collected.and_then(|(_, count)| count.trim().parse::<u64>().ok()) {
        Some(count @ TIMES..) if output.status.success() => count / TIMES,
        _ => panic!("callgrind counted nothing for `{name}`:\n{report}"),
    }
}

fn many() -> Policy {
    let origins: Vec<String> = (0..MANY).map(tenant).collect();
    let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
    Policy::new(&Config { allow_origins: &origins, ..CONFIG }).expect("a valid configuration")
}

fn tenant(nth: usize) -> String {
    format!("https://tenant-{nth:07}.example.com")
}

fn bytes_per_origin() -> u64 {
    let before = LIVE.load(Ordering::Relaxed);
    let policy = many();
    let after = LIVE.load(Ordering::Relaxed);
    drop(black_box(policy));
    ((after - before).div_ceil(MANY)) as u64
}

/// Counts the bytes in use.
struct Counting;

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's duties are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's duties are the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;
static LIVE: AtomicUsize = AtomicUsize::new(0);

const CONFIG: Config<'static> = Config {
    allow_origins: &[
        "https://app.example.com",
        "https://admin.example.com",
        "https://www.example.com",
    ],
    allow_methods: &["GET", "POST", "DELETE", "PUT"],
    allow_headers: &[
        "Authorization",
        "Content-Type",
        "Last-Event-ID",
        "Mcp-Param-*",
        "Mcp-Protocol-Version",
        "Mcp-Session-Id",
    ],
    allow_credentials: true,
    max_age: Some(600),
    ..Config::DEFAULT
};

const ALLOWED: &[u8] = b"https://www.example.com";
const MANY: usize = 1_000_000;
const MOST_BYTES: u64 = 100;
const TIMES: u64 = 1000;
const START: u64 = 0x4354_0004;
const STOP: u64 = 0x4354_0005;
