//! Pictures drawn here, and what is found in them.
