//! In: text of a name slot, or a sentence. Out: people's names, given name first, with the credential set apart.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::PersonName;
use crate::rules::Repair;

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
    let words = words(text);
    let mut slot = Slot::default();
    for word in &words {
        if !slot.take(word) {
            break;
        }
    }
    slot.name(text)
}

/// Names in running words, each behind a cue ("RE:", "treating", "Dr.", "signed by") or before one (a credential, a birth date).
pub fn find_names(text: &str) -> Vec<NameHit> {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?x)
            \b(?:(?i-u:re|regarding|patient(?:'s)?(?:\ name)?|pt|client|claimant|veteran|employee|injured\ worker|treating|evaluated|examined|evaluating
              |my\ patient|signed\ by|authenticated\ by|ordered\ by|referred\ by|prescribed\ by|behalf\ of|sincerely|regards|name)\ ?[:,.\#\-]*\s{1,3}
            |(?i-u:mr|mrs|ms|miss|dr)\.?\s{1,2}|/s/\s{0,2})",
        )
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"[,(]?\s{0,2}(?:\(?\b(?i-u:DOB|D\.O\.B|date of birth|born)\b|,?\s(?:M\.?D\b|D\.?O\b|D\.?C\b|N\.?D\b|N\.?P\b|PA\b|P\.A\.|ARNP\b|APRN\b|FNP\b|DPM\b|DNP\b|CNM\b|DDS\b|DMD\b|L\.?Ac\b))",
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
        let apart = !hits.iter().any(|known| known.span.start < hit.span.end && hit.span.start < known.span.end);
        if apart && hit.doubts.is_empty() || apart && hit.titled {
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
    hits.sort_by_key(|hit| hit.span.start);
    hits
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours compiles")
}

/// A name may wrap once, no more.
fn line_end(text: &str, from: usize) -> usize {
    const NAME_BYTES_MAX: usize = 90;
    let rest = text.get(from..).unwrap_or_default();
    let line = rest.find('\n').unwrap_or(rest.len()).min(NAME_BYTES_MAX);
    (0..=line).rev().map(|length| from + length).find(|end| text.is_char_boundary(*end)).unwrap_or(from)
}

/// Back over capitalised words to where a name before `end` begins.
fn name_start(text: &str, end: usize) -> usize {
    let mut start = end;
    for word in words(text.get(..end).unwrap_or_default()).iter().rev().take(4) {
        let first = word.text.chars().next();
        let gap = text.get(word.span.end..start).unwrap_or_default();
        let capital = first.is_some_and(char::is_uppercase) && !is_refused(word.plain()) || is_particle(word.plain());
        if !capital || gap.contains('\n') || word.colon || (word.comma && start != end && gap.trim() != ",") {
            break;
        }
        start = word.span.start;
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
fn words(text: &str) -> Vec<Piece<'_>> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s,;:|_()\[\]{}<>*=~•·]+"));
    let mut out: Vec<Piece<'_>> = Vec::new();
    for found in WORD.find_iter(text) {
        let debris = |c: char| !(c.is_alphanumeric() || c == '.' || c == '/');
        let word = found.as_str().trim_matches(debris);
        if word.is_empty() || !word.chars().any(char::is_alphanumeric) {
            continue;
        }
        let start = found.start() + found.as_str().find(word).unwrap_or(0);
        let span = start..start + word.len();
        let behind = text.get(found.end()..).unwrap_or_default().trim_start_matches([' ', '\t']);
        let before = out.last().map_or(0, |last| last.span.end);
        let gap = text.get(before..span.start).unwrap_or_default();
        out.push(Piece {
            text: word,
            comma: behind.starts_with([',', ';']),
            colon: behind.starts_with(':'),
            opened: gap.contains(['(', '[']),
            new_line: gap.contains('\n'),
            span,
        });
    }
    out
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
        if self.name.is_empty() && is_title(plain) {
            self.titled = true;
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
        if is_refused(plain) || !is_name_word(plain) {
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

fn is_title(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "dr" | "mr" | "mrs" | "ms" | "miss" | "prof" | "doctor" | "mx")
}

fn suffix(word: &str) -> Option<String> {
    match word {
        "Jr" | "JR" | "jr" => Some("Jr.".to_owned()),
        "Sr" | "SR" | "sr" => Some("Sr.".to_owned()),
        "II" | "III" | "IV" => Some(word.to_owned()),
        _ => None,
    }
}

/// A credential, without its dots; None for words that are none.
fn credential(word: &str) -> Option<String> {
    const KNOWN: &[&str] = &[
        "MD",
        "DO",
        "DC",
        "ND",
        "NMD",
        "NP",
        "NP-C",
        "NPC",
        "ARNP",
        "APRN",
        "APRN-C",
        "CRNP",
        "FNP",
        "FNP-BC",
        "FNP-C",
        "FNPC",
        "AGNP",
        "AGNP-C",
        "AGPCNP-BC",
        "PMHNP",
        "PMHNP-BC",
        "ANP",
        "ANP-BC",
        "ANP-C",
        "WHNP",
        "PNP",
        "CPNP",
        "DNP",
        "CNM",
        "CNP",
        "CNS",
        "PA",
        "PA-C",
        "PAC",
        "DPM",
        "DDS",
        "DMD",
        "OD",
        "LAC",
        "EAMP",
        "DACM",
        "DAOM",
        "PT",
        "DPT",
        "OT",
        "OTR",
        "OTR/L",
        "RN",
        "BSN",
        "MSN",
        "MPAS",
        "MMS",
        "MPA",
        "MHS",
        "PHD",
        "MPH",
        "FAAFP",
        "FACP",
        "FACS",
        "FAAOS",
        "FAAPMR",
        "FACOG",
        "FAAP",
        "CCSP",
        "DACBSP",
        "MBBS",
        "MBA",
        "MS",
        "MHA",
        "LMT",
        "ATC",
        "DABCO",
        "CSCS",
        "MSPAS",
        "PSYD",
        "FACC",
        "OCS",
        "SCS",
    ];
    let bare: String = word.chars().filter(|c| *c != '.').collect();
    let upper = bare.to_ascii_uppercase().replace('–', "-").replace('0', "O");
    let shaped = bare.chars().all(|c| !c.is_lowercase())
        || word.contains('.')
        || matches!(bare.as_str(), "LAc" | "PhD" | "PsyD" | "Pa-C" | "Np-C");
    if !shaped || !KNOWN.contains(&upper.as_str()) || bare.len() < 2 {
        return None;
    }
    Some(match upper.as_str() {
        "PAC" => "PA-C".to_owned(),
        "NPC" => "NP-C".to_owned(),
        "FNPC" => "FNP-C".to_owned(),
        "LAC" => "LAc".to_owned(),
        "PHD" => "PhD".to_owned(),
        _ => upper,
    })
}

fn is_particle(word: &str) -> bool {
    matches!(
        word,
        "de" | "la"
            | "del"
            | "van"
            | "von"
            | "der"
            | "den"
            | "da"
            | "di"
            | "du"
            | "dos"
            | "das"
            | "el"
            | "al"
            | "bin"
            | "ben"
            | "ter"
            | "ten"
            | "le"
            | "y"
            | "st"
            | "san"
    )
}

fn is_initial(word: &str) -> bool {
    word.trim_end_matches('.').chars().count() == 1
}

/// Letters, an apostrophe, a hyphen; at most one digit that stands for a letter.
fn is_name_word(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let other = word
        .chars()
        .filter(|c| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '‘' | '`' | '-' | '.' | '‐' | '–')))
        .count();
    let first_small = word.chars().next().is_some_and(char::is_lowercase);
    let small = first_small && !is_particle(word) && word.chars().skip(1).any(char::is_uppercase) && letters < 3;
    0 < letters && digits <= 1 && (digits == 0 || 3 <= letters) && other == 0 && letters <= 24 && !small
}

/// OCR and apostrophes: "0'Brien", "O’Brien", "Mar1a".
fn mend(word: &str) -> (String, Option<&'static str>) {
    let straight: String = word
        .chars()
        .map(|c| {
            if matches!(c, '’' | '‘' | '`') {
                '\''
            } else if matches!(c, '‐' | '–') {
                '-'
            } else {
                c
            }
        })
        .collect();
    let straight = if straight.trim_end_matches('.').chars().count() > 1 {
        straight.trim_end_matches('.').to_owned()
    } else {
        straight
    };
    let straight = if straight == "St" { "St.".to_owned() } else { straight };
    if straight.chars().any(|c| c.is_ascii_digit()) {
        let capitals = !straight.chars().any(char::is_lowercase);
        let mended: String = straight
            .chars()
            .enumerate()
            .map(|(place, c)| match c {
                '0' if place == 0 || capitals => 'O',
                '0' => 'o',
                '1' if capitals => 'I',
                '1' => 'l',
                '5' if place == 0 || capitals => 'S',
                '5' => 's',
                '8' => 'B',
                c => c,
            })
            .collect();
        return (mended, Some("a digit stands in the name"));
    }
    let lost_apostrophe = straight.len() > 3
        && straight.starts_with('O')
        && straight.chars().nth(1).is_some_and(char::is_uppercase)
        && straight.chars().skip(2).all(char::is_lowercase);
    if lost_apostrophe {
        return (straight, Some("an apostrophe may be lost in the name"));
    }
    (straight, None)
}

/// "O'BRIEN" → "O'Brien", "MCDONALD" → "McDonald", "SMITH-JONES" → "Smith-Jones".
fn title_case(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut start = true;
    let lower: Vec<char> = word.to_lowercase().chars().collect();
    for (place, c) in lower.iter().enumerate() {
        let scottish = place == 2 && lower.starts_with(&['m', 'c']) && 4 < lower.len();
        if start || scottish {
            out.extend(c.to_uppercase())
        } else {
            out.push(*c)
        }
        start = matches!(c, '-') || (*c == '\'' && place <= 2);
    }
    out
}

/// Words that begin a label, not a name.
fn is_label(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "name"
            | "patient"
            | "pt"
            | "client"
            | "re"
            | "dob"
            | "d.o.b"
            | "date"
            | "birth"
            | "age"
            | "sex"
            | "gender"
            | "phone"
            | "ph"
            | "tel"
            | "fax"
            | "cell"
            | "address"
            | "mrn"
            | "npi"
            | "id"
            | "doi"
            | "provider"
            | "physician"
            | "doctor"
            | "signature"
            | "signed"
            | "by"
            | "insured"
            | "claimant"
            | "print"
            | "printed"
            | "ordering"
            | "referring"
            | "from"
            | "to"
            | "attn"
            | "lic"
            | "license"
            | "email"
            | "ssn"
            | "claim"
            | "first"
            | "last"
            | "middle"
            | "mi"
    )
}

/// Words that no name holds.
fn is_refused(word: &str) -> bool {
    is_label(word)
        || matches!(
            word.to_lowercase().as_str(),
            "clinic"
                | "clinics"
                | "medicine"
                | "medical"
                | "family"
                | "center"
                | "centre"
                | "hospital"
                | "spine"
                | "sport"
                | "sports"
                | "health"
                | "healthcare"
                | "care"
                | "associates"
                | "group"
                | "pllc"
                | "llc"
                | "inc"
                | "ltd"
                | "corp"
                | "insurance"
                | "mutual"
                | "company"
                | "diagnosis"
                | "treatment"
                | "therapy"
                | "therapist"
                | "massage"
                | "street"
                | "road"
                | "avenue"
                | "ave"
                | "drive"
                | "suite"
                | "ste"
                | "blvd"
                | "lane"
                | "highway"
                | "box"
                | "the"
                | "and"
                | "is"
                | "was"
                | "has"
                | "have"
                | "for"
                | "with"
                | "who"
                | "been"
                | "are"
                | "will"
                | "this"
                | "that"
                | "your"
                | "my"
                | "our"
                | "under"
                | "of"
                | "orthopedic"
                | "orthopedics"
                | "orthopaedic"
                | "chiropractic"
                | "rehab"
                | "rehabilitation"
                | "physical"
                | "pain"
                | "wellness"
                | "institute"
                | "department"
                | "dept"
                | "practice"
                | "primary"
                | "urgent"
                | "internal"
                | "neurology"
                | "surgery"
                | "board"
                | "certified"
                | "prescription"
                | "order"
                | "orders"
                | "referral"
                | "plan"
                | "frequency"
                | "duration"
                | "visits"
                | "weeks"
                | "week"
                | "injury"
                | "accident"
                | "auto"
                | "policy"
                | "number"
                | "none"
                | "unknown"
                | "n/a"
                | "na"
                | "tbd"
                | "pending"
                | "same"
                | "see"
                | "attached"
                | "required"
                | "please"
                | "on"
                | "in"
                | "at"
                | "as"
                | "it"
                | "he"
                | "she"
                | "we"
                | "i'm"
                | "am"
                | "be"
                | "not"
                | "no"
                | "yes"
                | "male"
                | "female"
                | "whom"
                | "may"
                | "concern"
                | "dear"
                | "sincerely"
                | "regards"
                | "electronically"
                | "procedure"
                | "code"
                | "cpt"
                | "icd"
                | "rx"
                | "fax'd"
                | "page"
                | "outpatient"
                | "inpatient"
                | "north"
                | "south"
                | "east"
                | "west"
                | "university"
                | "regional"
                | "community"
                | "services"
                | "partners"
                | "specialists"
                | "office"
                | "manual"
                | "neck"
                | "back"
                | "shoulder"
                | "lumbar"
                | "cervical"
                | "thoracic"
                | "sprain"
                | "strain"
                | "myalgia"
                | "cervicalgia"
                | "headache"
                | "january"
                | "february"
                | "march"
                | "september"
                | "october"
                | "november"
                | "december"
                | "monday"
                | "tuesday"
                | "wednesday"
                | "thursday"
                | "friday"
                | "contact"
                | "attending"
                | "authorizing"
                | "supervising"
                | "adjuster"
                | "employer"
                | "carrier"
                | "payer"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_gives_the_given_name_first() {
        for (text, full, credentials, doubtful) in [
            ("Lopez, Maria", "Maria Lopez", "", false),
            ("Alan Pierce, MD", "Alan Pierce", "MD", false),
            ("Dr. Alan Pierce", "Alan Pierce", "", false),
            ("PIERCE, ALAN MD", "Alan Pierce", "MD", false),
            ("Denise Walker NP-C", "Denise Walker", "NP-C", false),
            ("Eric Lund, PA-C, MPAS", "Eric Lund", "PA-C MPAS", false),
            ("Rebecca Stone D.C.", "Rebecca Stone", "DC", false),
            ("Victor Ramos, D.O.", "Victor Ramos", "DO", false),
            ("O'BRIEN, GRACE", "Grace O'Brien", "", false),
            ("Grace O’Brien", "Grace O'Brien", "", false),
            ("Grace 0'Brien", "Grace O'Brien", "", true),
            ("Grace OBrien", "Grace OBrien", "", true),
            ("MCDONALD, IAN", "Ian McDonald", "", false),
            ("Smith-Jones, Ana M.", "Ana M. Smith-Jones", "", false),
            ("De La Cruz, Maria", "Maria De La Cruz", "", false),
            ("Juan de la Cruz", "Juan de la Cruz", "", false),
            ("John Smith Jr.", "John Smith Jr.", "", false),
            ("Smith, John Jr", "John Smith Jr.", "", false),
            ("Pierce MD, Alan", "Alan Pierce", "MD", false),
            ("| Maria Lopez _____", "Maria Lopez", "", false),
            ("Maria Lopez   DOB: 3/2/84", "Maria Lopez", "", false),
            ("Maria Lopez (F)", "Maria Lopez", "", false),
            ("Maria Lopez, DOB 3/2/84", "Maria Lopez", "", false),
            ("Dr. Pierce", "Pierce", "", true),
            ("Maria LOPEZ", "Maria Lopez", "", false),
            ("Alan Pierce, M.D., Board Certified", "Alan Pierce", "MD", false),
            ("Jo Do", "Jo Do", "", false),
            ("Name: Maria Lopez", "Maria Lopez", "", false),
            ("Alan Pierce, MD Piedmont Family Medicine", "Alan Pierce", "MD", false),
        ] {
            let hit = read_name(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(hit.name.full.reveal(), full, "{text}");
            assert_eq!(hit.credentials.join(" "), credentials, "{text}");
            assert_eq!(!hit.doubts.is_empty(), doubtful, "{text}: {:?}", hit.doubts);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "____",
            "Piedmont Family Medicine",
            "Southpark Spine & Sport",
            "410 Providence Road",
            "Date of Birth:",
            "DOB",
            "The patient is under my care",
            "Signature",
            "MD",
            "N/A",
            "Massage Therapy",
            "Lopez",
            "State Farm Insurance",
            "704-555-0148",
            "To Whom It May Concern",
            "Patient Name",
            "Sprain of ligaments",
            "Carolina Orthopedic Associates",
        ] {
            assert_eq!(read_name(text), None, "{text}");
        }
    }

    #[test]
    fn names_stand_in_running_words_behind_a_cue() {
        for (text, names) in [
            ("RE: Maria Lopez, DOB 3/2/84", &["Maria Lopez"][..]),
            ("I am treating Maria Lopez for neck pain.", &["Maria Lopez"]),
            ("Electronically signed by Alan Pierce, MD on 11/2/26", &["Alan Pierce"]),
            ("Sincerely,\nAlan Pierce, MD", &["Alan Pierce"]),
            ("Ms. Lopez was seen by Dr. Alan Pierce.", &["Lopez", "Alan Pierce"]),
            ("Please fax the completed form to the clinic.", &[]),
            ("410 Providence Road, Charlotte, NC 28207", &[]),
            ("She is under my care for Low Back Pain.", &[]),
        ] {
            let hits = find_names(text);
            let found: Vec<&str> = hits.iter().map(|hit| hit.name.full.reveal().as_str()).collect();
            assert_eq!(found, names, "{text}");
            for hit in &hits {
                assert!(text.get(hit.span.clone()).is_some());
            }
        }
    }
}
