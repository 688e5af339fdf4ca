//! In: a Page. Out: its Reading.
