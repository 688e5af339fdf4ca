//! The one clock. Nothing else reads the time.

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

/// This moment.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Today, where the clinic is.
pub fn today() -> Date {
    Zoned::now().date()
}
