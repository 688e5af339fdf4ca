//! In: the bytes of a paper. Out: a Document and its Pages, square pixels, upright where that is cheap to know.
