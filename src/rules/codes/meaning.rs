//! What words say of a diagnosis: what it is, where, which side. Spelling, synonyms and abbreviations make no difference.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashMap;

use crate::rules::near::letters;

/// What words say of a diagnosis: what it is, where, which side, which encounter.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Each once, in the order of the alphabet.
    pub(super) stems: Vec<String>,
    /// A bit for each of [`REGIONS`].
    pub(super) regions: u32,
    /// A bit for each of [`SIDES`].
    pub(super) sides: u32,
    /// What tells titles apart that are alike otherwise: "unspecified", "intractable", and "-aura" for "without aura".
    pub(super) qualifiers: Vec<String>,
}

impl Meaning {
    pub(super) fn of(words: &str) -> Self {
        let lower = in_titles_words(words.to_lowercase());
        let mut meaning = Self::default();
        let mut lacks = false;
        for piece in lower.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
            let (word, sign) = match piece.char_indices().next_back() {
                Some((at, sign)) if !sign.is_alphanumeric() => (piece.get(..at).unwrap_or_default(), Some(sign)),
                _ => (piece, None),
            };
            match word {
                "" => {}
                "without" | "not" | "no" => lacks = true,
                "with" | "and" => lacks = false,
                word if lacks => {
                    meaning.qualifiers.extend((3 <= word.len()).then(|| ["-", stem(word)].concat()));
                }
                word => meaning.add(word),
            }
            // what is lacking ends with its part of the words
            lacks &= !matches!(sign, Some(',' | ';' | '(' | ')' | '\n'));
        }
        meaning.stems.sort_unstable();
        meaning.stems.dedup();
        meaning
    }

    fn add(&mut self, word: &str) {
        let figures = word.bytes().filter(u8::is_ascii_digit).count();
        let unfolded;
        let word = if figures == 1 && 5 <= word.len() {
            unfolded = word.replace('1', "l").replace('0', "o").replace('5', "s");
            unfolded.as_str()
        } else {
            word
        };
        match known(word) {
            Some(Known::Side(side)) => self.sides |= side,
            Some(Known::Region(region)) => self.regions |= region,
            Some(Known::Qualifier(qualifier)) => self.qualifiers.push(qualifier.to_owned()),
            Some(Known::Silent) => {}
            None if 3 <= word.len() && !word.bytes().any(|byte| byte.is_ascii_digit()) => {
                self.stems.push(stem(word).to_owned());
            }
            None => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stems.is_empty() && self.regions == 0
    }

    /// Whether these words hold something that stands in the one title and not in the other.
    pub(super) fn tells_apart(&self, one: &Self, other: &Self) -> bool {
        let stem = |word: &String| {
            one.stems.iter().any(|title| same(word, title)) && !other.stems.iter().any(|title| same(word, title))
        };
        let qualifier = |it: &String| one.qualifiers.contains(it) && !other.qualifiers.contains(it);
        self.regions & one.regions & !other.regions != 0
            || self.sides & one.sides & !other.sides != 0
            || self.qualifiers.iter().any(qualifier)
            || self.stems.iter().any(stem)
    }

    /// From 0 to 1: how much of these words the title shares, both ways.
    pub(super) fn fit(&self, title: &Self) -> f32 {
        if self.clashes(title) {
            return 0.0;
        }
        let shared = self.stems.iter().filter(|word| title.stems.iter().any(|other| same(word, other))).count();
        let shared_back = title.stems.iter().filter(|word| self.stems.iter().any(|other| same(word, other))).count();
        self.share(title, shared, shared_back)
    }

    /// As [`Self::fit`], where it is known how many stems of the one have a fellow in the other, and the other way round.
    fn share(&self, title: &Self, shared: usize, shared_back: usize) -> f32 {
        let count = |regions: u32| regions.count_ones() as usize;
        let regions = count(self.regions & title.regions);
        let total = self.stems.len() + count(self.regions);
        let total_back = title.stems.len() + count(title.regions);
        if total == 0 || total_back == 0 {
            return 0.0;
        }
        let forth = (shared + regions) as f32 / total as f32;
        let back = (shared_back + regions) as f32 / total_back as f32;
        let side = if self.sides != 0 && self.sides == title.sides { 0.05 } else { 0.0 };
        // few words may stand for a long title: what is said counts more than what is left out
        ((0.65 * forth + 0.35 * back) + side).min(1.0)
    }

    /// Left is not right, the neck is not the knee.
    pub(super) fn clashes(&self, title: &Self) -> bool {
        let apart = |a: u32, b: u32| a != 0 && b != 0 && a & b == 0;
        apart(self.sides & ONE_SIDE, title.sides & ONE_SIDE) || apart(self.regions, title.regions)
    }
}

/// The stems of all titles, each once: words are compared to each stem and not to each title.
#[derive(Debug, Clone, Default)]
pub(super) struct Titles {
    stems: Vec<(String, u32)>,
    /// For each title the numbers of its stems, in the order of the titles.
    of_titles: Vec<Vec<usize>>,
}

impl Titles {
    pub(super) fn of<'a>(titles: impl Iterator<Item = &'a Meaning>) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut all = Self::default();
        for title in titles {
            let number = |stem: &'a String| {
                *numbers.entry(stem).or_insert_with(|| {
                    all.stems.push((stem.clone(), letters(stem.as_bytes())));
                    all.stems.len() - 1
                })
            };
            all.of_titles.push(title.stems.iter().map(number).collect());
        }
        all
    }

    /// Whether a stem stands in some title.
    pub(super) fn holds(&self, stem: &str) -> bool {
        let own = letters(stem.as_bytes());
        let near = |known: &str, of_known: u32| !is_plain(known, stem) || may_be_same(known, of_known, stem, own);
        self.stems.iter().any(|(known, of_known)| near(known, *of_known) && same(known, stem))
    }

    /// How well the words fit each title: asked by the title's place and meaning.
    pub(super) fn compare<'a>(&'a self, said: &'a Meaning) -> impl Fn(usize, &Meaning) -> f32 + 'a {
        // a bit for each stem that was said; more of them than there are bits are compared one by one
        let countable = said.stems.len() <= 64;
        let mut fellows = vec![0_u64; if countable { self.stems.len() } else { 0 }];
        for (bit, word) in said.stems.iter().enumerate().filter(|_| countable) {
            let own = letters(word.as_bytes());
            for ((stem, of_stem), fellow) in self.stems.iter().zip(&mut fellows) {
                *fellow |= u64::from(may_be_same(word, own, stem, *of_stem) && same(word, stem)) << bit;
            }
        }
        move |place, title| {
            let Some(stems) = self.of_titles.get(place).filter(|_| countable) else { return said.fit(title) };
            if said.clashes(title) {
                return 0.0;
            }
            let shared = stems.iter().fold(0, |all, stem| all | fellows[*stem]).count_ones() as usize;
            let shared_back = stems.iter().filter(|stem| fellows[**stem] != 0).count();
            said.share(title, shared, shared_back)
        }
    }
}

/// Whether a letter of both words is one byte: a letter changed is then at most two of [`letters`], one gone and one come.
fn is_plain(a: &str, b: &str) -> bool {
    a.is_ascii() && b.is_ascii()
}

/// Whether two words with these letters can be the same: two letters changed are four that stand in only one of the two.
fn may_be_same(a: &str, of_a: u32, b: &str, of_b: u32) -> bool {
    (of_a ^ of_b).count_ones() <= 4 || b.starts_with(a) || a.starts_with(b)
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
    !twins
        && 0 < allowed
        && long.len() - short.len() <= allowed
        && (!is_plain(a, b) || (letters(a.as_bytes()) ^ letters(b.as_bytes())).count_ones() as usize <= 2 * allowed)
        && strsim::levenshtein(a, b) <= allowed
}

fn stem(word: &str) -> &str {
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
    plural.unwrap_or(synonym)
}

/// Words in lower case with those of the titles in the place of everyday ones, in the order of the list.
fn in_titles_words(mut words: String) -> String {
    static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::new(PHRASES.iter().map(|(from, _)| from)).expect("a few dozen phrases always build")
    });
    let mut next = 0;
    let first = |words: &str, from: usize| {
        ANY.find_overlapping_iter(words).map(|phrase| phrase.pattern().as_usize()).filter(|at| from <= *at).min()
    };
    while let Some(at) = first(&words, next) {
        let (from, to) = PHRASES[at];
        words = words.replace(from, to);
        next = at + 1;
    }
    words
}

/// Everyday words for what the titles say.
const PHRASES: &[(&str, &str)] = &[
    ("w/o", "without"),
    ("c-spine", "cervical spine"),
    ("t-spine", "thoracic spine"),
    ("l-spine", "lumbar spine"),
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
    ("up arm", "upper arm"),
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
    ("myofascial pain", "myalgia"),
];

/// What a word says, beside those that belong to the name of what it is.
#[derive(Clone, Copy)]
enum Known {
    Side(u32),
    Region(u32),
    Qualifier(&'static str),
    /// It tells nothing apart.
    Silent,
}

/// What is known of a word.
fn known(word: &str) -> Option<Known> {
    static KNOWN: LazyLock<FxHashMap<&'static str, Known>> = LazyLock::new(|| {
        let silent = SILENT.iter().map(|word| (*word, Known::Silent));
        let sides = numbered(&SIDES).map(|(at, word)| (word, Known::Side(1 << at)));
        let regions = numbered(&REGIONS).map(|(at, word)| (word, Known::Region(1 << at)));
        let qualifiers = numbered(&QUALIFIERS).map(|(at, word)| (word, Known::Qualifier(QUALIFIERS[at][0])));
        silent.chain(qualifiers).chain(regions).chain(sides).collect()
    });
    KNOWN.get(word).copied()
}

/// The words of a table, each with the number of its line.
fn numbered(lines: &'static [&[&'static str]]) -> impl Iterator<Item = (usize, &'static str)> {
    lines.iter().enumerate().flat_map(|(at, words)| words.iter().map(move |word| (at, *word)))
}

const SIDES: [&[&str]; 3] = [&["right", "rt", "r"], &["left", "lt", "l"], &["both", "bilateral", "bilat"]];
/// The bits of [`Meaning::sides`] that are of one side.
const ONE_SIDE: u32 = 0b11;

/// Words that only tell one title from a like one; the first of a line stands for all of it.
const QUALIFIERS: [&[&str]; 9] = [
    &["unspecified", "unsp", "unspec", "nos"],
    &["initial", "init"],
    &["subsequent", "subs", "subseq"],
    &["sequela"],
    &["primary"],
    &["secondary"],
    &["acute"],
    &["chronic"],
    &["intractable"],
];

/// Words for parts of the body, a line each.
const REGIONS: [&[&str]; 22] = [
    &["neck", "cervical", "cerv", "cervicothoracic"],
    &["thoracic", "thorax", "thor"],
    &["lumbar", "lum", "lumb", "lumbosacral", "lumbosacr"],
    &["sacral", "sacrum", "sacroiliac", "sacrococcygeal"],
    &["pelvis", "pelvic"],
    &["shoulder", "shoulders", "shldr", "rotator"],
    &["elbow", "epicondylitis"],
    &["forearm"],
    &["wrist"],
    &["hand", "hands"],
    &["hip", "hips", "trochanteric"],
    &["thigh"],
    &["knee", "knees"],
    &["ankle"],
    &["foot", "plantar", "feet"],
    &["calf"],
    &["arm", "arms"],
    &["leg", "legs"],
    &["abdomen", "abdominal"],
    &["jaw", "temporomandibular"],
    &["rib", "ribs"],
    &["headache", "headaches", "migraine", "head"],
];

/// Words that tell nothing apart.
const SILENT: [&str; 34] = [
    "other",
    "and",
    "the",
    "with",
    "without",
    "not",
    "elsewhere",
    "classified",
    "encounter",
    "for",
    "type",
    "due",
    "disorder",
    "disorders",
    "region",
    "site",
    "level",
    "part",
    "parts",
    "specified",
    "oth",
    "dx",
    "diagnosis",
    "icd",
    "code",
    "status",
    "nec",
    "patient",
    "has",
    "into",
    "from",
    "left",
    "right",
    "same",
];
