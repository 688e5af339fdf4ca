//! In: the configuration file. Out: every room's Options.
