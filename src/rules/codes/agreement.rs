//! Whether the words beside a code fit its title: the only check that sees one digit taken for another.

use jiff::civil::Date;

use super::list::{CodeList, CodeStatus, Near};
use super::meaning::Meaning;
use super::shape::{bare, folded};

/// Whether the words beside a code fit its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// They do.
    Agrees,
    /// They do not; this code's title fits them.
    Contradicts(String),
    /// They name something else than the code; the list holds no title that fits them.
    Foreign,
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
        let title = self.meaning(code);
        // of what is the listed title to the letter no other title holds more
        if title == Some(&said) && self.title(code).is_some_and(|title| same_letters(title, words)) {
            return Agreement::Agrees;
        }
        let own = title.map(|title| said.fit(title));
        let near = self.near(code);
        if let Some(other) =
            self.title_of_another(code, words, &near).or_else(|| self.near_and_nearer(code, &said, &near))
        {
            return Agreement::Contradicts(other);
        }
        if own.is_some_and(|own| FITS <= own) {
            return Agreement::Agrees;
        }
        let near = best(near.iter().map(|other| (other.code, said.fit(other.meaning))));
        // another title counts only where the words hold something of it that this one lacks: "rotator cuff"
        let speaks_for = |other: &str| match (self.meaning(other), title) {
            (Some(other), Some(own)) => said.tells_apart(other, own),
            _ => true,
        };
        let near = near.filter(|(other, _)| speaks_for(other));
        let clash = title.is_some_and(|title| said.clashes(title));
        match (own, near) {
            (None, Some((other, fit))) if STRONG <= fit => Agreement::Contradicts(other),
            (Some(own), Some((other, fit))) if own < WEAK && STRONG <= fit || clash && own < fit && FITS <= fit => {
                Agreement::Contradicts(other)
            }
            (Some(own), _) if own < WEAK || clash => match self.best(&said, code) {
                Some((other, fit)) if STRONG <= fit => Agreement::Contradicts(other),
                _ if own == 0.0 && names_a_disease(words) => Agreement::Foreign,
                _ => Agreement::Unknown,
            },
            (Some(own), _) if WEAK <= own => Agreement::Agrees,
            _ => Agreement::Unknown,
        }
    }

    /// Whether `words` say something that the title of `code` says too; also where the list has no such code.
    pub fn shares(&self, code: &str, words: &str) -> bool {
        let said = Meaning::of(words);
        self.meaning(code).is_none_or(|title| said.tells_apart(title, &Meaning::default()))
    }

    /// Whether `words` name anything that a title could name.
    pub fn says_something(&self, words: &str) -> bool {
        !Meaning::of(words).is_empty()
    }

    /// The end of `words` that fits the title of `code` best: nobody knows where in a sentence the diagnosis begins.
    pub fn fitting_end<'a>(&self, code: &str, words: &'a str) -> Option<&'a str> {
        let parts = last_starts(words).into_iter().filter_map(|start| words.get(start..));
        self.fitting(code, parts, |longer, shorter| longer.get(..longer.len() - shorter.len()))
    }

    /// The same, of the beginning.
    pub fn fitting_beginning<'a>(&self, code: &str, words: &'a str) -> Option<&'a str> {
        let starts = last_starts(words);
        let ends = starts.into_iter().skip(1).chain([words.len()]);
        let parts = ends.rev().filter_map(|end| words.get(..end)).map(str::trim_end);
        self.fitting(code, parts, |longer, shorter| longer.get(shorter.len()..))
    }

    /// Of some parts of a text, the longest first, the one that fits the title of `code` best; of two that fit alike the longer, unless
    /// what it has more only joins it to something else (`more` tells what it has more).
    fn fitting<'a>(
        &self,
        code: &str,
        parts: impl Iterator<Item = &'a str>,
        more: impl Fn(&'a str, &'a str) -> Option<&'a str>,
    ) -> Option<&'a str> {
        let title = self.meaning(code)?;
        let joins = |longer: &'a str, shorter: &'a str| more(longer, shorter).is_some_and(has_joint);
        let mut best: Option<(&str, f32)> = None;
        for part in parts {
            // none fits better than one that fits wholly
            if best.is_some_and(|(known, fit)| WHOLE <= fit && !joins(known, part)) {
                continue;
            }
            let fit = Meaning::of(part).fit(title);
            let better = |(known, known_fit): (&'a str, f32)| known_fit < fit || known_fit == fit && joins(known, part);
            if FITS <= fit && best.is_none_or(better) {
                best = Some((part, fit));
            }
        }
        best.map(|(part, _)| part)
    }

    /// The code one place away whose listed title the words are, to the letter, where the code's own title is another.
    fn title_of_another(&self, code: &str, words: &str, near: &[Near]) -> Option<String> {
        let is = |title: &str| same_letters(title, words);
        let own = self.title(code)?;
        if is(own) {
            return None;
        }
        near.iter().find(|other| is(other.title)).map(|other| other.code.to_owned())
    }

    /// The code one place away for which the words hold something that this one's title lacks, while they hold nothing of this
    /// title that the other lacks: a digit was taken for another one.
    fn near_and_nearer(&self, code: &str, said: &Meaning, near: &[Near]) -> Option<String> {
        let own = self.meaning(code)?;
        let own_fit = said.fit(own);
        let tells = |title: &Meaning| said.tells_apart(title, own) && !said.tells_apart(own, title);
        let nearer = near.iter().filter(|other| tells(other.meaning));
        let nearer = best(nearer.map(|other| (other.code, said.fit(other.meaning))));
        nearer.filter(|(_, fit)| FITS <= *fit && own_fit <= *fit).map(|(other, _)| other)
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
        count > 0 && count * 2 >= said.stems.len() || said.regions != 0 && said.stems.len() <= STEMS_MAX
    }

    /// The beginning of `words`, as far as every word of it belongs to diagnoses, where it names a condition: "a back injury and
    /// recommend" gives "a back injury".
    pub fn condition_at_beginning<'a>(&self, words: &'a str) -> Option<&'a str> {
        let known = |word: &&str| {
            let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
            let said = Meaning::of(bare);
            let spoken = !said.is_empty() || said.sides != 0 || !said.qualifiers.is_empty();
            is_joint(bare) || is_complaint(bare) || spoken && said.stems.iter().all(|stem| self.titles().holds(stem))
        };
        let count = words.split_whitespace().take_while(known).take(CONDITION_WORDS_MAX).count();
        let starts = last_starts(words);
        let end = starts.get(count).copied().unwrap_or(words.len());
        let condition = without_joints(words.get(..end)?.trim());
        names_a_condition(condition).then_some(condition)
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

/// Words that join a diagnosis to what stands before or behind it.
const JOINTS: [&str; 16] =
    ["and", "&", "with", "for", "from", "of", "the", "a", "an", "her", "his", "their", "is", "has", "i", "to"];

/// Whether a word only joins a diagnosis to others.
fn is_joint(word: &str) -> bool {
    JOINTS.iter().any(|joint| joint.eq_ignore_ascii_case(word))
}

/// Words without those at their ends that only join them to others.
pub(in crate::rules) fn without_joints(words: &str) -> &str {
    let mut words = words;
    while let Some((_, rest)) = words.split_once(' ').filter(|(first, _)| is_joint(first)) {
        words = rest.trim_start();
    }
    while let Some((rest, _)) = words.rsplit_once(' ').filter(|(_, last)| is_joint(last)) {
        words = rest.trim_end_matches(|letter: char| !letter.is_alphanumeric());
    }
    words
}

fn has_joint(words: &str) -> bool {
    words.split_whitespace().any(is_joint)
}

/// Where words begin: behind a blank, or at the beginning.
pub(in crate::rules) fn word_starts(text: &str) -> Vec<usize> {
    let mut is_first = true;
    let begins = |(_, letter): &(usize, char)| {
        let is_blank = letter.is_whitespace();
        std::mem::replace(&mut is_first, is_blank) && !is_blank
    };
    text.char_indices().filter(begins).map(|(at, _)| at).collect()
}

/// Where words begin; of a long text the last ones.
fn last_starts(text: &str) -> Vec<usize> {
    let mut starts = word_starts(text);
    starts.drain(..starts.len().saturating_sub(FITTING_WORDS_MAX));
    starts
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

/// Whether two texts are one but for blanks, signs and capitals.
fn same_letters(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { plain_letters(a).eq(plain_letters(b)) } else { letters(a).eq(letters(b)) }
}

/// Letters and digits alone, lower case.
fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

fn plain_letters(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// Endings of the names of diseases ("arthritis", "anemia"), and common names without one. Words of an order that name none of them
/// ("please call") say nothing against a code.
const DISEASE_ENDINGS: [&str; 10] =
    ["itis", "osis", "algia", "pathy", "emia", "plegia", "paresis", "iasis", "penia", "trophy"];
const DISEASES: [&str; 37] = [
    "shock",
    "diabetes",
    "hypertension",
    "asthma",
    "obesity",
    "cancer",
    "carcinoma",
    "lymphoma",
    "melanoma",
    "pneumonia",
    "stroke",
    "pregnancy",
    "fracture",
    "fever",
    "cough",
    "infection",
    "depression",
    "anxiety",
    "insomnia",
    "dementia",
    "epilepsy",
    "seizure",
    "migraine",
    "gout",
    "hernia",
    "lupus",
    "copd",
    "gerd",
    "fatigue",
    "dizziness",
    "vertigo",
    "nausea",
    "edema",
    "burn",
    "wound",
    "abscess",
    "ulcer",
];
/// Words of orders with such an ending that name no disease.
const NO_DISEASES: [&str; 7] =
    ["diagnosis", "prognosis", "osteopathy", "naturopathy", "homeopathy", "chiropathy", "academia"];

/// What massage is ordered for, in everyday words.
const COMPLAINTS: [&str; 30] = [
    "pain",
    "pains",
    "ache",
    "aches",
    "soreness",
    "injury",
    "injuries",
    "strain",
    "strains",
    "sprain",
    "sprains",
    "spasm",
    "spasms",
    "tension",
    "tightness",
    "stiffness",
    "headache",
    "headaches",
    "migraines",
    "whiplash",
    "lumbago",
    "sciatica",
    "torticollis",
    "dysfunction",
    "impingement",
    "syndrome",
    "contusion",
    "weakness",
    "stress",
    "tear",
];

fn is_complaint(word: &str) -> bool {
    COMPLAINTS.iter().any(|complaint| complaint.eq_ignore_ascii_case(word))
}

/// Whether words name a complaint, or a disease by the ending of its name; what else somebody is treated for is not massage's.
fn names_a_condition(words: &str) -> bool {
    words
        .split(|letter: char| !letter.is_alphabetic())
        .any(|word| is_complaint(word) || ends_as_disease(&word.to_lowercase()))
}

fn ends_as_disease(word: &str) -> bool {
    7 <= word.len() && !NO_DISEASES.contains(&word) && DISEASE_ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// Whether words name a disease, of whatever list.
fn names_a_disease(words: &str) -> bool {
    let mut words = words.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase);
    words.any(|word| DISEASES.contains(&word.as_str()) || ends_as_disease(&word))
}

/// A condition in a sentence has at most so many words.
const CONDITION_WORDS_MAX: usize = 12;
/// A diagnosis is looked for in so many words of a sentence.
const FITTING_WORDS_MAX: usize = 14;
/// Words beside a part of the body that make a diagnosis in words; a sentence has more.
const STEMS_MAX: usize = 4;
/// Shares of the words that two titles have in common.
const FITS: f32 = 0.5;
const WHOLE: f32 = 1.0;
const STRONG: f32 = 0.66;
const WEAK: f32 = 0.25;

/// So much of a code is enough to know it by, together with its words.
const CUT_LENGTH_MIN: usize = 4;

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
            ("S46.811D", "Strain of right shoulder / upper arm muscle, subsequent"),
        ] {
            assert_eq!(agrees(code, words), Agreement::Agrees, "{code} {words}");
        }
        assert_eq!(agrees("R51.9", "Shock"), Agreement::Contradicts("R57.9".to_owned()));
        assert_eq!(agrees("R51.9", "Diabetes"), Agreement::Foreign);
        for (code, words, better) in [
            ("M76.11", "Unilateral primary osteoarthritis, right hip", "M16.11"),
            ("M54.11", "Radiculopathy, lumbosacral region", "M54.17"),
            ("S23.8XXA", "Sprain of ligaments of thoracic spine, initial encounter", "S23.3XXA"),
            ("S46.311A", "Strain of other muscles, fascia and tendons at shoulder level, right arm", "S46.811A"),
            ("G43.919", "Migraine, not intractable, without status migrainosus", "G43.909"),
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
        for (code, words) in
            [("M54.2", ""), ("M54.2", "please call"), ("M54.2", "1. 2."), ("M54.2", "Insurance, Diagnosis")]
        {
            assert_eq!(agrees(code, words), Agreement::Unknown, "{code} {words}");
        }
    }

    /// Every code of the list whose digit was taken for another one, or a letter for one that looks the same, with its true title
    /// beside it: none comes out as another code without a doubt.
    #[test]
    fn no_misread_of_one_character_stands_beside_its_title_unseen() {
        let list = CodeList::built_in();
        let codes: Vec<(String, String)> =
            list.titled().map(|(code, title)| (code.to_owned(), title.to_owned())).collect();
        let (mut tried, mut silent) = (0, Vec::new());
        for (code, title) in &codes {
            for misread in misreads(code).filter(|misread| list.title(misread).is_some()) {
                tried += 1;
                if !matches!(list.agrees_with(&misread, title), Agreement::Contradicts(_)) {
                    silent.push(format!("{code} read as {misread}: {title}"));
                }
            }
            // nor does a true title speak against its own code
            assert!(!matches!(list.agrees_with(code, title), Agreement::Contradicts(_)), "{code} {title}");
        }
        assert!(1_000 < tried, "{tried}");
        assert_eq!(silent, Vec::<String>::new(), "{} of {tried}", silent.len());
    }

    /// Each character of a code as another digit, or as a letter or digit that looks the same.
    fn misreads(code: &str) -> impl Iterator<Item = String> + '_ {
        const ALIKE: [&str; 6] = ["0ODQ", "1ILT7", "5S", "8B3", "2Z", "6G"];
        code.char_indices().filter(|(_, letter)| *letter != '.').flat_map(move |(at, letter)| {
            let digits = if letter.is_ascii_digit() { "0123456789" } else { "" };
            let alike = ALIKE.iter().filter(move |class| class.contains(letter)).flat_map(|class| class.chars());
            let others = digits.chars().chain(alike).filter(move |other| *other != letter);
            let ends = code.get(..at).zip(code.get(at + 1..)).unwrap_or_default();
            others.map(move |other| format!("{}{other}{}", ends.0, ends.1))
        })
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
