//! In: Sections with Findings. Out: Prescriptions with their gaps and doubts.
