//! In: text and the code list. Out: the diagnosis codes it holds, mended only where exactly one code can be meant.

use std::ops::Range;

use jiff::civil::Date;

use super::list::{CodeList, CodeStatus};
use super::shape::{bare, dotted, is_well_formed};
use super::{CodeHit, CodeSystem};
use crate::model::CodeFault;
use crate::rules::Repair;
use crate::rules::near::{letter_at, run_end};

/// All diagnosis codes of `text`, from left to right. `labelled`: the text stands in a diagnosis slot, so that short and
/// damaged tokens count too.
pub fn find_codes(text: &str, list: &CodeList, on: Date, labelled: bool) -> Vec<CodeHit> {
    // every code holds a digit
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let atoms = atoms(text);
    let search = Search { text, atoms: &atoms, list, on, labelled };
    let mut hits: Vec<CodeHit> = Vec::new();
    let mut i = 0;
    while i < atoms.len() {
        if !search.may_begin(i) {
            i += 1;
        } else if let Some((hit, next)) = hits.last().and_then(|last| search.elided(i, last)).or_else(|| search.code(i))
        {
            hits.push(hit);
            i = next;
        } else {
            i += 1;
        }
    }
    doubt_ranges(text, &mut hits);
    hits
}

/// "M54.2-M54.6": both ends are told, and that something may stand between them.
fn doubt_ranges(text: &str, hits: &mut [CodeHit]) {
    for at in 1..hits.len() {
        let between = text.get(hits[at - 1].span.end..hits[at].span.start).unwrap_or_default();
        // a dash at the beginning of a line is that of a list
        let is_listed = between.contains('\n') || between.contains("  ");
        if !is_listed && is_range(between.trim()) && hits[at].doubts.is_empty() {
            hits[at].doubts.push(RANGE.to_owned());
        }
    }
}

/// What stands between the two ends of a range.
fn is_range(between: &str) -> bool {
    matches!(between, "-" | "–" | "—" | "to" | "thru" | "through")
}

/// "S13.4 XX A": what stands behind the dot may have come apart into so many pieces.
const PIECES_MAX: usize = 3;

const RANGE: &str = "a range of codes: those between are not listed";

/// A run of letters and digits.
pub(super) struct Atom {
    pub(super) span: Range<usize>,
    has_digit: bool,
}

/// An atom and the blank behind it are about so many bytes.
const ATOM_BYTES: usize = 5;

fn atoms(text: &str) -> Vec<Atom> {
    let mut out = Vec::with_capacity(text.len() / ATOM_BYTES);
    let mut at = 0;
    while let Some(letter) = letter_at(text, at) {
        if letter.is_alphanumeric() || matches!(letter, '|' | '!' | '$') {
            let end = run_end(text, at, |sign| matches!(sign, b'|' | b'!' | b'$'));
            let has_digit = text.as_bytes()[at..end].iter().any(u8::is_ascii_digit);
            out.push(Atom { span: at..end, has_digit });
            at = end;
        } else {
            at += letter.len_utf8();
        }
    }
    out
}

pub(super) struct Search<'a> {
    pub(super) text: &'a str,
    pub(super) atoms: &'a [Atom],
    pub(super) list: &'a CodeList,
    on: Date,
    pub(super) labelled: bool,
}

/// A way to read a run of atoms as one code.
struct Reading {
    bare: String,
    span: Range<usize>,
    next: usize,
    /// A true dot stood behind the third character.
    dot: bool,
    /// Put together over a blank.
    joined: bool,
}

impl Search<'_> {
    pub(super) fn atom(&self, i: usize) -> &str {
        self.atoms.get(i).and_then(|atom| self.text.get(atom.span.clone())).unwrap_or_default()
    }

    fn has_digit(&self, i: usize) -> bool {
        self.atoms.get(i).is_some_and(|atom| atom.has_digit)
    }

    pub(super) fn gap(&self, i: usize) -> &str {
        let (Some(before), Some(after)) = (self.atoms.get(i), self.atoms.get(i + 1)) else { return "" };
        self.text.get(before.span.end..after.span.start).unwrap_or_default()
    }

    /// Whether a code may begin at an atom: it holds a digit, or its three letters are misread ones, or stand before the digits.
    fn may_begin(&self, i: usize) -> bool {
        self.has_digit(i) || self.atom(i).len() == 3 && (1..=PIECES_MAX).any(|k| self.has_digit(i + k))
    }

    fn code(&self, i: usize) -> Option<(CodeHit, usize)> {
        if let Some(found) = self.icd9(i) {
            return Some(found);
        }
        let readings = self.readings(i);
        readings.iter().find_map(|reading| self.accept(reading).map(|hit| (hit, reading.next)))
    }

    /// The longest reading first: over blanks, with a dot, without.
    fn readings(&self, i: usize) -> Vec<Reading> {
        let mut out = Vec::new();
        let head = self.atom(i);
        let Some(Atom { span: first, has_digit: head_counts }) = self.atoms.get(i) else { return out };
        if !(3..=8).contains(&head.len()) || !head.is_ascii() {
            return out;
        }
        // a number is a code without its letter, and only where one is looked for
        let is_read = |tail: &str, dot: bool| {
            self.labelled && dot || head.bytes().chain(tail.bytes()).any(|byte| byte.is_ascii_alphabetic())
        };
        if head.len() == 3 {
            let gap = self.gap(i);
            let dot = gap.trim() == ".";
            let near = gap.chars().filter(|c| c.is_whitespace()).count() <= 1 && !gap.contains('\n');
            let sign = matches!(gap.trim(), "." | "," | ":" | "·" | "-" | "•" | "'" | "") && near;
            let tail = self.atom(i + 1);
            if sign && tail.is_ascii() {
                // "S13.4 XX A"
                let count = |pieces: &usize| *head_counts || (1..=*pieces).any(|k| self.has_digit(i + k));
                for pieces in (1..=PIECES_MAX).rev().filter(count) {
                    let spaced = (1..pieces).all(|k| self.gap(i + k) == " ");
                    let (Some(second), Some(last)) = (self.atoms.get(i + 1), self.atoms.get(i + pieces)) else {
                        continue;
                    };
                    let all = self.text.get(second.span.start..last.span.end).unwrap_or_default();
                    if spaced && is_read(all, dot) && all.is_ascii() && (1..=4).contains(&(all.len() - (pieces - 1))) {
                        let joined = 1 < pieces || gap.contains(' ');
                        out.push(Reading {
                            bare: bare_of(head, all),
                            span: first.start..last.span.end,
                            next: i + pieces + 1,
                            dot,
                            joined,
                        });
                    }
                }
                // "M54.2Cervicalgia"
                let digits = tail.chars().take_while(char::is_ascii_digit).count();
                let letters = tail.chars().skip(digits).all(|c| c.is_ascii_alphabetic()) && 4 <= tail.len() - digits;
                if dot && (1..=3).contains(&digits) && letters && is_read("", dot) {
                    let short = tail.get(..digits).unwrap_or_default();
                    let end = self.atoms.get(i + 1).map_or(first.end, |atom| atom.span.start + digits);
                    out.push(Reading {
                        bare: bare_of(head, short),
                        span: first.start..end,
                        next: i + 2,
                        dot,
                        joined: false,
                    });
                }
            }
        }
        if *head_counts && (3..=7).contains(&head.len()) && is_read("", false) {
            out.push(Reading { bare: bare_of(head, ""), span: first.clone(), next: i + 1, dot: false, joined: false });
        }
        out
    }

    fn accept(&self, reading: &Reading) -> Option<CodeHit> {
        let raw = &reading.bare;
        if is_other_book(raw) && !reading.dot {
            return None;
        }
        let plain = bare(raw);
        let exact = dotted(&plain);
        let status = self.list.look_up(&exact, self.on);
        let listed = status != CodeStatus::Unknown;
        let printed = self.text.get(reading.span.clone())?;
        let mut hit = CodeHit {
            code: exact.clone(),
            system: CodeSystem::Icd10,
            status,
            span: reading.span.clone(),
            repairs: Vec::new(),
            doubts: Vec::new(),
            fault: None,
            suggestions: Vec::new(),
        };
        let length = raw.chars().count();
        let strong = reading.dot && !reading.joined;
        if listed {
            let is_capital = printed.chars().next().is_some_and(|c| c.is_ascii_uppercase());
            let enough = if self.labelled {
                4 <= length || hit.status == CodeStatus::Billable || is_capital
            } else {
                // "m54.2": a small letter with a dot, where the whole is a code and no heading
                is_capital && (strong || 5 <= length)
                    || strong && matches!(hit.status, CodeStatus::Billable | CodeStatus::Retired { .. })
            };
            if !enough || is_spinal_level(raw) && !reading.dot {
                return None;
            }
            if printed != exact {
                self.tell(&mut hit, printed, reading);
            }
            if let CodeStatus::Unsettled { known_from_fy } = hit.status {
                hit.doubts.push(format!(
                    "the table of codes knows the code from fiscal year {known_from_fy} on, and not whether it was billable before"
                ));
            }
            hit.find_fault(self.list, self.on);
            return Some(hit);
        }
        self.mended(reading, raw, printed, hit)
    }

    /// Not listed as it stands: one code that looks the same, or a code that nobody knows here, which is a doubt.
    fn mended(&self, reading: &Reading, raw: &str, printed: &str, mut hit: CodeHit) -> Option<CodeHit> {
        let length = raw.chars().count();
        let well_formed = is_well_formed(&bare(raw));
        let shaped = raw.chars().filter(char::is_ascii_digit).count();
        let enough = if self.labelled { 4 <= length } else { reading.dot && 4 <= length || 6 <= length && 2 <= shaped };
        if !enough {
            return None;
        }
        // a word of letters ("BOSSES") is no damaged code
        let wordlike = shaped == 0 || (!reading.dot && shaped < 2);
        if let ([only], false) = (self.list.alike(raw), wordlike) {
            // what could be another code as it stands is only known to be none when the full list says so
            let doubt = well_formed && !self.list.is_full();
            hit.code.clone_from(only);
            hit.status = self.list.look_up(only, self.on);
            hit.find_fault(self.list, self.on);
            self.tell(&mut hit, printed, reading);
            if doubt {
                hit.doubts.push("the code was mended, but the list at hand is not the full one".to_owned());
            }
            return Some(hit);
        }
        let filled = self.filled(&bare(raw));
        if !well_formed && filled.is_empty() || reading.joined || !(reading.dot || self.labelled && 5 <= length) {
            return None;
        }
        let capital = printed.chars().next().is_some_and(|c| c.is_ascii_uppercase());
        if !capital || (!self.labelled && !reading.dot) {
            return None;
        }
        if filled.is_empty() {
            hit.doubts.push("the code is not on the list".to_owned());
        } else {
            hit.doubts.push("a placeholder X may be missing in the code".to_owned());
            hit.fault = Some(CodeFault::CutShort);
            hit.suggestions = filled;
        }
        Some(hit)
    }

    /// "S13.4A", "S13.4XA": the codes that it becomes once the placeholders are filled in.
    fn filled(&self, bare: &str) -> Vec<String> {
        let Some(last) = bare.chars().last().filter(char::is_ascii_alphabetic) else { return Vec::new() };
        let stem: String = bare.chars().take(bare.len() - 1).collect();
        let stem = stem.trim_end_matches('X');
        let filled = dotted(&format!("{stem:X<6}{last}"));
        let known = (4..=6).contains(&stem.len()) && self.list.title(&filled).is_some();
        known.then_some(filled).into_iter().collect()
    }

    fn tell(&self, hit: &mut CodeHit, printed: &str, reading: &Reading) {
        let case_only = printed.eq_ignore_ascii_case(&hit.code);
        if !case_only {
            hit.repairs.push(Repair::new(reading.span.clone(), printed, &hit.code));
        }
        let filler = hit.code.contains("XX") || hit.code.contains('X');
        if reading.joined && !filler {
            hit.doubts.push("the code was put together over a blank".to_owned());
        }
    }

    /// "M54.2, .6" and "M99.01-.05": the category of the code before it.
    fn elided(&self, i: usize, last: &CodeHit) -> Option<(CodeHit, usize)> {
        let span = self.atoms.get(i)?.span.clone();
        let between = self.text.get(last.span.end..span.start).filter(|between| between.ends_with('.'))?;
        let sign = between.trim_end_matches('.').trim();
        let joins = is_range(sign) || matches!(sign, "," | ";" | "/" | "&" | "+" | "and");
        let tail = self.atom(i);
        let digits =
            tail.chars().all(|c| c.is_ascii_alphanumeric()) && tail.chars().next().is_some_and(|c| c.is_ascii_digit());
        if last.system != CodeSystem::Icd10 || !joins || !digits || 4 < tail.len() {
            return None;
        }
        let category: String = last.code.chars().take(3).collect();
        let code = format!("{category}.{}", tail.to_ascii_uppercase());
        let status = self.list.look_up(&code, self.on);
        if status == CodeStatus::Unknown {
            return None;
        }
        let why = if is_range(sign) { RANGE } else { "the category of the code is left out" };
        let printed = self.text.get(span.start.saturating_sub(1)..span.end).unwrap_or(tail);
        let span = span.start.saturating_sub(1)..span.end;
        let repairs = vec![Repair::new(span.clone(), printed, &code)];
        let mut hit = CodeHit {
            code,
            system: CodeSystem::Icd10,
            status,
            span,
            repairs,
            doubts: vec![why.to_owned()],
            fault: None,
            suggestions: Vec::new(),
        };
        hit.find_fault(self.list, self.on);
        Some((hit, i + 1))
    }
}

/// Both in capitals, without the blanks of the second.
fn bare_of(head: &str, tail: &str) -> String {
    let mut bare = String::with_capacity(head.len() + tail.len());
    let letters = head.chars().chain(tail.chars()).filter(|letter| *letter != ' ');
    bare.extend(letters.map(|letter| letter.to_ascii_uppercase()));
    bare
}

/// HCPCS: a letter and four digits ("G0283").
fn is_other_book(raw: &str) -> bool {
    let mut chars = raw.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    raw.len() == 5
        && letter
        && chars.all(|c| c.is_ascii_digit())
        && matches!(raw.chars().next(), Some('G' | 'S' | 'A' | 'E' | 'L' | 'Q' | 'J'))
        && raw.chars().nth(1) != Some('1')
        && matches!(
            raw,
            "G0283" | "S8990" | "S9090" | "G0151" | "G0157" | "E0720" | "E0730" | "A4556" | "A4557" | "L0120" | "L0172"
        )
}

/// "C5", "T12", "L45": levels of the spine; a lost dash makes one look like a code.
fn is_spinal_level(raw: &str) -> bool {
    raw.len() == 3
        && matches!(raw.chars().next(), Some('C' | 'T' | 'L'))
        && raw.chars().skip(1).all(|c| c.is_ascii_digit())
}
