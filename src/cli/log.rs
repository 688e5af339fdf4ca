//! What happens, as structured log lines: ids, counts and sentences of ours, never a file name, a patient or a caller.

use std::io;

use tracing::{info, warn};

use crate::daemon::Event;

/// From here on lines go to standard output, one JSON object each.
pub(in crate::cli) fn begin() {
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_writer(io::stdout);
    subscriber.init();
}

/// Writes an event down.
pub(in crate::cli) fn write(event: &Event) {
    match event {
        Event::Accepted { id, .. } => info!(%id, "taken in"),
        Event::Page { id, page, page_count, .. } => info!(%id, page, page_count, "reading"),
        Event::Stored { record, told } => {
            let paper = &record.paper;
            let gaps: usize = paper.prescriptions.iter().map(|it| it.gaps.len()).sum();
            let error = paper.error.as_ref().map(|error| format!("{:?}", error.code));
            info!(
                id = %record.arrival.id,
                state = ?record.state(),
                pages = paper.pages,
                prescriptions = paper.prescriptions.len(),
                gaps,
                error,
                told = told.len(),
                "stored"
            );
        }
        Event::LetterSent { subject, waited } => {
            let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(0);
            info!(subject, waited_ms, "letter handed over");
        }
        Event::Sandbox { what } => warn!(what, "sandbox"),
        Event::Trouble { what } | Event::Needed { what } => warn!(what, "trouble"),
        Event::Still { .. } => {}
        Event::Reconciled(pages) => info!(received = pages.received, accounted = pages.accounted, "pages"),
        Event::Purged { removed } => info!(removed, "removed"),
        Event::Rules { version, mended } => info!(version, mended = !mended.is_empty(), "rules in force"),
        Event::Stopping => info!("stopping"),
    }
}
