//! The troubles' task: what does not work reaches a person. What needs one is told soon, what may mend itself when it stands
//! longer than such things do; the same matter once a day.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::alert::{self, Trouble};
use crate::daemon::{Event, Shared, clock};
use crate::store::StoreError;

/// How often it is looked whether something is to be told, in seconds.
const LOOK_SECONDS: u64 = 5;
/// What needs a person waits so long for more of its kind, in seconds: ten broken files dropped together give one letter.
const GATHER_SECONDS: i64 = 20;
/// A server that is started anew or a line that drops is back within this time, in seconds.
const STANDS_SECONDS: i64 = 1_800;
/// What was not seen for so long is over, in seconds: a mailbox is tried at least every five minutes.
const OVER_SECONDS: i64 = 900;
/// The same matter is told again after so long, in seconds.
const AGAIN_SECONDS: i64 = 86_400;
/// Most matters that are kept in mind: who drops a thousand broken files hears of the first thousand.
const MATTERS_MAX: usize = 1_000;

/// What does not work right now.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Troubles(Mutex<BTreeMap<String, Matter>>);

#[derive(Debug)]
struct Matter {
    what: String,
    needs_person: bool,
    first: Timestamp,
    last: Timestamp,
    told_at: Option<Timestamp>,
    /// It says that another is over.
    is_over: bool,
}

impl Troubles {
    /// Keeps in mind what an event says of a trouble.
    pub(in crate::daemon) fn note(&self, event: &Event, now: Timestamp) {
        if let Event::Rules { version, mended } = event {
            return self.mend(
                mended,
                format!("the rule files are sound again, and version {version} is in force"),
                now,
            );
        }
        let (what, needs_person) = match event {
            Event::Needed { what } => (what, true),
            Event::Trouble { what } | Event::Still { what } => (what, false),
            _ => return,
        };
        let key = if needs_person { what.clone() } else { without_figures(what) };
        let mut matters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matters.len() >= MATTERS_MAX && !matters.contains_key(&key) {
            return;
        }
        let fresh =
            || Matter { what: what.clone(), needs_person, first: now, last: now, told_at: None, is_over: false };
        let matter = matters.entry(key).or_insert_with(fresh);
        if is_longer(matter.last, now, OVER_SECONDS) {
            matter.first = now;
        }
        matter.last = now;
        matter.what.clone_from(what);
    }

    /// What needed a person is over; whoever was told of it is told so.
    fn mend(&self, over: &[String], what: String, now: Timestamp) {
        let mut matters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = over.iter().filter_map(|key| matters.remove(key));
        if gone.filter(|matter| matter.told_at.is_some()).count() > 0 {
            let matter =
                Matter { what: what.clone(), needs_person: true, first: now, last: now, told_at: None, is_over: true };
            matters.insert(what, matter);
        }
    }

    /// What is to be told now; it counts as told then. What is long over is forgotten.
    fn due(&self, now: Timestamp) -> Vec<Trouble> {
        let mut matters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        matters.retain(|_, matter| matter.is_untold_need() || !is_longer(matter.last, now, AGAIN_SECONDS));
        let gather = matters.values().any(|it| it.is_untold_need() && is_longer(it.first, now, GATHER_SECONDS));
        let mut due = Vec::new();
        for (key, matter) in matters.iter_mut() {
            let is_again = matter.told_at.is_none_or(|told| is_longer(told, now, AGAIN_SECONDS) && matter.last > told);
            let stands =
                !is_longer(matter.last, now, OVER_SECONDS) && is_longer(matter.first, matter.last, STANDS_SECONDS);
            let is_due = if matter.needs_person { matter.told_at.is_some() || gather } else { stands };
            if is_again && is_due {
                matter.told_at = Some(now);
                due.push(Trouble {
                    key: key.clone(),
                    what: matter.what.clone(),
                    since: matter.first,
                    is_over: matter.is_over,
                });
            }
        }
        due
    }
}

impl Matter {
    fn is_untold_need(&self) -> bool {
        self.needs_person && self.told_at.is_none()
    }
}

fn is_longer(from: Timestamp, to: Timestamp, seconds: i64) -> bool {
    to.duration_since(from) >= SignedDuration::from_secs(seconds)
}

/// "12 MB left" and "11 MB left" are one matter.
fn without_figures(what: &str) -> String {
    what.split(|letter: char| letter.is_ascii_digit()).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("#")
}

/// Tells until the daemon stops. Who runs it `once` sits before the terminal and gets no letters.
pub(in crate::daemon) async fn watch(troubles: Arc<Troubles>, once: bool, shared: Shared) {
    loop {
        tell_damages(&shared);
        if !once && let Err(error) = look(&troubles, &shared, clock::now()) {
            (shared.tell)(crate::daemon::event::trouble(&error));
        }
        let pause = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS));
        if shared.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// What the store found damaged.
pub(in crate::daemon) fn tell_damages(shared: &Shared) {
    shared.store.new_damages().into_iter().for_each(|what| (shared.tell)(Event::Needed { what }));
}

fn look(troubles: &Troubles, shared: &Shared, now: Timestamp) -> Result<(), StoreError> {
    let mut due = troubles.due(now);
    if due.is_empty() {
        return Ok(());
    }
    // an earlier life may have told it today
    let options = &shared.config.alerts;
    let day = now.to_zoned(TimeZone::system()).date();
    let owed = shared.store.letters()?;
    due.retain(|trouble| {
        let id = trouble.message_id(day, &options.from);
        !shared.store.was_sent(&id) && owed.iter().all(|it| it.message_id != id && !it.instead_of.contains(&id))
    });
    let letter = alert::troubles(&due, &shared.config.people, options, day, now);
    if let Some(letter) = letter
        && shared.store.owe_letter(&letter)?
    {
        shared.letters.notify_one();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn words(troubles: &[Trouble]) -> Vec<&str> {
        troubles.iter().map(|trouble| trouble.what.as_str()).collect()
    }

    #[test]
    fn what_needs_a_person_is_gathered_and_told_once() {
        let troubles = Troubles::default();
        let needed = |what: &str| Event::Needed { what: what.to_owned() };
        troubles.note(&needed("a link lies in the inbox"), at(0));
        assert!(troubles.due(at(10)).is_empty(), "another may follow");
        troubles.note(&needed("a mail is held"), at(15));
        assert_eq!(words(&troubles.due(at(25))), ["a link lies in the inbox", "a mail is held"]);
        assert!(troubles.due(at(3_600)).is_empty());
        troubles.note(&needed("a mail is held"), at(80_000));
        assert!(troubles.due(at(80_100)).is_empty(), "once a day");
        assert_eq!(words(&troubles.due(at(86_500))), ["a mail is held"], "it was seen again since");
        assert!(troubles.due(at(400_000)).is_empty());
    }

    #[test]
    fn who_was_told_of_broken_rules_is_told_that_they_are_mended() {
        let troubles = Troubles::default();
        let broken = || Event::Needed { what: "broken".to_owned() };
        let mended = || Event::Rules { version: "1a".to_owned(), mended: vec!["broken".to_owned()] };
        troubles.note(&broken(), at(0));
        troubles.note(&mended(), at(10));
        assert!(troubles.due(at(60)).is_empty(), "nobody knew of it");
        troubles.note(&broken(), at(100));
        assert_eq!(words(&troubles.due(at(120))), ["broken"]);
        troubles.note(&mended(), at(130));
        let due = troubles.due(at(150));
        assert!(matches!(due.as_slice(), [over] if over.is_over && over.what.contains("version 1a")));
        troubles.note(&Event::Rules { version: "1b".to_owned(), mended: Vec::new() }, at(200));
        assert!(troubles.due(at(100_000)).is_empty());
    }

    #[test]
    fn what_may_mend_itself_is_told_when_it_stands() {
        let troubles = Troubles::default();
        let trouble = |what: &str| Event::Trouble { what: what.to_owned() };
        let still = |what: &str| Event::Still { what: what.to_owned() };
        troubles.note(&trouble("the server does not answer"), at(0));
        troubles.note(&trouble("the server does not answer"), at(7_200));
        assert!(troubles.due(at(7_300)).is_empty(), "two short ones are no long one");
        for seconds in (0..=1_800).step_by(300) {
            let megabytes = 40 - seconds / 100;
            troubles.note(&trouble(&format!("the disk has {megabytes} MB left")), at(10_000 + seconds));
            troubles.note(&still("the server does not answer"), at(10_000 + seconds));
        }
        let told = troubles.due(at(11_900));
        assert_eq!(words(&told), ["the disk has 22 MB left", "the server does not answer"]);
        troubles.note(&still("the server does not answer"), at(12_000));
        assert!(troubles.due(at(12_001)).is_empty());
    }
}
