//! What a value parser changed in the text before it believed it; every change is told.

use std::ops::Range;

use crate::model::Private;

/// One change that a parser made: OCR read `before`, the slot can only hold `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Bytes of the input that were read otherwise.
    pub span: Range<usize>,
    /// As it stands in the input.
    pub before: Private<String>,
    /// As it was taken.
    pub after: Private<String>,
}

impl Repair {
    /// A change at `span`.
    pub(crate) fn new(span: Range<usize>, before: &str, after: &str) -> Self {
        Self { span, before: before.into(), after: after.into() }
    }
}
