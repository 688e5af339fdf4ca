//! rxintake takes the papers that reach a medical-massage clinic by fax, e-mail and scanner, reads the prescriptions among
//! them, keeps what it read as structured records, and tells the right people what is missing.
//!
//! ```text
//! Arrival ──▶ Document ──▶ Page ──▶ Reading ──▶ Finding ──▶ Prescription ──▶ Record ──▶ Alert
//! intake      pages        pages    ocr         rules       decide           store      alert
//! ```
//!
//! The rooms stand below in the order in which a paper travels. Each makes a new noun of [`model`] and edits none.
//! `tests/it/tidy.rs` holds who may know whom.

pub mod model;
pub mod secret;
pub mod written;

pub mod intake;
pub mod pages;
pub mod ocr;
pub mod reader;
pub mod rules;
pub mod decide;
pub mod pipeline;
pub mod store;
pub mod alert;

pub mod config;
pub mod daemon;
pub mod cli;
