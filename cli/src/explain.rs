//! `crossgate explain`: of a policy here, of a console message in [`console`](crate::console).

use std::path::Path;

use crossgate::browser::Fetch;

use crate::{Exit, args, console, policy_file, text};

pub(crate) fn run(args: &args::Explain) -> Result<Exit, String> {
    match (&args.console, &args.file, &args.origin) {
        (Some(pasted), ..) => console::run(pasted),
        (None, Some(file), Some(origin)) => policy(args, file, origin),
        _ => Err(String::from("state a policy file and --origin, or --console")),
    }
}

fn policy(args: &args::Explain, file: &Path, origin: &str) -> Result<Exit, String> {
    let policies = match policy_file::read(file)?.policy_set() {
        Ok(policies) => policies,
        Err(error) => {
            return Err(format!("{}: the policy does not hold:\n{error}", file.display()));
        }
    };
    let headers: Vec<(&str, &str)> = args.headers.iter().map(|line| text::header(line)).collect();
    let headers: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let fetch = Fetch {
        origin,
        method: &args.method,
        headers: &headers,
        credentials: args.credentials,
        always_preflight: false,
    };
    let explanation = policies.explain(&fetch, &args.url);
    if args.json {
        let json = serde_json::to_string_pretty(&explanation).map_err(|error| error.to_string())?;
        anstream::println!("{json}");
    } else {
        anstream::println!("{explanation}");
    }
    Ok(if explanation.allowed { Exit::Fine } else { Exit::Problems })
}
