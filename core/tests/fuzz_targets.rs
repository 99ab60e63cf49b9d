//! The fuzz targets, for a moment: every seed, and what a few thousand mutations make of them.
//! `make fuzz` goes on where this stops.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../tests/fuzz/grammar.rs"]
mod grammar;
#[path = "../../tests/fuzz/model.rs"]
mod model;
#[path = "../../tests/fuzz/promises.rs"]
mod promises;
#[path = "../../tests/fuzz/targets.rs"]
mod targets;

use std::{fmt, fs, path::Path};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::TestRunner,
};

#[test]
fn origin_pattern() {
    fuzz("origin_pattern", 3000, targets::origin_pattern);
}

#[test]
fn header_list() {
    fuzz("header_list", 3000, targets::header_list);
}

#[test]
fn expression() {
    // Each is compiled four times.
    fuzz("expression", 300, targets::expression);
}

#[test]
fn request() {
    fuzz("request", 3000, targets::request);
}

fn fuzz(name: &str, cases: u32, target: fn(&[u8])) {
    let seeds = seeds(name);
    assert!(seeds.len() >= 10, "{name} has {} seeds", seeds.len());
    for seed in &seeds {
        target(seed);
    }
    let mutated = (select(seeds.clone()), select(seeds), vec(mutation(), 1..8)).prop_map(
        |(mut data, other, mutations)| {
            for mutation in mutations {
                mutation.apply(&mut data, &other);
            }
            data
        },
    );
    let data = prop_oneof![9 => mutated, 1 => vec(any::<u8>(), 0..200)].prop_map(Data);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&data, |Data(data)| {
            target(&data);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

/// Shown as text.
struct Data(Vec<u8>);

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/seeds").join(name);
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// What libFuzzer does, without what it learns from coverage.
#[derive(Clone, Debug)]
enum Mutation {
    Insert(Index, Vec<u8>),
    Replace(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    /// The rest is the other seed's.
    Splice(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let word = select(WORDS.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![
        (any::<Index>(), word).prop_map(|(at, word)| Mutation::Insert(at, word)),
        (any::<Index>(), vec(any::<u8>(), 1..4)).prop_map(|(at, it)| Mutation::Insert(at, it)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<Index>(), 1_usize..8).prop_map(|(at, len)| Mutation::Remove(at, len)),
        (any::<Index>(), 1_usize..20, 2_usize..60)
            .prop_map(|(at, len, times)| Mutation::Repeat(at, len, times)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, from)| Mutation::Splice(at, from)),
    ]
}

impl Mutation {
    fn apply(self, data: &mut Vec<u8>, other: &[u8]) {
        let end = data.len();
        match self {
            Self::Insert(at, it) => {
                let at = at.index(end + 1);
                data.splice(at..at, it);
            }
            Self::Replace(at, byte) if end > 0 => data[at.index(end)] = byte,
            Self::Remove(at, len) if end > 0 => {
                let at = at.index(end);
                data.drain(at..end.min(at + len));
            }
            Self::Repeat(at, len, times) if end > 0 => {
                let at = at.index(end);
                let piece = data[at..end.min(at + len)].repeat(times);
                data.splice(at..at, piece);
            }
            Self::Splice(at, from) => {
                data.truncate(at.index(end + 1));
                data.extend_from_slice(&other[from.index(other.len() + 1)..]);
            }
            Self::Replace(..) | Self::Remove(..) | Self::Repeat(..) => {}
        }
    }
}

const WORDS: [&str; 24] = [
    "\n",
    " ",
    ",",
    ".",
    ":",
    "://",
    "*",
    "*.",
    ":*",
    "/",
    "[::1]",
    "127.0.0.1",
    "localhost",
    "https://app.example.com",
    "http://",
    ":8080",
    ":443",
    ".svc",
    ".cluster.local",
    "OPTIONS",
    "x-a",
    "mcp-param-",
    "authorization",
    "\t",
];
