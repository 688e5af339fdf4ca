//! When the clock was last believed: what a start can hold a clock against that somebody set, or that forgot the time.

use jiff::Timestamp;

use crate::store::{Store, StoreError, lines, originals};

/// Its file in the journal's folder.
const FILE: &str = "clock";

impl Store {
    /// The last time that was believed; where none was noted, when the newest record was stored. None where there is neither.
    ///
    /// # Errors
    /// Where the file or the shelves cannot be read.
    pub fn believed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let Self::Embedded(store) = self;
        let noted = lines::read(&store.folder.join("journal").join(FILE))?;
        // one that was damaged is written anew
        if let Some(at) = noted.first().and_then(|line| line.parse().ok()) {
            return Ok(Some(at));
        }
        let newest = self.records()?.pop().map(|id| self.readable(&id)).transpose()?.flatten();
        Ok(newest.map(|record| record.stored_at))
    }

    /// Notes that the clock is believed at this moment, durable when this returns.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn believe(&self, at: Timestamp) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        originals::write_durably(&store.folder.join("journal"), FILE, format!("{at}\n").as_bytes())
    }
}
