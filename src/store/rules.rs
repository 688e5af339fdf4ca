//! The rules that were last in force, sealed: a start can go on by them when the clinic's own files are broken.

use std::io::ErrorKind;

use crate::store::seal::{open_with_master, seal_with_master};
use crate::store::{Embedded, Store, StoreError, originals};

/// Its file in the data folder.
const FILE: &str = "rules-in-force";
const WHAT: &str = "the copy of the rules in force";

impl Store {
    /// What [`Self::keep_rules`] kept last; None where it never did.
    ///
    /// # Errors
    /// Where the copy cannot be read or is damaged.
    pub fn kept_rules(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let Self::Embedded(store) = self;
        store.kept_rules()
    }

    /// Keeps a copy of the rules in force in the place of the one before, durable when this returns.
    ///
    /// # Errors
    /// Where it cannot be written; the copy before is there still.
    pub fn keep_rules(&self, rules: &[u8]) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.keep_rules(rules)
    }
}

impl Embedded {
    fn kept_rules(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(FILE);
        match std::fs::read(&path) {
            Ok(sealed) => open_with_master(&self.master, WHAT, &sealed).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::file("read", &path)(error)),
        }
    }

    fn keep_rules(&self, rules: &[u8]) -> Result<(), StoreError> {
        originals::write_durably(&self.folder, FILE, &seal_with_master(&self.master, WHAT, rules)?)
    }

    /// Seals the copy anew, with the master key in force. One that is damaged is written anew with the next start.
    pub(in crate::store) fn seal_rules_anew(&self) -> Result<(), StoreError> {
        match self.kept_rules() {
            Ok(Some(rules)) => self.keep_rules(&rules),
            Err(error) if !error.is_damage() => Err(error),
            _ => Ok(()),
        }
    }
}
