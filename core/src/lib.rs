//! One policy, written once, decides every cross-origin question a web server is asked.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod config;
mod preset;

pub use config::Config;
