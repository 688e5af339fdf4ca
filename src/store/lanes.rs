//! Whose turn it is: doors take turns, and within a door papers go in the order in which they came. Ten thousand scans do not keep
//! a fax waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::model::Arrival;
use crate::store::StoreError;

/// Owed papers by door, in memory; what is owed is on the shelves.
#[derive(Debug, Default)]
pub(in crate::store) struct Lanes(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    by_door: BTreeMap<String, BTreeSet<Vec<u8>>>,
    /// The door that had the last turn.
    last: String,
}

/// Whether a paper can be worked on.
pub(in crate::store) enum Turn {
    Now,
    Later,
    /// It is not owed any more.
    Over,
}

impl Lanes {
    pub(in crate::store) fn add(&self, door: &str, place: &[u8]) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.by_door.entry(door.to_owned()).or_default().insert(place.to_vec());
    }

    /// The next paper that `turn` says can be worked on now.
    pub(in crate::store) fn next(
        &self,
        turn: impl Fn(&[u8]) -> Result<Turn, StoreError>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, after): (Vec<String>, Vec<String>) =
            turns.by_door.keys().cloned().partition(|door| *door <= turns.last);
        for door in after.into_iter().chain(before) {
            let Some(lane) = turns.by_door.get_mut(&door) else { continue };
            let mut over = Vec::new();
            let mut next = None;
            for place in lane.iter() {
                match turn(place)? {
                    Turn::Now => {
                        next = Some(place.clone());
                        break;
                    }
                    Turn::Later => {}
                    Turn::Over => over.push(place.clone()),
                }
            }
            over.iter().for_each(|place| {
                lane.remove(place);
            });
            if lane.is_empty() {
                turns.by_door.remove(&door);
            }
            if next.is_some() {
                turns.last = door;
                return Ok(next);
            }
        }
        Ok(None)
    }
}

/// The door that a paper came through, as a word that says nothing to anybody else. The papers of a mail came through its door.
pub(in crate::store) fn door(arrival: &Arrival) -> String {
    let parent = |path: &str| path.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned());
    let mut path = arrival.origin.key.reveal().clone();
    if arrival.part_of.is_some() {
        path = parent(&path);
    }
    let digest = Sha256::digest(format!("{:?}:{}", arrival.origin.kind, parent(&path)));
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_take_turns_and_papers_keep_their_order() {
        let lanes = Lanes::default();
        for number in 0..3 {
            lanes.add("scans", format!("{number:03}/scan").as_bytes());
        }
        lanes.add("fax", b"003/fax");
        let done = std::cell::RefCell::new(Vec::<String>::new());
        let turn = |place: &[u8]| {
            let place = String::from_utf8_lossy(place).into_owned();
            Ok(if done.borrow().contains(&place) { Turn::Over } else { Turn::Now })
        };
        while let Some(place) = lanes.next(turn).unwrap() {
            done.borrow_mut().push(String::from_utf8(place).unwrap());
        }
        assert_eq!(*done.borrow(), ["003/fax", "000/scan", "001/scan", "002/scan"]);
    }
}
