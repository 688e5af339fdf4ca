//! Whether the words beside a code fit its title: the only check that sees one digit taken for another.

use jiff::civil::Date;

use super::list::{CodeList, CodeStatus};
use super::meaning::Meaning;
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
        let near = {
            let near = self.meanings().filter(|(other, _)| *other != code && one_place_apart(code, other));
            best(near.map(|(other, title)| (other, said.fit(title))))
        };
        // another title counts only where the words hold something of it that this one lacks: "rotator cuff"
        let speaks_for = |other: &str| match (self.meaning(other), self.meaning(code)) {
            (Some(other), Some(own)) => said.tells_apart(other, own),
            _ => true,
        };
        let near = near.filter(|(other, _)| speaks_for(other));
        let clash = self.meaning(code).is_some_and(|title| said.clashes(title));
        match (own, near) {
            (None, Some((other, fit))) if STRONG <= fit => Agreement::Contradicts(other),
            (Some(own), Some((other, fit))) if own < WEAK && STRONG <= fit || clash && own < fit && FITS <= fit => {
                Agreement::Contradicts(other)
            }
            (Some(own), _) if own < WEAK || clash => match self.best(&said, code) {
                Some((other, fit)) if STRONG <= fit => Agreement::Contradicts(other),
                _ => Agreement::Unknown,
            },
            (Some(own), _) if WEAK <= own => Agreement::Agrees,
            _ => Agreement::Unknown,
        }
    }

    /// Whether `words` are, but for their wording, the title of some diagnosis of the list.
    pub fn knows(&self, words: &str) -> bool {
        let said = Meaning::of(words);
        !said.is_empty() && self.best(&said, "").is_some_and(|(_, fit)| STRONG <= fit)
    }

    /// Whether `words` speak of a diagnosis: most of what they say stands in some title, or they name a part of the body.
    pub fn speaks_of_one(&self, words: &str) -> bool {
        let said = Meaning::of(words);
        let known = |stem: &&String| self.titles().holds(stem);
        let count = said.stems.iter().filter(known).count();
        count > 0 && count * 2 >= said.stems.len() || !said.regions.is_empty() && said.stems.len() <= STEMS_MAX
    }

    /// The one billable code that looks like `printed` and whose title fits `words`: "Cervicalgia (M54.Z)".
    pub fn mend(&self, printed: &str, words: &str, on: Date) -> Option<String> {
        let said = Meaning::of(words);
        if said.is_empty() || bare(printed).len() < 3 {
            return None;
        }
        let fit = self.titles().compare(&said);
        let printed = folded(&bare(printed));
        let mut found: Vec<(&str, f32, usize)> = self
            .meanings()
            .enumerate()
            .map(|(place, (code, title))| (place, code, title))
            .map(|(place, code, title)| (place, code, title, folded_apart(&printed, code)))
            .filter(|(_, code, _, distance)| *distance <= 2 && self.look_up(code, on) == CodeStatus::Billable)
            .map(|(place, code, title, distance)| (code, fit(place, title), distance))
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

    /// The code other than `code` whose title fits the words best.
    fn best(&self, said: &Meaning, code: &str) -> Option<(String, f32)> {
        let fit = self.titles().compare(said);
        let others = self.meanings().enumerate().filter(|(_, (other, _))| *other != code);
        best(others.map(|(place, (other, title))| (other, fit(place, title))))
    }
}

/// The best of them; of two as good the first.
fn best<'a>(fits: impl Iterator<Item = (&'a str, f32)>) -> Option<(String, f32)> {
    let mut best: Option<(&str, f32)> = None;
    for (code, fit) in fits {
        if best.is_none_or(|(_, known)| known < fit) {
            best = Some((code, fit));
        }
    }
    best.map(|(code, fit)| (code.to_owned(), fit))
}

/// Words beside a part of the body that make a diagnosis in words; a sentence has more.
const STEMS_MAX: usize = 4;
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

/// In how many places two codes differ, letters and digits that look the same being one.
pub fn look_alike(printed: &str, code: &str) -> usize {
    folded_apart(&folded(&bare(printed)), code)
}

/// The same, of a printed code that is folded already.
fn folded_apart(printed: &str, code: &str) -> usize {
    let code = folded(&bare(code));
    // the end of a code may be cut off at the end of its line
    let cut = CUT_LENGTH_MIN <= printed.len() && printed.len() < code.len() && code.starts_with(printed);
    if cut { 1 } else { strsim::levenshtein(printed, &code) }
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
