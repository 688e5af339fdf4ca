//! In: doors. Out: records and letters, for months.
