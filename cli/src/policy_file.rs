//! A policy in a file: the options of [`OwnedConfig`] by name, and `preset`, the one to build on.

use std::{fs, path::Path};

use crossgate::{Config, OwnedConfig};
use serde_json::{Map, Value};

/// Bytes; a policy is a page of text.
const LONGEST: u64 = 1 << 20;

/// Reads a file: JSON by its name, else TOML.
pub(crate) fn read(path: &Path) -> Result<OwnedConfig, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > LONGEST {
        return Err(failed(&format_args!("{size} bytes, a policy has at most {LONGEST}")));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    parse(&text, is_json).map_err(|error| failed(&error))
}

fn parse(text: &str, is_json: bool) -> Result<OwnedConfig, String> {
    let mut stated: Map<String, Value> = if is_json {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?
    };
    let (preset, is_mcp) = match stated.remove("preset") {
        None => (Config::DEFAULT, false),
        Some(name) => match name.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "default" => (Config::DEFAULT, false),
            "mcp" => (Config::MCP, true),
            "public" => (Config::PUBLIC, false),
            "starlette" => (Config::STARLETTE, false),
            "express" => (Config::EXPRESS, false),
            _ => {
                return Err(format!(
                    "no preset is named {name} (expected default, mcp, public, starlette or express)"
                ));
            }
        },
    };
    let mut options = match serde_json::to_value(OwnedConfig::from(preset)) {
        Ok(Value::Object(options)) => options,
        Ok(_) => Map::new(),
        Err(error) => return Err(error.to_string()),
    };
    options.extend(stated);
    let mut config: OwnedConfig =
        serde_json::from_value(Value::Object(options)).map_err(|error| error.to_string())?;
    if is_mcp {
        // As `PolicySet::mcp` has it: the author's names are added to the preset's.
        add(&mut config.allow_headers, preset.allow_headers);
        add(&mut config.expose_headers, preset.expose_headers);
    }
    Ok(config)
}

fn add(stated: &mut Vec<String>, preset: &[&str]) {
    let known = |name: &String| preset.iter().any(|known| known.eq_ignore_ascii_case(name));
    let beside = stated.iter().filter(|name| !known(name)).cloned();
    *stated = preset.iter().map(|name| (*name).to_owned()).chain(beside).collect();
}
