//! What a look into a mailbox finds, held against the mails that are held there.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::intake::mailbox::Options;
use crate::model::HeldMail;

/// What a look found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The UIDs of mails that are not ours yet, oldest first.
    pub new: Vec<u32>,
    /// Those that were held, and that a person released.
    pub released: Vec<HeldMail>,
    /// Held mails that are not there any more: somebody moved or removed them.
    pub gone: Vec<HeldMail>,
    /// The UIDs of mails that are marked as held and that nobody knows of.
    pub unlisted: Vec<u32>,
}

/// The mails `unmarked` and those `marked` as held, against what is known to be `held` at any door.
pub(in crate::intake::mailbox) fn sort(
    options: &Options,
    uid_validity: u32,
    held: &[HeldMail],
    unmarked: Vec<u32>,
    marked: Vec<u32>,
) -> Looked {
    let here = mailbox(options);
    let is_there = |uid: &u32| unmarked.contains(uid) || marked.contains(uid);
    let mut looked = Looked::default();
    let mut known = BTreeSet::new();
    for mail in held.iter().filter(|mail| mail.mailbox == here) {
        if mail.uid_validity != uid_validity || !is_there(&mail.uid) {
            looked.gone.push(mail.clone());
            continue;
        }
        known.insert(mail.uid);
        if mail.is_released {
            looked.released.push(mail.clone());
        }
    }
    looked.new = unmarked.into_iter().filter(|uid| !known.contains(uid)).collect();
    looked.unlisted = marked.into_iter().filter(|uid| !known.contains(uid)).collect();
    looked
}

/// A mail that is held from now on.
pub(in crate::intake::mailbox) fn hold(
    options: &Options,
    (uid_validity, uid): (u32, u32),
    sender: Option<String>,
    why: String,
    now: Timestamp,
) -> HeldMail {
    let mailbox = mailbox(options);
    let digest = Sha256::digest(format!("{mailbox}:{uid_validity}/{uid}"));
    let id = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeldMail { id, mailbox, uid_validity, uid, sender: sender.map(Into::into), why, held_at: now, is_released: false }
}

/// `user@host/folder`.
pub(in crate::intake::mailbox) fn mailbox(options: &Options) -> String {
    format!("{}@{}/{}", options.user, options.host, options.folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_mail_is_neither_new_nor_forgotten() {
        let options: Options = toml::from_str("host = \"h\"\nport = 993\nuser = \"u\"").unwrap();
        let held = |validity, uid, is_released| {
            let mail = hold(&options, (validity, uid), None, String::new(), Timestamp::UNIX_EPOCH);
            HeldMail { is_released, ..mail }
        };
        let elsewhere = HeldMail { mailbox: "u@other/INBOX".to_owned(), ..held(7, 1, false) };
        let list = [held(7, 1, false), held(7, 2, true), held(7, 9, false), held(6, 3, false), elsewhere];
        let looked = sort(&options, 7, &list, vec![1, 3], vec![2, 4]);
        assert_eq!((looked.new, looked.unlisted), (vec![3], vec![4]));
        assert_eq!(looked.released, [held(7, 2, true)]);
        assert_eq!(looked.gone, [held(7, 9, false), held(6, 3, false)]);
        assert_ne!(held(7, 1, false).id, held(7, 2, false).id);
    }
}
