//! `allow_origin_func`: origins that a program decides.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use pyo3::{exceptions::PyTypeError, intern, prelude::*, types::PyBool};

/// The function and, where the author wants one, a memory of its answers.
pub(crate) struct OriginFunction {
    pub(crate) function: Py<PyAny>,
    cache: Option<Mutex<Cache>>,
}

/// What the function says.
pub(crate) enum Word<'py> {
    Now(bool),
    /// An awaitable, and the cache's age when it was asked for.
    Later(Bound<'py, PyAny>, u64),
}

impl OriginFunction {
    pub(crate) fn new(function: Py<PyAny>, cache_seconds: Option<Duration>) -> Self {
        let cache = cache_seconds.map(|seconds| {
            let [allowed, refused] = Default::default();
            Mutex::new(Cache { seconds, allowed, refused, age: 0 })
        });
        Self { function, cache }
    }

    /// The function's word on an origin. A cached answer holds for every request, so that the
    /// function then gets no scope.
    pub(crate) fn ask<'py>(&self, origin: &str, scope: &Bound<'py, PyAny>) -> PyResult<Word<'py>> {
        let py = scope.py();
        let mut age = 0;
        if let Some(cache) = &self.cache {
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = cache.get(origin) {
                return Ok(Word::Now(known));
            }
            age = cache.age;
        }
        let none = py.None();
        let scope = if self.cache.is_some() { none.bind(py) } else { scope };
        let answer = self.function.bind(py).call1((origin, scope))?;
        if !answer.is_instance_of::<PyBool>() && answer.hasattr(intern!(py, "__await__"))? {
            return Ok(Word::Later(answer, age));
        }
        self.settle(origin, &answer, age).map(Word::Now)
    }

    /// Reads an answer and remembers it. Nothing but `True` allows: an object that came here by
    /// mistake is true as well.
    pub(crate) fn settle(
        &self,
        origin: &str,
        answer: &Bound<'_, PyAny>,
        age: u64,
    ) -> PyResult<bool> {
        let allowed = match answer.cast::<PyBool>() {
            Ok(answer) => answer.is_true(),
            Err(_) if answer.is_none() => false,
            Err(_) => {
                let class = answer.get_type().name()?;
                let message = format!("allow_origin_func returned {class}, expected bool");
                return Err(PyTypeError::new_err(message));
            }
        };
        if let Some(cache) = &self.cache {
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.put(origin, allowed, age);
        }
        Ok(allowed)
    }

    pub(crate) fn forget(&self, origin: &str) {
        if let Some(cache) = &self.cache {
            cache.lock().unwrap_or_else(PoisonError::into_inner).forget(origin);
        }
    }
}

/// Allowed and refused origins apart, so that whoever makes up origins pushes out nobody's but his
/// own.
struct Cache {
    seconds: Duration,
    allowed: Generations,
    refused: Generations,
    /// How often something was forgotten: an answer that was on its way then may be out of date.
    age: u64,
}

impl Cache {
    fn get(&mut self, origin: &str) -> Option<bool> {
        let now = Instant::now();
        if self.allowed.holds(origin, now) {
            return Some(true);
        }
        self.refused.holds(origin, now).then_some(false)
    }

    fn put(&mut self, origin: &str, allowed: bool, age: u64) {
        if age == self.age {
            let until = Instant::now() + self.seconds;
            let (to, from) = if allowed {
                (&mut self.allowed, &mut self.refused)
            } else {
                (&mut self.refused, &mut self.allowed)
            };
            from.remove(origin);
            to.insert(origin.into(), until);
        }
    }

    fn forget(&mut self, origin: &str) {
        self.age += 1;
        self.allowed.remove(origin);
        self.refused.remove(origin);
    }
}

/// A bounded map: when the young generation is full it becomes the old one, and what was not used
/// since the last time is gone.
#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Instant>,
    old: HashMap<Box<str>, Instant>,
}

impl Generations {
    fn holds(&mut self, origin: &str, now: Instant) -> bool {
        if let Some(until) = self.young.get(origin) {
            return now < *until;
        }
        match self.old.remove_entry(origin) {
            Some((origin, until)) if now < until => {
                self.insert(origin, until);
                true
            }
            _ => false,
        }
    }

    fn insert(&mut self, origin: Box<str>, until: Instant) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&origin) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(origin, until);
    }

    fn remove(&mut self, origin: &str) {
        self.young.remove(origin);
        self.old.remove(origin);
    }
}

const GENERATION: usize = 1024;
