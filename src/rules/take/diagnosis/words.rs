//! The words that go with a code, and whether they speak for it.

use std::ops::Range;

use crate::rules::Agreement;
use crate::rules::codes::{begins_with_mark, opens_with_mark, without_marks};
use crate::rules::context::Context;

/// The words of a diagnosis are at most so many.
const TITLE_WORDS_MAX: usize = 14;

/// The words that go with a code: those behind it up to the next code, or, where the code closes the phrase in brackets or
/// after a dash, those before it; or those of the entry with the same letter in another list of the page.
pub(super) fn beside(page: &Context, text: &str, spans: &[Range<usize>], index: usize, code: &str) -> String {
    let words = around(page, text, spans, index);
    if has_words(&words) {
        return words;
    }
    let mark = text.get(..spans[index].start).and_then(begins_with_mark);
    mark.and_then(|mark| of_the_same_entry(page, mark, code)).unwrap_or_default()
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
    part.chars().filter(|letter| letter.is_alphabetic()).count() >= 4
}

fn around(page: &Context, text: &str, spans: &[Range<usize>], index: usize) -> String {
    let span = &spans[index];
    let before_from = index.checked_sub(1).map_or(0, |last| spans[last].end);
    let behind_to = spans.get(index + 1).map_or(text.len(), |next| next.start);
    let before = text.get(before_from..span.start).unwrap_or_default();
    let behind = text.get(span.end..behind_to).unwrap_or_default();
    let line_head = before.rsplit(['\n', ';']).next().unwrap_or_default();
    let line_tail = behind.split('\n').next().unwrap_or_default();
    // "A. S23.3XXA   B. M79.18": what stands under a row of codes is none's alone
    let listed = begins_with_mark(before).is_some();
    let closes = !listed && has_words(line_head) && !has_words(line_tail)
        || behind.trim_start().starts_with([')', ']'])
        || before.trim_end().ends_with(['(', '['])
        || before.trim_end().ends_with(['-', '–', ',']) && !before.trim().is_empty();
    let part = if closes {
        let tail =
            before.rsplit(['\n', ';', ')', ']']).find(|part| part.chars().any(char::is_alphabetic)).unwrap_or_default();
        // what stands before a colon is a label
        let tail = tail.rsplit(':').next().unwrap_or_default();
        tail.trim_start_matches("The diagnosis is").trim_start_matches(" and ")
    } else if listed && !has_words(line_tail) || opens_with_mark(behind) {
        ""
    } else {
        behind.split([';', '(', '[']).next().unwrap_or_default().trim_end_matches(char::is_numeric)
    };
    let part = without_marks(part);
    let words: Vec<&str> =
        if closes { last_words(part) } else { part }.split_whitespace().take(TITLE_WORDS_MAX).collect();
    let words = words.join(" ");
    page.book.scopes.without_cue(words.trim_matches(|letter: char| !letter.is_alphanumeric())).to_owned()
}

/// Whether the words that go with a code speak for it. Nobody knows where a diagnosis ends: the rest of its line alone, and the words
/// before it, may speak for it too.
pub(super) fn agreement(page: &Context, code: &str, words: &str, text: &str, span: &Range<usize>) -> Agreement {
    let said = page.book.codes.agrees_with(code, words);
    if said == Agreement::Agrees {
        return said;
    }
    let rest_of_line = text.get(span.end..).and_then(|behind| behind.split(['\n', ';']).next());
    let before = text.get(..span.start).map(|before| before.rsplit([':', ';', '(', ')']).next().unwrap_or_default());
    let others = rest_of_line.into_iter().chain(before.map(last_words));
    let agrees = |words: &str| page.book.codes.agrees_with(code, words) == Agreement::Agrees;
    // a contradiction is only lifted by the line that the code begins
    let mut others = others.take(if said == Agreement::Unknown { 2 } else { 1 });
    if others.any(agrees) { Agreement::Agrees } else { said }
}

/// The end of a text, as long as the title of a code.
fn last_words(text: &str) -> &str {
    let starts = text
        .char_indices()
        .filter(|(at, _)| text.get(..*at).is_some_and(|before| before.ends_with(char::is_whitespace)));
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    starts.len().checked_sub(TITLE_WORDS_MAX).and_then(|from| text.get(starts[from]..)).unwrap_or(text)
}
