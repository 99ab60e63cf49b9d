//! `crossgate check`: whether a policy holds.

use anstyle::{AnsiColor, Style};
use crossgate::Problem;

use crate::{Exit, args, policy_file, text};

pub(crate) fn run(args: &args::Check) -> Result<Exit, String> {
    let config = policy_file::read(&args.file)?;
    let policies = match config.policy_set() {
        Ok(policies) => policies,
        Err(error) => {
            print("problem", AnsiColor::Red.on_default().bold(), error.problems());
            return Ok(Exit::Problems);
        }
    };
    print("note", AnsiColor::Yellow.on_default(), policies.notes());
    let file = args.file.display().to_string();
    anstream::println!("{}: the policy holds", text::Line(file.as_bytes()));
    Ok(Exit::Fine)
}

fn print(kind: &str, style: Style, problems: &[Problem]) {
    for problem in problems {
        anstream::println!("{style}{kind}{style:#} {problem}");
    }
}
