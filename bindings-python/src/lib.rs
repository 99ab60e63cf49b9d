//! Crossgate for Python: an ASGI middleware, and the policy by itself.
//!
//! The core decides; this crate reads ASGI scopes, keeps Python's objects ready for its answers and
//! hands them over. All `unsafe` is in `raw` and `vectorcall`, each use with its reason.

mod answer;
mod audit;
mod explain;
#[cfg(feature = "floor")]
mod floor;
mod middleware;
mod options;
mod origin_function;
mod policy;
mod raw;
mod request;
#[cfg(not(feature = "abi3"))]
mod vectorcall;

use pyo3::prelude::*;

// Headers are read through borrowed references, which only the GIL makes sound.
#[pymodule(gil_used = true)]
mod _native {
    #[cfg(feature = "floor")]
    #[pymodule_export]
    use crate::floor::Floor;
    #[pymodule_export]
    use crate::{
        middleware::{CORSMiddleware, Pending},
        policy::{Policy, PolicyHandle, decision_of, preset},
    };
}
