//! How much of a paper is taken on.

use serde::{Deserialize, Serialize};

/// Limits on what comes from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest file, in bytes. Mail servers stop at 25 to 50 MB; a long colour scan may come by folder.
    pub paper_bytes_max: u64,
    /// Most pages of a paper. A faxed chart has a few hundred.
    pub pages_max: u32,
    /// Most pixels of a page before it is scaled: a letter page at 1200 dpi has 135 million.
    pub page_pixels_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { paper_bytes_max: 200_000_000, pages_max: 1000, page_pixels_max: 150_000_000 }
    }
}
