//! In: what lies at a door (folder, fax queue, mailbox). Out: an Arrival with its bytes and a receipt to give back.
