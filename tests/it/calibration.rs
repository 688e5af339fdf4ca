//! Whether what is not doubted is right: the recorded readings as they are, and with damage that a seed decides.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use rxintake::model::{ReadPaper, Reading, Word};
use rxintake::pipeline::understand;
use rxintake::rules::Book;

use crate::tally::{Tally, Truth};

/// Of so many fields that nobody doubts one may be wrong, where as many words are damaged as on a poor fax.
const BELIEVED_PER_WRONG: usize = 500;
/// The same where more words are damaged than on any paper that is still sent: what is lost there is mostly a field that is
/// not asked of every prescription (who pays, the day of an accident) and that no word on the page speaks of any more.
const BELIEVED_PER_WRONG_HEAVY: usize = 90;
/// So many words in a thousand are a poor fax.
const POOR_PER_MILLE: u64 = 20;
/// Each damage is dealt so many times, otherwise each time.
const ROUNDS: u64 = 12;
/// What OCR takes for each other.
const LOOK_ALIKES: [(char, char); 14] = [
    ('0', 'O'),
    ('1', 'l'),
    ('5', 'S'),
    ('8', 'B'),
    ('2', 'Z'),
    ('6', 'G'),
    ('e', 'c'),
    ('i', 'l'),
    ('a', 'o'),
    ('n', 'u'),
    ('3', '8'),
    ('1', '7'),
    ('4', '9'),
    ('h', 'b'),
];

/// A table: how many words in a thousand are damaged, how many fields nobody doubts, how many of those are wrong.
///
/// A damaged word is one that the engine is unsure of, as it is on real faxes; where it is as sure of it as of the others, only
/// what checks itself (codes by their words, NPI by its digit) can be told, and that row is shown and not judged.
#[test]
fn what_nobody_doubts_is_right() {
    let book = Book::built_in();
    let mut told = Vec::new();
    println!("damaged words   fields   believed   wrong of these");
    for (per_mille, unsure) in [(0, true), (5, true), (10, true), (20, true), (50, true), (100, true), (20, false)] {
        let mut tally = Tally::default();
        for round in 0..if per_mille == 0 { 1 } else { ROUNDS } {
            let mut chance = Chance(0x5eed + round);
            for (truth, read) in papers() {
                let readings: Vec<Reading> =
                    read.readings.iter().map(|reading| damage(reading, per_mille, unsure, &mut chance)).collect();
                let paper = understand(&readings, read.error, String::new(), &book, date(2026, 11, 2), None);
                tally.add(&truth, Some(&paper));
            }
        }
        let sure = if unsure { "" } else { " (the engine sure of them)" };
        println!("{per_mille:4} in 1000    {:6}   {:8}   {}{sure}", tally.fields, tally.believed, tally.silent);
        if unsure {
            told.push((per_mille, tally));
        }
    }
    for (per_mille, tally) in told {
        assert!(tally.believed * 2 > tally.fields, "{per_mille}: who doubts everything is never wrong");
        let silent: Vec<&String> = tally.faults.iter().filter(|fault| fault.contains("(SILENT)")).collect();
        let per_wrong = if per_mille <= POOR_PER_MILLE { BELIEVED_PER_WRONG } else { BELIEVED_PER_WRONG_HEAVY };
        assert!(tally.silent * per_wrong <= tally.believed, "{per_mille} in 1000 words damaged: {silent:#?}");
    }
}

fn papers() -> Vec<(Truth, ReadPaper)> {
    let truths = fs::read_to_string("samples/truth.jsonl").unwrap();
    let truths = truths.lines().map(|line| serde_json::from_str::<Truth>(line).unwrap());
    truths
        .map(|truth| {
            let path = Path::new("samples/readings").join(&truth.file).with_extension("json");
            let read = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            (truth, read)
        })
        .collect()
}

/// The reading with one letter of some words taken for another.
fn damage(reading: &Reading, per_mille: u64, unsure: bool, chance: &mut Chance) -> Reading {
    let mut reading = reading.clone();
    for word in reading.lines.iter_mut().flat_map(|line| &mut line.words) {
        if chance.below(1000) < per_mille {
            misread(word, chance);
            if unsure {
                word.confidence = word.confidence.min(0.25 + 0.5 * chance.below(100) as f32 / 100.0);
            }
        }
    }
    reading
}

fn misread(word: &mut Word, chance: &mut Chance) {
    let mut letters: Vec<char> = word.text.reveal().chars().collect();
    let other = |letter: char| {
        LOOK_ALIKES.iter().find_map(|(a, b)| if *a == letter { Some(*b) } else { (*b == letter).then_some(*a) })
    };
    let places: Vec<usize> = (0..letters.len()).filter(|place| other(letters[*place]).is_some()).collect();
    if places.is_empty() {
        return;
    }
    let place = places[chance.below(places.len() as u64) as usize];
    letters[place] = other(letters[place]).unwrap();
    word.text = letters.into_iter().collect::<String>().into();
}

/// The same chances in every run (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
