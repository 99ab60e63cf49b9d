//! What browsers' consoles said, message by message and sorted by the URL each is about.

use std::collections::HashMap;

use crossgate::browser::console::Engine;

/// The messages about each case, by its number.
pub(crate) fn by_case(engine: Engine, lines: &[String]) -> HashMap<usize, Vec<String>> {
    let mut cases: HashMap<usize, Vec<String>> = HashMap::new();
    for (place, line) in lines.iter().enumerate() {
        let Some(message) = message(engine, line) else { continue };
        let Some(id) = case_of(message) else { continue };
        let messages = cases.entry(id).or_default();
        if let (Engine::WebKit, Some(before)) = (engine, place.checked_sub(1)) {
            // The reason stands in a message of its own, before the one that names the URL.
            let reason =
                lines.get(before).and_then(|line| line.strip_prefix("CONSOLE SECURITY ERROR "));
            messages.extend(reason.map(String::from));
        }
        messages.push(message.into());
    }
    cases
}

/// A line's message, if it is one about CORS.
fn message(engine: Engine, line: &str) -> Option<&str> {
    match engine {
        Engine::Chromium => {
            let (_, message) = line.split_once(":INFO:CONSOLE:")?.1.split_once("] \"")?;
            let (message, _) = message.rsplit_once("\", source: ")?;
            message.starts_with("Access to ").then_some(message)
        }
        Engine::Firefox => {
            let message = line
                .strip_prefix("[JavaScript Error: \"")
                .or_else(|| line.strip_prefix("[JavaScript Warning: \""))?;
            let (message, _) = message.rsplit_once("\"]").or_else(|| message.split_once("\" {"))?;
            message.starts_with("Cross-Origin Request ").then_some(message)
        }
        Engine::WebKit => line.strip_prefix("CONSOLE JS ERROR "),
    }
}

fn case_of(message: &str) -> Option<usize> {
    let (_, id) = message.split_once("/c/")?;
    id.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
