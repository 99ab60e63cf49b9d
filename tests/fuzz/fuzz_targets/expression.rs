#![no_main]

#[path = "../grammar.rs"]
mod grammar;
#[path = "../model.rs"]
mod model;
#[path = "../promises.rs"]
mod promises;
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::expression(data));
