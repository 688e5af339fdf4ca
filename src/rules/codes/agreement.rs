//! Whether the words beside a code fit its title: the only check that sees one digit taken for another.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::list::{CodeList, CodeStatus};
use super::shape::{bare, folded};

/// Whether the words beside a code fit its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// They do.
    Agrees,
    /// They do not; this code's title fits them.
    Contradicts(String),
    /// Nothing can be said.
    Unknown,
}

impl CodeList {
    /// Whether `words`, which stand beside `code`, fit its title; if not, and another code's title does, which.
    pub fn agrees_with(&self, code: &str, words: &str) -> Agreement {
        let said = Meaning::of(words);
        if said.is_empty() {
            return Agreement::Unknown;
        }
        let own = self.meaning(code).map(|title| said.fit(title));
        if own.is_some_and(|own| FITS <= own) {
            return Agreement::Agrees;
        }
        let near = self.best(&said, |other| other != code && one_place_apart(code, other));
        let clash = self.meaning(code).is_some_and(|title| said.clashes(title));
        match (own, near) {
            (None, Some((other, fit))) if STRONG <= fit => Agreement::Contradicts(other),
            (Some(own), Some((other, fit))) if own < WEAK && STRONG <= fit || clash && own < fit && FITS <= fit => {
                Agreement::Contradicts(other)
            }
            (Some(own), _) if own < WEAK || clash => match self.best(&said, |other| other != code) {
                Some((other, fit)) if STRONG <= fit => Agreement::Contradicts(other),
                _ => Agreement::Unknown,
            },
            (Some(own), _) if WEAK <= own => Agreement::Agrees,
            _ => Agreement::Unknown,
        }
    }

    /// The one billable code that looks like `printed` and whose title fits `words`: "Cervicalgia (M54.Z)".
    pub fn mend(&self, printed: &str, words: &str, on: Date) -> Option<String> {
        let said = Meaning::of(words);
        if said.is_empty() || bare(printed).len() < 3 {
            return None;
        }
        let mut found: Vec<(&str, f32, usize)> = self
            .meanings()
            .map(|(code, title)| (code, title, look_alike(printed, code)))
            .filter(|(code, _, distance)| *distance <= 2 && self.look_up(code, on) == CodeStatus::Billable)
            .map(|(code, title, distance)| (code, said.fit(title), distance))
            .filter(|(_, fit, _)| STRONG <= *fit)
            .collect();
        found.sort_by(|a, b| a.2.cmp(&b.2).then(b.1.total_cmp(&a.1)));
        match found.as_slice() {
            [] => None,
            [only] => Some(only.0.to_owned()),
            [first, second, ..] => {
                let alone =
                    first.2 < second.2 && second.1 <= first.1 || first.2 == second.2 && second.1 + 0.2 < first.1;
                alone.then(|| first.0.to_owned())
            }
        }
    }

    fn best(&self, said: &Meaning, wanted: impl Fn(&str) -> bool) -> Option<(String, f32)> {
        let fits = self.meanings().filter(|(code, _)| wanted(code)).map(|(code, title)| (code, said.fit(title)));
        let mut best: Option<(&str, f32)> = None;
        for (code, fit) in fits {
            if best.is_none_or(|(_, known)| known < fit) {
                best = Some((code, fit));
            }
        }
        best.map(|(code, fit)| (code.to_owned(), fit))
    }
}

/// Shares of the words that two titles have in common.
const FITS: f32 = 0.5;
const STRONG: f32 = 0.66;
const WEAK: f32 = 0.25;

/// So much of a code is enough to know it by, together with its words.
const CUT_LENGTH_MIN: usize = 4;

/// Codes of one length that differ in one place.
fn one_place_apart(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count() == 1
}

/// How many characters differ, look-alikes being one.
fn look_alike(printed: &str, code: &str) -> usize {
    let (printed, code) = (folded(&bare(printed)), folded(&bare(code)));
    // the end of a code may be cut off at the end of its line
    let cut = CUT_LENGTH_MIN <= printed.len() && printed.len() < code.len() && code.starts_with(&printed);
    if cut { 1 } else { strsim::levenshtein(&printed, &code) }
}

/// What words say of a diagnosis: what it is, where, which side, which encounter.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    stems: BTreeSet<String>,
    regions: BTreeSet<&'static str>,
    sides: BTreeSet<&'static str>,
}

impl Meaning {
    pub(super) fn of(words: &str) -> Self {
        let lower = words.to_lowercase();
        let lower = PHRASES
            .iter()
            .fold(lower, |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text });
        let mut meaning = Self::default();
        for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let figures = word.chars().filter(char::is_ascii_digit).count();
            let unfolded;
            let word = if figures == 1 && 5 <= word.len() {
                unfolded = word.replace('1', "l").replace('0', "o").replace('5', "s");
                unfolded.as_str()
            } else {
                word
            };
            if let Some(side) = side(word) {
                meaning.sides.insert(side);
            } else if let Some(region) = region(word) {
                meaning.regions.insert(region);
            } else if 3 <= word.len()
                && !SILENT.split_whitespace().any(|silent| silent == word)
                && !word.chars().any(|c| c.is_ascii_digit())
            {
                meaning.stems.insert(stem(word));
            }
        }
        meaning
    }

    fn is_empty(&self) -> bool {
        self.stems.is_empty() && self.regions.is_empty()
    }

    /// From 0 to 1: how much of these words the title shares, both ways.
    fn fit(&self, title: &Self) -> f32 {
        // nothing in common can be seen without looking at each letter
        if self.clashes(title) {
            return 0.0;
        }
        let shared = self.stems.iter().filter(|word| title.stems.iter().any(|other| same(word, other))).count();
        let shared_back = title.stems.iter().filter(|word| self.stems.iter().any(|other| same(word, other))).count();
        let regions = self.regions.intersection(&title.regions).count();
        let total = self.stems.len() + self.regions.len();
        let total_back = title.stems.len() + title.regions.len();
        if total == 0 || total_back == 0 {
            return 0.0;
        }
        let forth = (shared + regions) as f32 / total as f32;
        let back = (shared_back + regions) as f32 / total_back as f32;
        let side = if !self.sides.is_empty() && self.sides == title.sides { 0.05 } else { 0.0 };
        // few words may stand for a long title: what is said counts more than what is left out
        ((0.65 * forth + 0.35 * back) + side).min(1.0)
    }

    /// Left is not right, the neck is not the knee.
    fn clashes(&self, title: &Self) -> bool {
        let apart = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| !a.is_empty() && !b.is_empty() && a.is_disjoint(b);
        let sided = |sides: &BTreeSet<&'static str>| -> BTreeSet<&'static str> {
            sides.iter().copied().filter(|side| *side != "both").collect()
        };
        apart(&sided(&self.sides), &sided(&title.sides)) || apart(&self.regions, &title.regions)
    }
}

fn same(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    // an abbreviation ("spondyls", "degen")
    if 4 <= short.len() && long.starts_with(short) {
        return true;
    }
    let allowed = match short.len() {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    };
    // two endings of one letter ("sprain", "strain") are two words
    let twins = matches!((a, b), ("sprain", "strain") | ("strain", "sprain"));
    !twins && 0 < allowed && long.len() - short.len() <= allowed && strsim::levenshtein(a, b) <= allowed
}

fn stem(word: &str) -> String {
    let synonym = match word {
        "sprained" => "sprain",
        "strained" => "strain",
        "spasms" => "spasm",
        "painful" | "ache" | "aching" => "pain",
        "tendonitis" => "tendinitis",
        "tmj" | "tmd" => "temporomandibular",
        "ddd" => "degeneration",
        "oa" => "osteoarthritis",
        "whiplash" => "whiplash",
        "radicular" | "radiculitis" => "radiculopathy",
        word => word,
    };
    let plural = synonym
        .strip_suffix("es")
        .filter(|stem| stem.ends_with("ach"))
        .or_else(|| synonym.strip_suffix('s').filter(|stem| 4 < stem.len() && !stem.ends_with(['s', 'i', 'u'])));
    plural.unwrap_or(synonym).to_owned()
}

/// Everyday words for what the titles say.
const PHRASES: &[(&str, &str)] = &[
    ("neck pain", "cervicalgia"),
    ("pain in neck", "cervicalgia"),
    ("pain in the neck", "cervicalgia"),
    ("cervical pain", "cervicalgia"),
    ("cervicalgia", "cervicalgia neck"),
    ("low back pain", "lumbar pain"),
    ("lower back pain", "lumbar pain"),
    ("lumbago", "lumbar pain"),
    ("lbp", "lumbar pain"),
    ("lower back", "lumbar"),
    ("low back", "lumbar"),
    ("mid back", "thoracic"),
    ("upper back", "thoracic"),
    ("mid-back", "thoracic"),
    ("whiplash", "sprain ligaments cervical"),
    ("upper extremity", "arm"),
    ("lower extremity", "leg"),
    ("upper limb", "arm"),
    ("lower limb", "leg"),
    ("tennis elbow", "lateral epicondylitis elbow"),
    ("golfer's elbow", "medial epicondylitis elbow"),
    ("frozen shoulder", "adhesive capsulitis shoulder"),
    ("somatic dysfunction", "segmental somatic dysfunction"),
    ("tension headache", "tension type headache"),
    ("tension-type", "tension type"),
    ("muscle pain", "myalgia"),
];

/// Words that tell nothing apart.
const SILENT: &str = "unspecified other and the with without not elsewhere classified initial subsequent sequela encounter for type due disorder disorders region site level part parts init subs specified other oth unsp dx diagnosis icd code primary secondary acute chronic intractable status nec nos patient has into from left right";

fn side(word: &str) -> Option<&'static str> {
    match word {
        "right" | "rt" | "r" => Some("right"),
        "left" | "lt" | "l" => Some("left"),
        "bilateral" | "both" | "bilat" => Some("both"),
        _ => None,
    }
}

fn region(word: &str) -> Option<&'static str> {
    Some(match word {
        "neck" | "cervical" | "cerv" => "neck",
        "cervicothoracic" => "neck",
        "thoracic" | "thorax" | "thor" => "thorax",
        "lumbar" | "lum" | "lumb" => "lumbar",
        "lumbosacral" | "lumbosacr" => "lumbar",
        "sacral" | "sacrum" | "sacroiliac" | "sacrococcygeal" => "sacrum",
        "pelvis" | "pelvic" => "pelvis",
        "shoulder" | "shoulders" | "rotator" => "shoulder",
        "elbow" | "epicondylitis" => "elbow",
        "forearm" => "forearm",
        "wrist" => "wrist",
        "hand" | "hands" => "hand",
        "hip" | "hips" | "trochanteric" => "hip",
        "thigh" => "thigh",
        "knee" | "knees" => "knee",
        "ankle" => "ankle",
        "foot" | "plantar" | "feet" => "foot",
        "calf" => "calf",
        "arm" | "arms" => "arm",
        "leg" | "legs" => "leg",
        "abdomen" | "abdominal" => "abdomen",
        "jaw" | "temporomandibular" => "jaw",
        "rib" | "ribs" => "ribs",
        "headache" | "headaches" | "migraine" | "head" => "head",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn words_speak_for_or_against_a_code() {
        let list = CodeList::built_in();
        let agrees = |code: &str, words: &str| list.agrees_with(code, words);
        for (code, words) in [
            ("M54.2", "Cervicalgia"),
            ("M54.2", "neck pain"),
            ("M54.50", "Low back pain, unspecified"),
            ("M54.50", "lumbago"),
            ("M62.830", "Muscle spasm of back"),
            ("M79.18", "Myalgia, other site"),
            ("S13.4XXA", "Sprain of ligaments of cervical spine, initial encounter"),
            ("S13.4XXA", "whiplash"),
            ("M25.511", "Pain in right shoulder"),
            ("M25.511", "R shoulder pain"),
            ("G44.209", "Tension-type headache, unspecified, not intractable"),
            ("S16.1XXA", "Strain of muscle at neck level, initial encounter"),
            ("M54.2", "Cervica1gia"),
            ("S16.1XXA", "cervical strain"),
            ("M99.01", "Somatic dysfunction cervical"),
            ("R51.9", "Headaches"),
            ("M54.16", "lumbar radiculopathy"),
        ] {
            assert_eq!(agrees(code, words), Agreement::Agrees, "{code} {words}");
        }
        for (code, words, better) in [
            ("R57.9", "Headache, unspecified", "R51.9"),
            ("M25.571", "Pain in right shoulder", "M25.511"),
            ("M25.512", "Pain in right shoulder", "M25.511"),
            ("M54.81", "Sciatica, right side", "M54.31"),
            ("M99.07", "Segmental and somatic dysfunction of cervical region", "M99.01"),
            ("M17.11", "Lateral epicondylitis, right elbow", "M77.11"),
            ("M54.6", "Cervicalgia", "M54.2"),
        ] {
            assert_eq!(agrees(code, words), Agreement::Contradicts(better.to_owned()), "{code} {words}");
        }
        for (code, words) in [("M54.2", ""), ("M54.2", "please call"), ("M54.2", "1. 2.")] {
            assert_eq!(agrees(code, words), Agreement::Unknown, "{code} {words}");
        }
    }

    #[test]
    fn a_damaged_code_is_mended_by_its_title() {
        let list = CodeList::built_in();
        let on = date(2026, 11, 2);
        assert_eq!(list.mend("M54.Z", "Cervicalgia", on).as_deref(), Some("M54.2"));
        assert_eq!(list.mend("M5.2", "Cervicalgia", on).as_deref(), Some("M54.2"));
        assert_eq!(
            list.mend("S13.AXXA", "Sprain of ligaments of cervical spine, initial encounter", on).as_deref(),
            Some("S13.4XXA")
        );
        assert_eq!(list.mend("K12.9", "Cervicalgia", on), None);
        assert_eq!(list.mend("M54.2", "", on), None);
    }
}
