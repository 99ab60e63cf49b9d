//! Facts that were seen in browsers or are read in the standard, as tables.

extern crate std;

mod answers;
mod requests;

use std::vec::Vec;

use super::*;

const PAGE: &str = "https://app.example.com";
const BROWSERS: [(&str, Profile); 4] = [
    ("standard", Profile::STANDARD),
    ("Chromium", Profile::CHROMIUM),
    ("Firefox", Profile::FIREFOX),
    ("WebKit", Profile::WEBKIT),
];

type Lines<'a> = &'a [(&'a str, &'a str)];

fn bytes(lines: Lines<'_>) -> Vec<(&str, &[u8])> {
    lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}
