//! Tables of phrases and what they must say.
