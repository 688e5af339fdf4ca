//! The words that go with a code, and whether they speak for it.

use std::cell::RefCell;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::model::Field;
use crate::rules::codes::{begins_with_mark, opens_with_mark, without_joints, without_marks};
use crate::rules::context::Context;
use crate::rules::{Agreement, TreatmentFamily};

/// The words of a diagnosis are at most so many.
const TITLE_WORDS_MAX: usize = 14;
/// So many of them may stand in a label's place before anything else than the diagnosis must be among them.
const LABELLED_WORDS_MAX: usize = 10;
/// So few in a sentence are not searched for what of them is the diagnosis.
const FEW_WORDS: usize = 3;
/// Codes of one list are held together over at most so many.
const LIST_MAX: usize = 24;
/// Codes of one text, from left to right.
pub(super) struct Codes<'a> {
    pub(super) text: &'a str,
    pub(super) spans: &'a [Range<usize>],
    pub(super) codes: &'a [String],
    /// The text stands in the place of a label; else it is the whole page.
    pub(super) labelled: bool,
    /// Whether the codes of a list stand behind their words, worked out once.
    pub(super) closing: RefCell<FxHashMap<Range<usize>, bool>>,
}

/// What stands beside a code and is said of it alone.
pub(super) struct Beside<'a> {
    /// The words of its diagnosis; may be empty.
    pub(super) words: String,
    before: &'a str,
    behind: &'a str,
}

/// What stands behind a code, up to a line that orders massage: that is no diagnosis' name.
fn before_the_plan<'a>(page: &Context, behind: &'a str) -> &'a str {
    let is_plan = |line: &str| {
        let named = page.book.treatments.find(line);
        named.iter().any(|hit| matches!(hit.family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy))
    };
    let ends = behind.match_indices('\n').map(|(at, _)| at);
    let mut plans = ends.filter(|at| behind.get(at + 1..).and_then(|rest| rest.lines().next()).is_some_and(is_plan));
    plans.next().and_then(|at| behind.get(..at)).unwrap_or(behind)
}

impl<'a> Codes<'a> {
    /// The words that go with a code: those behind it up to the next one, or those before it, as the list has it; in brackets or
    /// behind a dash it closes its words; or those of the entry with the same letter in another list of the page.
    pub(super) fn beside(&self, page: &Context, index: usize) -> Beside<'a> {
        let beside = self.around(page, index);
        if has_words(&beside.words) {
            return beside;
        }
        let mark = self.text.get(..self.spans[index].start).and_then(begins_with_mark);
        let words = mark.and_then(|mark| of_the_same_entry(page, mark, &self.codes[index])).unwrap_or_default();
        Beside { words, ..beside }
    }

    fn around(&self, page: &Context, index: usize) -> Beside<'a> {
        let (text, span, code) = (self.text, &self.spans[index], &self.codes[index]);
        let edges = if self.labelled { 0..text.len() } else { page.between_labels(span) };
        let before_from = index.checked_sub(1).map_or(0, |last| self.spans[last].end).max(edges.start);
        let behind_to = self.spans.get(index + 1).map_or(text.len(), |next| next.start).min(edges.end);
        let before = text.get(before_from..span.start).unwrap_or_default();
        let behind = before_the_plan(page, text.get(span.end..behind_to).unwrap_or_default());
        let line_tail = clause(behind);
        // "A. S23.3XXA   B. M79.18": what stands under a row of codes is none's alone
        let listed = begins_with_mark(before).is_some();
        let bracketed = behind.trim_start().starts_with([')', ']']) || before.trim_end().ends_with(['(', '[']);
        let list = self.list(index);
        let closes = bracketed || !listed && self.closes(page, &list);
        let (first, last) = (index == list.start, index + 1 == list.end);
        let own = Beside {
            words: String::new(),
            before: if closes || first { before } else { "" },
            behind: if !closes || last { line_tail } else { "" },
        };
        let part = if closes {
            self.before(page, before, before_from, code)
        } else if listed && !has_words(line_tail) || opens_with_mark(behind) {
            ""
        } else {
            self.behind(page, behind, code)
        };
        let words: Vec<&str> = without_marks(part).split_whitespace().take(TITLE_WORDS_MAX).collect();
        let words = words.join(" ");
        let words = without_joints(words.trim_matches(|letter: char| !letter.is_alphanumeric()));
        Beside { words: page.book.scopes.without_cue(words).to_owned(), ..own }
    }

    /// The codes that stand in one clause with this one.
    fn list(&self, index: usize) -> Range<usize> {
        let joined = |at: usize| {
            let between = self.text.get(self.spans[at].end..self.spans[at + 1].start);
            between.is_some_and(|between| !between.bytes().any(|byte| matches!(byte, b'\n' | b';')))
        };
        let first = (index.saturating_sub(LIST_MAX)..index).rev().take_while(|at| joined(*at)).last().unwrap_or(index);
        let last = (index..(self.spans.len() - 1).min(index + LIST_MAX)).take_while(|at| joined(*at)).last();
        first..last.map_or(index, |at| at + 1) + 1
    }

    /// Whether the codes of a clause stand behind their words ("neck pain M54.2, mid back pain M54.6"): there are words before the
    /// first and none behind the last; where there are on both sides, those that fit the code tell.
    fn closes(&self, page: &Context, list: &Range<usize>) -> bool {
        *self.closing.borrow_mut().entry(list.clone()).or_insert_with(|| self.does_close(page, list))
    }

    fn does_close(&self, page: &Context, list: &Range<usize>) -> bool {
        let (first, last) = (list.start, list.end - 1);
        let edges = match self.labelled {
            true => 0..self.text.len(),
            false => page.between_labels(&(self.spans[first].start..self.spans[last].end)),
        };
        let from = first.checked_sub(1).map_or(0, |before| self.spans[before].end).max(edges.start);
        let to = self.spans.get(last + 1).map_or(self.text.len(), |next| next.start).min(edges.end);
        let head = self.text.get(from..self.spans[first].start).unwrap_or_default();
        let head = head.rsplit(['\n', ';', ':']).next().unwrap_or_default();
        let head = last_sentence(head);
        let behind = self.text.get(self.spans[last].end..to).unwrap_or_default();
        // "dx cervicalgia M54.2. She should": the sentence ends with the code
        let ended = has_words(head) && behind.starts_with('.');
        let tail = if ended { "" } else { clause(behind) };
        match (has_words(head), has_words(tail)) {
            (true, false) => true,
            (false, _) => false,
            (true, true) => {
                let codes = &page.book.codes;
                let head_fits = codes.fitting_end(&self.codes[first], last_words(head)).is_some();
                let tail_fits = codes.fitting_beginning(&self.codes[last], tail).is_some();
                match (head_fits, tail_fits) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => head.trim_end().ends_with(['-', '–', ',']),
                }
            }
        }
    }

    /// The words that a code closes, of what stands before it.
    fn before(&self, page: &Context, before: &'a str, from: usize, code: &str) -> &'a str {
        let named = before.trim_end_matches(|letter: char| !letter.is_alphabetic());
        let after = before.get(named.len()..).unwrap_or_default();
        let tail = named.rsplit(['\n', ';', ')', ']']).next().unwrap_or_default();
        // what stands before a colon is a label
        let tail = last_words(last_sentence(tail.rsplit(':').next().unwrap_or_default()));
        let tail = tail.trim_start_matches("The diagnosis is").trim_start_matches(" and ");
        if self.labelled && tail.split_whitespace().count() <= LABELLED_WORDS_MAX {
            return tail;
        }
        if let Some(fitting) = page.book.codes.fitting_end(code, tail) {
            return fitting;
        }
        // "please provide massage therapy for": what leads to a diagnosis is none of it
        let start = from + before.len() - after.len() - tail.len();
        let cue =
            page.cues(Field::Diagnoses).into_iter().filter(|cue| start <= cue.start && cue.end <= start + tail.len());
        let cut = cue.map(|cue| cue.end - start).max().filter(|_| !self.labelled);
        cut.and_then(|cut| tail.get(cut..)).unwrap_or(tail)
    }

    /// The words that a code opens, of what stands behind it.
    fn behind(&self, page: &Context, behind: &'a str, code: &str) -> &'a str {
        let in_brackets = |behind: &'a str| {
            let inner = behind.trim_start().strip_prefix(['(', '['])?;
            inner.get(..inner.find([')', ']'])?).filter(|inner| page.book.codes.says_something(inner))
        };
        if let Some(inner) = in_brackets(behind) {
            return inner;
        }
        // "M54.2. Negative for": the code ends the sentence, unless its title follows
        if let Some(rest) = behind.strip_prefix(". ") {
            return page.book.codes.fitting_beginning(code, clause(rest)).unwrap_or_default();
        }
        let part = behind.split([';', '(', '[']).next().unwrap_or_default().trim_end_matches(char::is_numeric);
        let part = first_sentence(part);
        // a title that runs over the end of its line says more of the code; what does not is another matter
        let mut end = part.find('\n').unwrap_or(part.len());
        while let Some(next) = part.get(end + 1..).filter(|_| has_words(part.get(..end).unwrap_or_default())) {
            let line = next.split('\n').next().unwrap_or_default();
            if !page.book.codes.shares(code, line) {
                break;
            }
            end += 1 + line.len();
        }
        let part = if has_words(part.get(..end).unwrap_or_default()) { part.get(..end).unwrap_or(part) } else { part };
        if part.split_whitespace().count() <= if self.labelled { LABELLED_WORDS_MAX } else { FEW_WORDS } {
            return part;
        }
        page.book.codes.fitting_beginning(code, part).unwrap_or(part)
    }
}

/// "B. MYOFASCIAL PAIN" for the code "B. M79.18": of the entries with its letter the one that is the code's title.
fn of_the_same_entry(page: &Context, mark: &str, code: &str) -> Option<String> {
    let cells = page.text.text.lines().flat_map(|line| line.split("  ")).map(str::trim);
    let entries = cells.filter_map(|cell| cell.strip_prefix(mark)).filter(|rest| rest.starts_with(' ')).map(str::trim);
    let mut titles = entries.filter(|words| page.book.codes.agrees_with(code, words) == Agreement::Agrees);
    titles
        .next()
        .map(|words| words.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != ')').to_owned())
}

fn has_words(part: &str) -> bool {
    part.chars().filter(|letter| letter.is_alphabetic()).nth(3).is_some()
}

/// The rest of a line, up to a semicolon or the end of a sentence.
fn clause(behind: &str) -> &str {
    first_sentence(behind.split(['\n', ';']).next().unwrap_or_default())
}

/// Where a sentence ends and the next begins: a full stop behind a word of some letters, a blank and a capital.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices('.').map(|(at, _)| at).filter(|at| {
        let Some(behind) = text.get(at + 1..).and_then(|behind| behind.strip_prefix(' ')) else { return false };
        let before = text.get(..*at).unwrap_or_default();
        let word = before.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        // "Dr. ", "Ms. ", "R. "
        (word.len() > 2 || is_number(word)) && behind.trim_start().starts_with(|letter: char| letter.is_uppercase())
    })
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text up to the end of its first sentence.
pub(super) fn first_sentence(text: &str) -> &str {
    sentence_ends(text).next().and_then(|end| text.get(..end)).unwrap_or(text)
}

fn last_sentence(text: &str) -> &str {
    sentence_ends(text).last().and_then(|end| text.get(end + 2..)).unwrap_or(text)
}

/// Whether the words that go with a code speak for it. Nobody knows where a diagnosis ends: the rest of its line alone, and the words
/// before it, may speak for it too.
pub(super) fn agreement(page: &Context, code: &str, beside: &Beside) -> Agreement {
    let said = page.agreement(code, &beside.words);
    if said == Agreement::Agrees {
        return said;
    }
    let before = beside.before.rsplit([':', ';', '(', ')']).next().map(last_words);
    let others = [Some(beside.behind), before].into_iter().flatten();
    let agrees = |words: &str| page.agreement(code, words) == Agreement::Agrees;
    // a contradiction is only lifted by the line that the code begins
    let mut others = others.take(if said == Agreement::Unknown { 2 } else { 1 });
    if others.any(agrees) { Agreement::Agrees } else { said }
}

/// The end of a text, as long as the title of a code.
fn last_words(text: &str) -> &str {
    let begins = |(at, _): &(usize, char)| text.get(..*at).is_some_and(|before| before.ends_with(char::is_whitespace));
    let mut starts = text.char_indices().rev().filter(begins);
    starts.nth(TITLE_WORDS_MAX - 1).and_then(|(from, _)| text.get(from..)).unwrap_or(text)
}
