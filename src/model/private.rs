//! Patient data in, the same out, but never by way of `{}` or `{:?}`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that says something about a patient. Its `Debug` and `Display` print nothing of it, so that no log line, panic
/// or error text can carry it; [`Private::reveal`] is the one way to see it. It serialises as the value itself.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T>(T);

impl<T> Private<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for a room whose task it is to work with it.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself, no longer guarded.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Private<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Private<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private]")
    }
}

impl<T> fmt::Display for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private]")
    }
}
