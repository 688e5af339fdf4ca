//! How a label stands on its row: its words with the remark, the colon, the translation behind them and the number before them.

use crate::model::Area;
use crate::rules::label::{CELL_GAP, Label, Meaning};
use crate::rules::sheet::{Row, Sheet, Token};

/// A remark in brackets behind a label has at most so many words, behind a question more.
const REMARK_WORDS_MAX: usize = 5;
const QUESTION_REMARK_WORDS_MAX: usize = 14;
/// A label in a second language has at most so many words.
const TRANSLATION_WORDS_MAX: usize = 6;
/// Digits of the number of a line of a form.
const LINE_DIGITS_MAX: usize = 2;

/// The place of a label on its row.
pub(in crate::rules) struct Span {
    pub(in crate::rules) words: std::ops::Range<usize>,
    pub(in crate::rules) area: Area,
    pub(in crate::rules) colon: bool,
    pub(in crate::rules) begins_cell: bool,
    ends_cell: bool,
    /// A number goes with its first word.
    pub(in crate::rules) counted: bool,
}

impl Span {
    pub(in crate::rules) fn is_cell(&self) -> bool {
        self.begins_cell && self.ends_cell
    }

    pub(in crate::rules) fn label(&self, row: usize, meaning: Meaning, rule: &str, phrase: String) -> Label {
        Label {
            row,
            words: self.words.clone(),
            meaning,
            area: self.area,
            rule: rule.to_owned(),
            phrase,
            colon: self.colon,
            caption: self.ends_cell,
            weak: false,
            only: None,
        }
    }
}

/// Digits of a number of visits or weeks.
const COUNT_DIGITS_MAX: usize = 3;

/// What is counted, as a label of its own.
const COUNTED: [&str; 4] = ["visits", "sessions", "treatments", "appointments"];

/// How a label whose words are `at..end` stands on its row: with the remark and the colon behind it, and the number before it.
pub(in crate::rules) fn span_of(sheet: &Sheet, words: &Row, at: usize, end: usize) -> Span {
    let named_to = end;
    let mut end = end;
    // "(last, first)", "(print)": a remark belongs to the label
    let opens = words.words.get(end).is_some_and(|token| token.text.starts_with('('));
    let asked = words.words[end - 1].text.ends_with('?');
    let remark_max = if asked { QUESTION_REMARK_WORDS_MAX } else { REMARK_WORDS_MAX };
    if opens
        && let Some(closes) = (end..words.words.len().min(end + remark_max))
            .find(|&index| words.words[index].text.trim_end_matches([':', '?']).ends_with(')'))
    {
        let of_remark = || words.words[end..=closes].iter().flat_map(|token| token.text.chars());
        let digits = of_remark().filter(char::is_ascii_digit).count();
        // "(2) times" is the value
        if digits < 4 && of_remark().filter(|letter| letter.is_alphabetic()).count() >= 2 {
            end = closes + 1;
        }
    }
    // a colon or number sign that stands alone, or dots that lead to the value
    while words
        .words
        .get(end)
        .is_some_and(|token| token.folded.is_empty() && token.text.chars().all(|letter| ":#.-=…)".contains(letter)))
    {
        end += 1;
    }
    if let Some(colon) = translation(sheet, words, end) {
        end = colon + 1;
    } else if words.words.get(end).is_some_and(|token| matches!(token.text.as_str(), "·" | "•" | "|")) {
        // "Client's full name · Nombre del cliente": behind the point stands the same in another language
        let apart = |index: &usize| gap_before(words, *index) > CELL_GAP * sheet.unit;
        end = (end + 1..words.words.len()).find(apart).unwrap_or(words.words.len());
    }
    let own = &words.words[at..end];
    let area = own.iter().map(|token| token.area).reduce(|all, area| all.union(&area)).unwrap_or_default();
    let gap = CELL_GAP * sheet.unit;
    let numbered = line_number(words, at, gap).or_else(|| part_letter(words, at));
    let begins_cell = at == 0
        || numbered.is_some()
        || gap_before(words, at) > gap
        || words.words[at - 1].folded.is_empty()
        || (at <= 2
            && words.words[..at]
                .iter()
                .all(|token| token.folded.chars().all(|letter| letter.is_ascii_digit()) || token.folded.is_empty()));
    // OCR puts a semicolon for a colon, and a clause may end in one: "2 times per week; Duration: 6 weeks"
    let semicolon = own.last().is_some_and(|token| token.text.ends_with(';'));
    let colon = own.iter().any(Token::ends_label) && (!semicolon || begins_cell);
    // "6 visits, 1 per week": a number goes with the word behind it; "6. Visits" is the sixth line of a form
    // "12 visits: 2x/wk": behind other words a bare number is no line of a form
    // "8 visits: one every 10 days": nor before what is counted, where more than a number follows
    let is_counted = COUNTED.contains(&words.words[at].folded.as_str()) && words.words.len() > end + 1;
    let counts_it = named_to == at + 1 && (at > 1 || is_counted);
    let counted = (!colon || semicolon || counts_it)
        && gap_before(words, at) <= gap
        && at.checked_sub(1).is_some_and(|last| is_count(&words.words[last].text));
    let next = words.words.get(end);
    let ends_cell = next.is_none_or(|next| {
        let apart = next.area.left.saturating_sub(area.right) as f32;
        apart > gap || apart > gap / 2.0 && is_bracketed_number(&next.text)
    });
    let area = numbered.map_or(area, |number| area.union(&words.words[number].area));
    Span { words: numbered.unwrap_or(at)..end, area, colon, begins_cell, ends_cell, counted }
}

/// "Patient name / Nombre del paciente:": the same label in another language, up to its colon.
fn translation(sheet: &Sheet, words: &Row, end: usize) -> Option<usize> {
    words.words.get(end).filter(|token| token.text == "/")?;
    let reach = end + 1..words.words.len().min(end + 1 + TRANSLATION_WORDS_MAX);
    let colon = reach.clone().find(|at| words.words[*at].text.ends_with(':'))?;
    let near = (end..=colon).all(|at| gap_before(words, at) <= CELL_GAP * sheet.unit);
    let plain =
        words.words[end..=colon].iter().all(|token| !token.text.contains(|letter: char| letter.is_ascii_digit()));
    (near && plain).then_some(colon)
}

/// As many visits or weeks as somebody orders; a longer number is something else's.
fn is_count(text: &str) -> bool {
    (1..=COUNT_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// "A. Injured worker": the letter of a form's part before the word `at`, where it begins the row.
fn part_letter(words: &Row, at: usize) -> Option<usize> {
    let letter = words.words[at.checked_sub(1)?].text.strip_suffix(['.', ')'])?;
    (at == 1 && letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(0)
}

/// "13. Attending provider", "(13) Attending provider", "12-13. Frequency": the number of a form's line before the word `at`, where
/// it begins a cell.
pub(in crate::rules) fn line_number(words: &Row, at: usize, gap: f32) -> Option<usize> {
    let number = at.checked_sub(1)?;
    // OCR puts a comma for the dot: "9, Frequency"
    let digits = words.words[number].text.strip_suffix(['.', ')', ','])?.trim_start_matches('(');
    let number_like = |part: &str| {
        let part = part.strip_suffix(|letter: char| letter.is_ascii_lowercase()).unwrap_or(part);
        (1..=LINE_DIGITS_MAX).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_number = digits.split(['-', '/']).count() <= 2 && digits.split(['-', '/']).all(number_like);
    // a number in brackets is one behind a narrow gap too
    let gap = if is_bracketed_number(&words.words[number].text) { gap / 2.0 } else { gap };
    (is_number && (number == 0 || gap_before(words, number) > gap)).then_some(number)
}

/// "(13)".
fn is_bracketed_number(text: &str) -> bool {
    let digits = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
    (1..=LINE_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The gap between a word and the one before it, in pixels.
pub(in crate::rules) fn gap_before(words: &Row, at: usize) -> f32 {
    let before = at.checked_sub(1).map_or(0, |before| words.words[before].area.right);
    words.words[at].area.left.saturating_sub(before) as f32
}
