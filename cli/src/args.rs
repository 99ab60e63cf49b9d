//! What can be written behind `crossgate`: the text of every `--help`.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "crossgate",
    version,
    about = "Finds what is wrong with CORS: of a live server, of a message in the console, of a policy",
    after_help = "Exit status: 0 fine, 1 problems, 2 a vulnerability, 3 the question could not be put.\n\
                  Colour is left out when the output is no terminal or NO_COLOR is set."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Asks a live server what a browser would ask it, and says what a page would see.
    ///
    /// Sends OPTIONS and GET (HEAD with `--method HEAD`), never another method: whatever `--method` is,
    /// it is only asked for in the preflight, and the answer to a GET is judged in place of the answer
    /// to it. With `--mcp` it also sends POST `initialize` and `server/discover`, and a DELETE for each
    /// session that these begin. Follows no redirect.
    #[command(
        after_help = "Exit status: 0 fine, 1 problems, 2 a vulnerability, 3 no answer to judge."
    )]
    Doctor(Doctor),
    /// Explains a message of a browser's console, or what a policy makes of a page's request.
    ///
    /// Sends nothing. Exit status: 0 the page may, or the message is understood; 1 it may not, or is
    /// not; 3 no such file.
    Explain(Explain),
    /// Reads a policy file and tells every problem of it, each with its fix.
    ///
    /// Exit status: 0 the policy holds (there may be notes), 1 it has problems, 3 no such file.
    Check(Check),
    /// Prints the nginx server block of a policy, for an application that cannot be changed.
    ///
    /// In the block nginx owns CORS, and drops what the application says of it. Replace the
    /// certificate's two paths. Exit status: 0 printed, 1 the policy has problems, or says what a
    /// block cannot say; 3 no such file.
    Nginx(Nginx),
}

#[derive(Group)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Doctor {
    /// What the page fetches: an http or https URL.
    pub(crate) url: String,
    /// The page's origin, as in `https://app.example.com`.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: String,
    /// The page's method; asked for in the preflight, never sent.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    pub(crate) method: String,
    /// A header that the page sets, `NAME` or `NAME: VALUE`; may be repeated.
    ///
    /// A value is sent to this URL and one unknown path below it, nowhere else. `Cookie: …` is sent
    /// too, although no page could set it.
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The page fetches with cookies (`credentials: 'include'`).
    #[arg(long)]
    pub(crate) credentials: bool,
    /// The URL is an MCP endpoint: asks for all that its clients need.
    #[arg(long)]
    pub(crate) mcp: bool,
    /// One JSON object in place of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// How long one answer may take, in seconds: 1 to 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(crate) timeout: u64,
    /// Takes any certificate of the server, for one that signed its own.
    #[arg(long)]
    pub(crate) insecure: bool,
}

#[derive(Group)]
pub(crate) struct Explain {
    /// A policy file, JSON or TOML: needs `--origin` beside it.
    #[arg(required_unless_present = "console", conflicts_with = "console", requires = "origin")]
    pub(crate) file: Option<PathBuf>,
    /// What Chromium, Firefox or Safari printed; `-` reads it from standard input.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) console: Option<String>,
    /// The page's origin, as in `https://app.example.com`.
    #[arg(long, value_name = "ORIGIN", conflicts_with = "console")]
    pub(crate) origin: Option<String>,
    /// The page's method.
    #[arg(long, value_name = "METHOD", default_value = "GET", conflicts_with = "console")]
    pub(crate) method: String,
    /// A header that the page sets, `NAME` or `NAME: VALUE`; may be repeated.
    #[arg(long = "header", value_name = "HEADER", conflicts_with = "console")]
    pub(crate) headers: Vec<String>,
    /// The page fetches with cookies (`credentials: 'include'`).
    #[arg(long, conflicts_with = "console")]
    pub(crate) credentials: bool,
    /// What the page fetches: a whole URL. Its path chooses the policy, its host is what is checked.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://localhost/",
        conflicts_with = "console"
    )]
    pub(crate) url: String,
    /// One JSON object in place of text.
    #[arg(long, conflicts_with = "console")]
    pub(crate) json: bool,
}

#[derive(Group)]
pub(crate) struct Check {
    /// A policy file: JSON if its name ends in `.json`, else TOML.
    pub(crate) file: PathBuf,
}

#[derive(Group)]
pub(crate) struct Nginx {
    /// A policy file: JSON if its name ends in `.json`, else TOML.
    pub(crate) file: PathBuf,
    /// Where the application listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    pub(crate) upstream: String,
    /// The path below which the application is; without a slash at its end, `/` itself aside.
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub(crate) location: String,
}
