//! In: the bytes of a paper and the rule book. Out: what the paper says. The whole journey, top to bottom.
