//! The list of mails that are held in their mailboxes, sealed: who wrote to the clinic is nobody's business.

use crate::model::HeldMail;
use crate::store::seal::{open_with_master, seal_with_master};
use crate::store::shelves::Shelves;
use crate::store::{Store, StoreError};

impl Store {
    /// Keeps in mind that a mail is held; or, with the same id, that it is released.
    ///
    /// # Errors
    /// Where the shelves cannot be written.
    pub fn hold(&self, mail: &HeldMail) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.put_held(mail)
    }

    /// The mails that are held, the oldest first.
    ///
    /// # Errors
    /// Where the shelves cannot be read.
    pub fn held(&self) -> Result<Vec<HeldMail>, StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.held()
    }

    /// A held mail is ours now, or gone from its mailbox.
    ///
    /// # Errors
    /// Where the shelves cannot be written.
    pub fn forget_held(&self, mail: &HeldMail) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.forget_held(&mail.id)
    }
}

impl Shelves {
    fn put_held(&self, mail: &HeldMail) -> Result<(), StoreError> {
        let plain = serde_json::to_vec(mail).map_err(StoreError::shape("a held mail"))?;
        self.held.insert(&mail.id, seal_with_master(&self.master, &what(&mail.id), &plain)?)?;
        self.make_durable()
    }

    /// One that cannot be opened is forgotten: its mailbox still has it, and it is held anew.
    fn held(&self) -> Result<Vec<HeldMail>, StoreError> {
        let mut held: Vec<HeldMail> = Vec::new();
        for entry in &self.held {
            let (id, sealed) = entry?;
            let id = String::from_utf8_lossy(&id).into_owned();
            let plain = open_with_master(&self.master, &what(&id), &sealed);
            match plain.map(|plain| serde_json::from_slice(&plain)) {
                Ok(Ok(mail)) => held.push(mail),
                _ => self.forget_held(&id)?,
            }
        }
        held.sort_by(|a, b| (a.held_at, &a.id).cmp(&(b.held_at, &b.id)));
        Ok(held)
    }

    fn forget_held(&self, id: &str) -> Result<(), StoreError> {
        if self.held.remove(id)?.is_some() {
            self.make_durable()?;
        }
        Ok(())
    }

    /// Seals the list anew, with the master key in force.
    pub(in crate::store) fn seal_held_anew(&self) -> Result<(), StoreError> {
        self.held()?.iter().try_for_each(|mail| self.put_held(mail))
    }
}

fn what(id: &str) -> String {
    format!("held/{id}")
}
