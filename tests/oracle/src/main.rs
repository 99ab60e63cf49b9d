//! Runs random cross-origin fetches in real browsers and compares each with what
//! `crossgate::browser` says: what goes over the wire, what the page reads, and what the console
//! says of a fetch that is blocked. So it goes with answers that are scripted, and with policies in the
//! middleware of real servers, of which `explain` has to say the same.
//!
//! `cargo run -p oracle -- --cases 5000 --browser chromium,firefox`

mod case;
mod console;
mod generate;
mod judge;
mod launch;
mod marionette;
mod mounted;
mod random;
mod run;
mod sentinel;
mod server;

use std::{
    env,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use crossgate::browser::console::Engine;

use launch::is_installed;

fn main() -> ExitCode {
    let options = match Options::read(env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("oracle: {problem}");
            return ExitCode::from(2);
        }
    };
    println!("oracle: seed {}", options.seed);
    let (mut passed, mut failed) = (0, 0);
    for engine in options.engines {
        match run::run(engine, options.cases, options.seed) {
            Ok(tally) => {
                passed += tally.passed;
                failed += tally.failed;
            }
            Err(problem) => {
                println!("{}: {problem}", engine.as_str());
                failed += 1;
            }
        }
    }
    println!("oracle: {passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Options {
    cases: usize,
    engines: Vec<Engine>,
    seed: u64,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let installed = Engine::ALL.into_iter().filter(|engine| is_installed(*engine));
        let mut options = Self { cases: 5000, engines: installed.collect(), seed: now.as_secs() };
        while let Some(option) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{option}: `{value}` is no number"));
            match option.as_str() {
                "--cases" => options.cases = usize::try_from(number()?).unwrap_or(usize::MAX),
                "--seed" => options.seed = number()?,
                "--browser" => options.engines = engines(&value)?,
                _ => return Err(format!("{option} is none of --cases, --browser, --seed")),
            }
        }
        if options.engines.is_empty() {
            return Err(format!("no browser is installed ({INSTALL})"));
        }
        Ok(options)
    }
}

fn engines(list: &str) -> Result<Vec<Engine>, String> {
    let engine = |wanted: &str| {
        let mut engines = Engine::ALL.into_iter();
        match engines.find(|engine| engine.as_str().eq_ignore_ascii_case(wanted)) {
            Some(engine) if is_installed(engine) => Ok(engine),
            Some(_) => Err(format!("{wanted} is not installed ({INSTALL})")),
            None => Err(format!("`{wanted}` is none of chromium, firefox, webkit")),
        }
    };
    list.split(',').map(engine).collect()
}

const INSTALL: &str = "scripts/install-browser, scripts/install-firefox";
