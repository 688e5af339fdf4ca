//! In: text of a name slot, or a sentence. Out: people's names, given name first, with the credential set apart.

#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use self::words::{
    credential, is_assistant, is_initial, is_label, is_name_word, is_particle, is_refused, is_title, mend, suffix,
    title_case,
};
use crate::model::PersonName;
use crate::rules::Repair;
use crate::rules::near::letters;

/// A name that the text holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHit {
    /// Given name first, without titles; the first credential apart.
    pub name: PersonName,
    /// All credentials, without dots ("PA-C", "MPAS").
    pub credentials: Vec<String>,
    /// Whether a title ("Dr.") stood before it.
    pub titled: bool,
    /// Where it stands, with title and credentials.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data.
    pub doubts: Vec<String>,
}

/// Reads a name slot: the name that stands at its beginning. None for label words, organisations, addresses and sentences.
pub fn read_name(text: &str) -> Option<NameHit> {
    let capital = |word: &Piece| word.text.starts_with(char::is_uppercase);
    // specks before a name are read as a letter or two
    let is_debris = |word: &Piece| {
        word.text.chars().count() <= DEBRIS_LETTERS_MAX
            && word.text.chars().all(char::is_lowercase)
            && !PARTICLES.contains(&word.text)
            && words(text).filter(capital).nth(1).is_some()
    };
    // "Patierit Jerome St. Clair": the label, damaged
    let is_damaged_label = |word: &Piece| looks_like_a_label(word.text) && words(text).nth(2).is_some();
    // "worker Maria Lopez": what somebody is, in small letters
    let is_role = |word: &Piece| ROLES.contains(&word.text) && words(text).filter(capital).nth(1).is_some();
    let mut slot = Slot::default();
    for word in words(text).skip_while(is_debris).skip_while(is_damaged_label).skip_while(is_role) {
        if !slot.take(&word) {
            break;
        }
    }
    slot.name(text)
}

/// "Patierit", "Provlder".
fn looks_like_a_label(word: &str) -> bool {
    let near = |label: &&str| word.len().abs_diff(label.len()) <= DAMAGED_MAX;
    if !DAMAGED_LABELS.iter().any(near) {
        return false;
    }
    let lower = word.to_lowercase();
    // a letter taken for another is one that came and one that went
    let may_be =
        |label: &&str| (letters(label.as_bytes()) ^ letters(lower.as_bytes())).count_ones() as usize <= 2 * DAMAGED_MAX;
    let is_plain = lower.is_ascii();
    DAMAGED_LABELS
        .iter()
        .filter(|label| near(label) && (!is_plain || may_be(label)))
        .any(|label| strsim::osa_distance(&lower, label) <= DAMAGED_MAX && lower != "patience")
}

/// Labels that OCR may damage in two letters and that no name is like.
const DAMAGED_LABELS: &[&str] = &["patient", "provider", "physician"];
/// In so many letters.
const DAMAGED_MAX: usize = 2;
/// What a name may be led by, in small letters.
const ROLES: &[&str] = &[
    "worker",
    "employee",
    "client",
    "claimant",
    "veteran",
    "member",
    "participant",
    "student",
    "athlete",
    "our",
    "my",
];
/// Specks are read as at most so many letters.
const DEBRIS_LETTERS_MAX: usize = 2;
/// Small words of one or two letters that begin a family name.
const PARTICLES: &[&str] = &["al", "da", "de", "di", "du", "el", "la", "le", "lo", "o", "st"];

/// Names in running words, each behind a cue ("RE:", "treating", "Dr.", "signed by") or before one (a credential, a birth date).
pub fn find_names(text: &str) -> Vec<NameHit> {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?x)
            \b(?:(?i-u:re|regarding|patient(?:'s)?(?:\ name)?|pt|client|claimant|veteran|employee|injured\ worker|treating|evaluated|examined|evaluating
              |my\ patient|signed\ by|authenticated\ by|ordered\ by|referred\ by|prescribed\ by|behalf\ of|sincerely|regards|name)\ ?[:,.\#\-]*\s{1,3}
            |(?i-u:mr|mrs|ms|miss|dr)\.?\s{1,2}|/e?s/\s{0,2})",
        )
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"[,(-]?\s{0,2}(?:\(?\b(?i:(?:id|mrn|chart|acct)\b[^()\n]{1,24}\b)?(?i-u:DOB|D\.O\.B|date of birth|birth ?date|born)\b|\(?\bb\.\s?\d|(?:[Xx]{3}|\*{3})-(?:[Xx]{2}|\*{2})-\d{4}|,?\s(?:M\.?D\b|D\.?O\b|D\.?C\b|N\.?D\b|N\.?P\b|PA\b|P\.A\.|ARNP\b|APRN\b|CRNP\b|CNP\b|CNS\b|NMD\b|ANP\b|AGNP\b|PMHNP\b|WHNP\b|C?PNP\b|EAMP\b|DAOM\b|DACM\b|MBBS\b|FNP\b|DPM\b|DNP\b|CNM\b|DDS\b|DMD\b|L\.?Ac\b))",
        )
    });
    let mut hits: Vec<NameHit> = Vec::new();
    let mut offer = |start: usize, end: usize| {
        let Some(slot) = text.get(start..end) else { return };
        let Some(mut hit) = read_name(slot) else { return };
        hit.span = hit.span.start + start..hit.span.end + start;
        for repair in &mut hit.repairs {
            repair.span = repair.span.start + start..repair.span.end + start;
        }
        // running words may begin any sentence: a name has two words, or a title
        if hit.doubts.is_empty() || hit.titled {
            hits.push(hit);
        }
    };
    for cue in BEFORE.find_iter(text) {
        let titled = cue.as_str().trim_end().trim_end_matches('.').len() <= 4
            && matches!(
                cue.as_str().trim_end().trim_end_matches('.').to_ascii_lowercase().as_str(),
                "mr" | "mrs" | "ms" | "miss" | "dr"
            );
        let start = if titled { cue.start() } else { cue.end() };
        offer(start, line_end(text, cue.end()));
    }
    for cue in BEHIND.find_iter(text) {
        let start = name_start(text, cue.start());
        if start < cue.start() {
            offer(start, line_end(text, cue.end()));
        }
    }
    hits.sort_by_key(|hit| (hit.span.start, std::cmp::Reverse(hit.span.end)));
    let mut end = 0;
    hits.retain(|hit| {
        let apart = end <= hit.span.start;
        end = if apart { hit.span.end } else { end };
        apart
    });
    hits
}

/// Whether a word is written as a credential is ("MD", "PA-C").
pub(in crate::rules) fn is_credential(word: &str) -> bool {
    credential(word.trim_end_matches([',', ';'])).is_some()
}

/// Whether any word of a text is written as a credential is.
pub(in crate::rules) fn names_credential(text: &str) -> bool {
    names_credentials(text, 1)
}

/// Whether at least so many words of a text are written as credentials are.
pub(in crate::rules) fn names_credentials(text: &str, least: usize) -> bool {
    // every one has two capitals, of which one may have become a zero, or a full stop
    let mut signs = text.bytes().filter(|byte| matches!(byte, b'A'..=b'Z' | b'0' | b'.'));
    if !signs.next().is_some_and(|first| first == b'.' || signs.next().is_some()) {
        return false;
    }
    let words = text.split(parts_words).map(|run| run.trim_matches(is_debris));
    let is_credential = |word: &&str| credential(word).is_some() || is_assistant(word.trim_end_matches('.'));
    words.filter(|word| word.len() > 1).filter(is_credential).take(least).count() == least
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours compiles")
}

/// A name with its title and credentials is not longer.
const NAME_BYTES_MAX: usize = 90;

/// A name stands on one line.
fn line_end(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let line = rest.iter().take(NAME_BYTES_MAX).take_while(|byte| **byte != b'\n').count();
    (0..=line).rev().map(|length| from + length).find(|end| text.is_char_boundary(*end)).unwrap_or(from)
}

/// Back over capitalised words to where a name before `end` begins.
fn name_start(text: &str, end: usize) -> usize {
    let mut start = end;
    let from = (end.saturating_sub(NAME_BYTES_MAX)..=end).find(|from| text.is_char_boundary(*from)).unwrap_or(end);
    let words: Vec<Piece> = words(text.get(from..end).unwrap_or_default()).collect();
    for word in words.iter().rev().take(4) {
        let first = word.text.chars().next();
        let gap = text.get(from + word.span.end..start).unwrap_or_default();
        let capital = first.is_some_and(char::is_uppercase) && !is_refused(word.plain()) || is_particle(word.plain());
        // "Alan Pierce, MD   Brian Wolf, DO": another's credential
        let of_another = start != end && word.text.len() > 1 && credential(word.text).is_some();
        if !capital
            || of_another
            || gap.contains('\n')
            || word.colon
            || (word.comma && start != end && gap.trim() != ",")
        {
            break;
        }
        start = from + word.span.start;
    }
    start
}

struct Piece<'t> {
    text: &'t str,
    span: Range<usize>,
    comma: bool,
    /// A colon, a bracket or a blank line ends the name before it.
    colon: bool,
    opened: bool,
    new_line: bool,
}

impl Piece<'_> {
    fn plain(&self) -> &str {
        self.text.trim_end_matches('.')
    }
}

/// Words with their spans, edges freed of debris; the comma behind a word is kept as a fact.
fn words(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let runs = std::iter::from_fn(move || {
        rest = rest.trim_start_matches(parts_words);
        let begin = text.len() - rest.len();
        let end = begin + rest.find(parts_words).unwrap_or(rest.len());
        rest = text.get(end..)?;
        (begin < end).then_some(begin..end)
    });
    // the end of the word before
    let mut before = 0;
    runs.filter_map(move |run| {
        let piece = piece(text, run, before)?;
        before = piece.span.end;
        Some(piece)
    })
}

fn parts_words(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            ',' | ';' | ':' | '|' | '_' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '*' | '=' | '~'
        )
        || matches!(letter, '•' | '·')
}

/// What is cut off the ends of a word.
fn is_debris(letter: char) -> bool {
    !(letter.is_alphanumeric() || letter == '.' || letter == '/')
}

/// A run of letters and signs as a word; None where it holds no letter and no digit.
fn piece(text: &str, run: Range<usize>, end_before: usize) -> Option<Piece<'_>> {
    let (printed, behind) = (text.get(run.clone())?, text.get(run.end..)?);
    let word = printed.trim_start_matches(is_debris);
    let start = run.end - word.len();
    let word = word.trim_end_matches(is_debris);
    if !word.contains(char::is_alphanumeric) {
        return None;
    }
    let behind = behind.trim_start_matches([' ', '\t']);
    let gap = text.get(end_before..start)?;
    Some(Piece {
        text: word,
        span: start..start + word.len(),
        comma: behind.starts_with([',', ';']),
        colon: behind.starts_with(':'),
        opened: gap.contains(['(', '[']),
        new_line: gap.contains('\n'),
    })
}

#[derive(Debug, Clone)]
struct NameWord {
    printed: String,
    span: Range<usize>,
    /// Which comma-separated part of the name it belongs to.
    part: usize,
}

#[derive(Debug, Default)]
struct Slot {
    name: Vec<NameWord>,
    suffix: Option<String>,
    credentials: Vec<String>,
    titled: bool,
    part: usize,
    span: Option<Range<usize>>,
    refused: bool,
    /// A word that no name holds ended it.
    cut: bool,
}

impl Slot {
    /// Whether the name may go on behind this word.
    fn take(&mut self, word: &Piece<'_>) -> bool {
        let plain = word.plain();
        if (word.opened || word.new_line) && !self.name.is_empty() && credential(word.text).is_none() {
            return false;
        }
        if word.colon {
            // "DOB:" begins the next label
            self.cut = !self.name.is_empty();
            return self.name.is_empty() && is_label(plain);
        }
        // "Sgt (Ret.) Maria Lopez"
        let retired = self.titled && plain.eq_ignore_ascii_case("ret");
        if self.name.is_empty() && (is_title(plain) || retired) {
            self.titled = true;
            self.widen(word);
            return true;
        }
        // "Tina Ray, MA": behind a comma, where the name is whole
        let is_whole = self.part == 1 && self.name.len() > 1 && self.name.iter().all(|name| name.part == 0);
        if is_whole && !word.text.chars().any(char::is_lowercase) && is_assistant(plain) {
            self.credentials.push(plain.replace('.', ""));
            self.widen(word);
            return true;
        }
        // "Ma" and "Do" are names too: a credential is in capitals, or has dots, or stands behind a comma
        if let Some(credential) = credential(word.text).filter(|_| !self.name.is_empty()) {
            self.credentials.push(credential);
            self.widen(word);
            return true;
        }
        if !self.credentials.is_empty() {
            // "Pierce MD, Alan": the given name may follow one credential
            let turned = self.part == 0 && self.name.iter().all(|name| name.part == 0) && self.name.len() == 1;
            if !turned || !is_name_word(plain) {
                return false;
            }
            self.part = 1;
        }
        if let Some(suffix) = suffix(plain).filter(|_| !self.name.is_empty()) {
            self.suffix = Some(suffix);
            self.widen(word);
            self.part += usize::from(word.comma);
            return self.part < 3;
        }
        if self.name.is_empty() && is_label(plain) {
            return true;
        }
        // "Maria Lopez   b. 01/10/1949": no initial is written small
        let lone = plain.len() == 1 && plain.starts_with(char::is_lowercase) && !is_particle(plain);
        // "Lopez, Maria A": the initial, and no article
        let initial = self.part > 0 && plain.len() == 1 && plain.starts_with(char::is_uppercase);
        if is_refused(plain) && !initial || !is_name_word(plain) || lone {
            // "Piedmont Family Medicine" is no person; "Maria Lopez for neck pain" holds one
            let loud = plain.chars().next().is_some_and(char::is_uppercase) && 3 < plain.len();
            self.refused |= loud && is_refused(plain) && !is_label(plain);
            self.cut = true;
            return false;
        }
        self.name.push(NameWord { printed: word.text.to_owned(), span: word.span.clone(), part: self.part });
        self.widen(word);
        self.part += usize::from(word.comma);
        self.name.len() < 7
    }

    fn widen(&mut self, word: &Piece<'_>) {
        let start = self.span.as_ref().map_or(word.span.start, |span| span.start);
        self.span = Some(start..word.span.end);
    }

    fn name(mut self, text: &str) -> Option<NameHit> {
        let organisation = self.refused && self.credentials.is_empty();
        if self.name.is_empty() || 6 < self.name.len() || organisation {
            return None;
        }
        let (first, behind): (Vec<NameWord>, Vec<NameWord>) = self.name.drain(..).partition(|word| word.part == 0);
        let (given, family) = if behind.is_empty() { (first, Vec::new()) } else { (behind, first) };
        if !family.is_empty() && (4 < family.len() || 3 < given.len()) {
            return None;
        }
        // "Maria, Lopez, Ana": more than one turn is a list
        if given.iter().any(|word| 1 < word.part) {
            return None;
        }
        let mut doubts = Vec::new();
        let mut repairs = Vec::new();
        let order: Vec<NameWord> = given.into_iter().chain(family).collect();
        let long: Vec<&str> = order
            .iter()
            .map(|word| word.printed.as_str())
            .filter(|word| 1 < word.trim_end_matches('.').len())
            .collect();
        if order.len() < 2 || long.is_empty() {
            if !self.titled && self.credentials.is_empty() {
                return None;
            }
            doubts.push("a family name alone".to_owned());
        }
        if order.iter().all(|word| word.printed.chars().all(|c| !c.is_uppercase())) {
            doubts.push("a name without capitals".to_owned());
        }
        let mut full = Vec::new();
        let small = |word: &str| !word.chars().any(char::is_lowercase);
        let shouted = order
            .iter()
            .any(|word| small(&word.printed) && 2 < word.printed.chars().filter(|c| c.is_alphabetic()).count());
        for word in &order {
            let (mended, doubt) = mend(&word.printed);
            if mended != word.printed {
                repairs.push(Repair::new(word.span.clone(), &word.printed, &mended));
            }
            if let Some(doubt) = doubt {
                doubts.push(doubt.to_owned());
            }
            full.push(
                if shouted && small(&mended) && !is_initial(&mended)
                    || mended.chars().all(|c| !c.is_uppercase()) && !is_particle(&mended)
                {
                    title_case(&mended)
                } else {
                    mended
                },
            );
        }
        full.extend(self.suffix.take());
        let span = self.span?;
        // a run of words that goes on is a sentence, unless a sign ends the name
        let rest = text.get(span.end..).unwrap_or_default();
        let goes_on = self.cut
            && rest.starts_with(' ')
            && !rest.starts_with("  ")
            && self.credentials.is_empty()
            && sentence_goes_on(rest)
            && 3 < order.len();
        if goes_on {
            return None;
        }
        let name = PersonName { full: full.join(" ").into(), credential: self.credentials.first().cloned() };
        Some(NameHit { name, credentials: self.credentials, titled: self.titled, span, repairs, doubts })
    }
}

fn sentence_goes_on(rest: &str) -> bool {
    rest.split_whitespace().next().is_some_and(|word| word.chars().next().is_some_and(char::is_lowercase))
}
