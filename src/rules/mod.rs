//! In: the Readings of a paper. Out: its Sections with their Findings, by the rule files that the clinic owns.
