//! Keyword arguments to the core's options: here Python's types end.

use crossgate::{Config, OwnedConfig};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString},
};

/// The options of one policy.
pub(crate) struct Options {
    pub(crate) config: OwnedConfig,
    pub(crate) allow_origin_func: Option<Py<PyAny>>,
    pub(crate) origin_cache_seconds: Option<f64>,
}

impl Options {
    /// Options that are not given are the preset's. Unknown ones raise, as in any Python call.
    pub(crate) fn read(
        function: &str,
        preset: Config<'static>,
        given: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut options = Self {
            config: OwnedConfig::from(preset),
            allow_origin_func: None,
            origin_cache_seconds: None,
        };
        for (name, value) in given.into_iter().flatten() {
            let name = name.cast_into::<PyString>()?;
            options.set(function, name.to_str()?, &value)?;
        }
        if options.allow_origin_func.is_some() {
            options.config.origins_by_host = true;
        } else if options.origin_cache_seconds.is_some() {
            return Err(PyTypeError::new_err("origin_cache_seconds needs allow_origin_func"));
        }
        Ok(options)
    }

    fn set(&mut self, function: &str, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let config = &mut self.config;
        let set = match name {
            "allow_origins" => strings(value).map(|given| config.allow_origins = given),
            "allow_origin_regex" => value.extract().map(|given| config.allow_origin_regex = given),
            "origins_by_host" => value.extract().map(|given| config.origins_by_host = given),
            "allow_methods" => strings(value).map(|given| config.allow_methods = given),
            "allow_headers" => strings(value).map(|given| config.allow_headers = given),
            "allow_credentials" => value.extract().map(|given| config.allow_credentials = given),
            "expose_headers" => strings(value).map(|given| config.expose_headers = given),
            "max_age" => value.extract().map(|given| config.max_age = given),
            "allow_hosts" if value.is_none() => {
                config.allow_hosts = None;
                Ok(())
            }
            "allow_hosts" => strings(value).map(|given| config.allow_hosts = Some(given)),
            "cluster_domain" => value.extract().map(|given| config.cluster_domain = given),
            "denied" => value.extract().map(|given| config.denied = given),
            "denied_body" => value.extract().map(|given| config.denied_body = given),
            "preflight_status" => value.extract().map(|given| config.preflight_status = given),
            "allow_private_network" => {
                value.extract().map(|given| config.allow_private_network = given)
            }
            "dangerously_allow_null_origin" => {
                value.extract().map(|given| config.dangerously_allow_null_origin = given)
            }
            "dangerously_allow_any_origin_with_credentials" => value
                .extract()
                .map(|given| config.dangerously_allow_any_origin_with_credentials = given),
            "dangerously_allow_public_suffixes" => {
                value.extract().map(|given| config.dangerously_allow_public_suffixes = given)
            }
            "dangerously_allow_insecure_origins" => {
                value.extract().map(|given| config.dangerously_allow_insecure_origins = given)
            }
            "discovery_paths" => strings(value).map(|given| config.discovery_paths = given),
            "authorize_paths" => strings(value).map(|given| config.authorize_paths = given),
            "health_paths" => strings(value).map(|given| config.health_paths = given),
            "allow_origin_func" if value.is_none() || value.is_callable() => {
                self.allow_origin_func = (!value.is_none()).then(|| value.clone().unbind());
                Ok(())
            }
            "allow_origin_func" => Err(PyTypeError::new_err("expected a callable")),
            "origin_cache_seconds" => {
                value.extract().map(|given| self.origin_cache_seconds = given)
            }
            _ => {
                return Err(PyTypeError::new_err(format!(
                    "{function}() got an unexpected keyword argument '{name}'"
                )));
            }
        };
        set.map_err(|error| {
            let py = value.py();
            PyTypeError::new_err(format!("{name}: {}", error.value(py)))
        })
    }

    /// Starlette's: its four safelisted names stand before the author's.
    pub(crate) fn add_safelisted_headers(&mut self) {
        let given = std::mem::take(&mut self.config.allow_headers);
        if given.iter().any(|name| name == "*") {
            self.config.allow_headers = given;
            return;
        }
        let mut names = OwnedConfig::from(Config::STARLETTE).allow_headers;
        names.retain(|name| !given.iter().any(|known| known.eq_ignore_ascii_case(name)));
        names.extend(given);
        self.config.allow_headers = names;
    }
}

/// A `str` where a list belongs is its one entry: taken as a sequence it would be its letters, and
/// taken as Starlette does, every substring of it.
fn strings(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if let Ok(one) = value.cast::<PyString>() {
        return Ok(vec![one.to_str()?.to_owned()]);
    }
    value
        .try_iter()
        .map_err(|_| PyTypeError::new_err("expected str or an iterable of str"))?
        .map(|entry| {
            let entry = entry?;
            let Ok(text) = entry.cast::<PyString>() else {
                let class = entry.get_type().name()?;
                return Err(PyTypeError::new_err(format!("expected str, not {class}")));
            };
            Ok(text.to_str()?.to_owned())
        })
        .collect()
}

/// The options as a `dict`, in the order of [`Config`].
pub(crate) fn to_dict(py: Python<'_>, config: OwnedConfig) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("allow_origins", config.allow_origins)?;
    dict.set_item("allow_origin_regex", config.allow_origin_regex)?;
    dict.set_item("allow_methods", config.allow_methods)?;
    dict.set_item("allow_headers", config.allow_headers)?;
    dict.set_item("allow_credentials", config.allow_credentials)?;
    dict.set_item("expose_headers", config.expose_headers)?;
    dict.set_item("max_age", config.max_age)?;
    dict.set_item("allow_hosts", config.allow_hosts)?;
    dict.set_item("cluster_domain", config.cluster_domain)?;
    dict.set_item("denied", config.denied)?;
    dict.set_item("denied_body", config.denied_body)?;
    dict.set_item("preflight_status", config.preflight_status)?;
    Ok(dict)
}
