//! `crossgate`, the command: what is wrong with the CORS of a live server, what a browser's words
//! mean, and whether a policy file holds.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod check;
mod console;
mod doctor;
mod explain;
mod nginx;
mod policy_file;
mod text;

/// How a command ends: its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Nothing is wrong.
    Fine = 0,
    /// Something is wrong, and the output says what.
    Problems = 1,
    /// Any page, or one that pretends to be another, can act as a visitor.
    Vulnerable = 2,
    /// The question could not be put: no such file, no such server.
    Unable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // To standard output, if it is help that was asked for.
            let _ = error.print();
            return if error.use_stderr() { Exit::Unable } else { Exit::Fine }.into();
        }
    };
    let done = match args.command {
        args::Command::Doctor(doctor) => doctor::run(&doctor),
        args::Command::Explain(explain) => explain::run(&explain),
        args::Command::Check(check) => check::run(&check),
        args::Command::Nginx(nginx) => nginx::run(&nginx),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(message) => {
            anstream::eprintln!("crossgate: {message}");
            Exit::Unable.into()
        }
    }
}
