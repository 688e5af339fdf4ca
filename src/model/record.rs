//! What is kept for good.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Arrival, Field, Gap, GapLevel, Paper, Prescription, Private, Reading};

/// One paper with all that is known of it. Append-only: a correction is a decision, the reading stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where the paper came from; its id is the record's id.
    pub arrival: Arrival,
    /// What was read, page by page.
    pub readings: Vec<Reading>,
    /// What it says.
    pub paper: Paper,
    /// What people decided, in order.
    pub decisions: Vec<Decision>,
    /// When the reading was stored.
    pub stored_at: Timestamp,
    /// Digest of the rule book that read it.
    pub rules: String,
}

impl Record {
    /// Whose turn it is.
    pub fn state(&self) -> RecordState {
        let unread = self.paper.error.is_some() || self.paper.has_unreadable_page();
        if unread && !self.decided(None) {
            return RecordState::Open;
        }
        if self.paper.prescriptions.is_empty() && self.paper.error.is_none() {
            return RecordState::SetAside;
        }
        if self.may_be_renewal() {
            return RecordState::Open;
        }
        let open = self.paper.prescriptions.iter().any(|prescription| {
            prescription.gaps.iter().any(|gap| !self.decided(Some(gap.field)))
                || prescription.doubts.iter().any(|field| !self.decided(Some(*field)))
        });
        if open { RecordState::Open } else { RecordState::Complete }
    }

    /// Whether every prescription may be treated: nothing stood in the way, or a person settled what did.
    pub fn ready_to_treat(&self) -> bool {
        self.all_ready(|prescription| self.is_ready_to_treat(prescription))
    }

    /// Whether every prescription may be billed.
    pub fn ready_to_bill(&self) -> bool {
        self.all_ready(|prescription| self.is_ready_to_bill(prescription))
    }

    /// Whether one of its prescriptions may be treated.
    pub fn is_ready_to_treat(&self, prescription: &Prescription) -> bool {
        prescription.ready_to_treat || self.has_settled(prescription, |gap| gap.level == GapLevel::Stop)
    }

    /// Whether one of its prescriptions may be billed.
    pub fn is_ready_to_bill(&self, prescription: &Prescription) -> bool {
        prescription.ready_to_bill || self.has_settled(prescription, |gap| gap.level != GapLevel::Note)
    }

    /// Whether the same bytes brought a prescription before and nobody has said yet whether this is a renewal or was sent twice.
    pub fn may_be_renewal(&self) -> bool {
        self.arrival.same_bytes_as.is_some() && !self.paper.prescriptions.is_empty() && !self.decided(None)
    }

    fn all_ready(&self, is_ready: impl Fn(&Prescription) -> bool) -> bool {
        let prescriptions = &self.paper.prescriptions;
        !prescriptions.is_empty() && prescriptions.iter().all(is_ready)
    }

    /// Whether a person settled all that hinders and all that was in doubt.
    fn has_settled(&self, prescription: &Prescription, hinders: impl Fn(&Gap) -> bool) -> bool {
        prescription.gaps.iter().filter(|gap| hinders(gap)).all(|gap| self.decided(Some(gap.field)))
            && prescription.doubts.iter().all(|field| self.decided(Some(*field)))
    }

    /// Whether a person settled a field; None asks for the record as a whole.
    pub fn is_settled(&self, field: Option<Field>) -> bool {
        self.decided(field)
    }

    fn decided(&self, field: Option<Field>) -> bool {
        self.decisions.iter().any(|decision| decision.field.is_none() || decision.field == field)
    }
}

/// Whose turn a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// A person's turn: a gap, a doubt, an unreadable paper or page.
    Open,
    /// Nothing is missing.
    Complete,
    /// No prescription: kept, with its kind.
    SetAside,
}

/// A person closed a gap or corrected a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub decided_at: Timestamp,
    /// Who, by the name they gave.
    pub by: String,
    /// Which field; None for the whole record.
    pub field: Option<Field>,
    /// The corrected value, or a remark.
    pub note: Option<Private<String>>,
}
