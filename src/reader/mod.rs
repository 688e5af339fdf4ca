//! In: the bytes of a paper. Out: its Readings, made in a child process that may crash without harm.
