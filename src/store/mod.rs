//! In: what must not be lost. Out: the same, whatever happened in between.
