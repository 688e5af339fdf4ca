//! What the reminders must know of every record, kept in memory so that a long life of records is not read again each minute.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::alert::{MissingFax, Pages};
use crate::intake::hylafax::Call;
use crate::model::{ArrivalId, OriginKind, Private, Record, RecordState};
use crate::store::{Store, StoreError};

/// Between the end of a call and the time when its fax must be here, in seconds.
const GRACE_SECONDS: i64 = 900;
/// The time that a reconciliation looks back, in seconds.
const DAY_SECONDS: i64 = 86_400;
/// A fax that is missing for longer is not told of, in seconds: HylaFAX itself removes faxes after a week.
const MISSED_SECONDS_MAX: i64 = 3 * DAY_SECONDS;

/// Every record, in the little that reminders need.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Ledger(BTreeMap<ArrivalId, Entry>);

#[derive(Debug)]
struct Entry {
    is_closed: bool,
    fax: Option<Fax>,
}

/// A record that came as a fax.
#[derive(Debug)]
struct Fax {
    kind: OriginKind,
    file: Private<String>,
    received_at: Timestamp,
    pages: u32,
    announced: Option<u32>,
    began: Option<String>,
}

impl Ledger {
    /// Takes in what is new, and gives the records that are open.
    pub(in crate::daemon) fn refresh(&mut self, store: &Store) -> Result<Vec<Record>, StoreError> {
        let ids = store.records()?;
        let there: BTreeSet<&ArrivalId> = ids.iter().collect();
        self.0.retain(|id, _| there.contains(id));
        let mut open = Vec::new();
        for id in &ids {
            // what is closed stays closed
            if self.0.get(id).is_some_and(|entry| entry.is_closed) {
                continue;
            }
            let Some(record) = store.readable(id)? else { continue }; // purged since, or damaged, which is told
            let is_closed = record.state() != RecordState::Open;
            self.0.insert(id.clone(), Entry { is_closed, fax: fax(&record) });
            if !is_closed {
                open.push(record);
            }
        }
        Ok(open)
    }

    /// The pages of the 24 hours before `now`: what the fax machines and fax services counted, and what is here. None where
    /// nothing was counted.
    pub(in crate::daemon) fn pages(&self, calls: &[Call], now: Timestamp) -> Option<Pages> {
        let is_of_the_day = |at: Timestamp| {
            let age = now.duration_since(at).as_secs() - GRACE_SECONDS;
            (0..DAY_SECONDS).contains(&age)
        };
        let mut pages = Pages { received: 0, accounted: 0 };
        for call in calls.iter().filter(|call| call.ended_at().is_some_and(is_of_the_day)) {
            pages.received += call.pages;
            pages.accounted += self.fax_of(call).map_or(0, |fax| fax.pages.min(call.pages));
        }
        for fax in self.faxes().filter(|fax| fax.kind != OriginKind::Hylafax && is_of_the_day(fax.received_at)) {
            let announced = fax.announced.unwrap_or(0);
            pages.received += announced;
            pages.accounted += fax.pages.min(announced);
        }
        (pages.received > 0).then_some(pages)
    }

    /// Faxes that the log tells of and that never came here. What ended before `since` is none of ours.
    pub(in crate::daemon) fn missing(&self, calls: &[Call], since: Timestamp, now: Timestamp) -> Vec<MissingFax> {
        let is_due = |ended: Timestamp| {
            let age = now.duration_since(ended).as_secs();
            ended >= since && (GRACE_SECONDS..MISSED_SECONDS_MAX).contains(&age)
        };
        calls
            .iter()
            .filter(|call| call.pages > 0 && call.ended_at().is_some_and(is_due) && self.fax_of(call).is_none())
            .map(|call| MissingFax {
                file: call.file.clone(),
                began: call.began.clone(),
                pages: call.pages,
                caller: call.caller_number.clone().or_else(|| call.station.clone()),
            })
            .collect()
    }

    /// Numbers come round again: the call must be the same, or, where the log was written later, the fax not older than it.
    fn fax_of(&self, call: &Call) -> Option<&Fax> {
        let ended = call.ended_at()?;
        self.faxes().filter(|fax| fax.kind == OriginKind::Hylafax && *fax.file.reveal() == call.file).find(|fax| {
            match &fax.began {
                Some(began) => *began == call.began,
                // the log has minutes
                None => ended.duration_since(fax.received_at).as_secs() <= 60,
            }
        })
    }

    fn faxes(&self) -> impl Iterator<Item = &Fax> {
        self.0.values().filter_map(|entry| entry.fax.as_ref())
    }
}

fn fax(record: &Record) -> Option<Fax> {
    let reception = record.arrival.reception.as_ref()?;
    // of several papers of a mail the last stands for all of them
    let came = reception.came(record.paper.pages);
    Some(Fax {
        kind: record.arrival.origin.kind,
        file: record.arrival.origin.name.clone(),
        received_at: record.arrival.received_at,
        pages: came.unwrap_or(record.paper.pages),
        announced: reception.pages.filter(|_| came.is_some()),
        began: reception.began.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Arrival, Origin, Paper, Reception};

    /// A paper of a mail that announced five pages; `together` where it is the last of two that was read.
    fn record(id: &str, pages: u32, together: Option<u32>) -> Record {
        let ids = ["first", "second"].map(|id| ArrivalId(id.to_owned())).to_vec();
        let reception = Reception {
            pages: Some(5),
            service: Some("eFax".to_owned()),
            together: ids,
            pages_together: together,
            ..Reception::default()
        };
        let origin =
            Origin { kind: OriginKind::Imap, name: "m".to_owned().into(), key: "k".to_owned().into(), sender: None };
        let arrival = Arrival {
            id: ArrivalId(id.to_owned()),
            origin,
            received_at: Timestamp::UNIX_EPOCH,
            size_bytes: 1,
            sha256: String::new(),
            same_bytes_as: None,
            part_of: None,
            reception: Some(reception),
        };
        let paper =
            Paper { sha256: String::new(), pages, error: None, other_pages: Vec::new(), prescriptions: Vec::new() };
        let (readings, decisions, rules) = (Vec::new(), Vec::new(), String::new());
        Record { arrival, readings, paper, decisions, stored_at: Timestamp::UNIX_EPOCH, rules }
    }

    #[test]
    fn the_papers_of_a_mail_are_counted_once() {
        let mut ledger = Ledger::default();
        for record in [record("first", 1, None), record("second", 3, Some(4))] {
            ledger.0.insert(record.arrival.id.clone(), Entry { is_closed: true, fax: fax(&record) });
        }
        let now = Timestamp::from_second(2 * GRACE_SECONDS).unwrap();
        assert_eq!(ledger.pages(&[], now), Some(Pages { received: 5, accounted: 4 }));
    }
}
