//! A Reading laid out for looking things up: rows of words with their gaps, and text with a way back to the words.

use std::ops::Range;

use crate::model::{Area, Evidence, MarkKind, Private, Reading, Word};
use crate::rules::ticks::is_box;

/// What OCR makes of a tick box and the digits behind it has at most this many letters.
const BOX_LETTERS_MAX: usize = 5;
/// Signs that OCR makes of a box at the beginning of a longer word.
const BOX_SIGNS_MAX: usize = 3;
/// Digits of a procedure code (CPT).
const PROCEDURE_DIGITS: usize = 5;
/// A line of running prose has at least this many words.
const PROSE_WORDS_MIN: usize = 7;
/// ... and reaches at least this share of the longest.
const PROSE_REACH: f32 = 0.5;
/// Words of a paragraph stand at most so many word heights apart.
const PARAGRAPH_GAP_MAX: f32 = 2.5;
/// A possessive in front of a capital has at least this many letters.
const POSSESSIVE_LETTERS_MIN: usize = 5;
/// The middles of two words of a line differ by less than this share of their height.
const LARGE_REACH: f32 = 0.36;
/// Dots that lead from a label to its value.
const LEADER: &str = "...";
/// A row has some so many words.
const ROW_WORDS: usize = 8;
/// A word and the blank behind it take some so many bytes.
const WORD_BYTES: usize = 8;
/// Width of a digit, in heights of a common word.
const DIGIT_WIDTH: f32 = 0.7;

/// One page as rows of words.
#[derive(Debug)]
pub(in crate::rules) struct Sheet {
    pub(in crate::rules) page: u32,
    pub(in crate::rules) width: u32,
    pub(in crate::rules) height: u32,
    pub(in crate::rules) rows: Vec<Row>,
    /// Height of a common word, in pixels: the measure of every gap.
    pub(in crate::rules) unit: f32,
}

/// Words side by side.
#[derive(Debug)]
pub(in crate::rules) struct Row {
    pub(in crate::rules) words: Vec<Token>,
    pub(in crate::rules) area: Area,
}

/// A word, its text freed of the form's lines.
#[derive(Debug, Clone, Default)]
pub(in crate::rules) struct Token {
    /// Without underscores and box edges at its ends; may be empty for a blank line of the form.
    pub(in crate::rules) text: String,
    /// Lower case, letters and digits only.
    pub(in crate::rules) folded: String,
    pub(in crate::rules) area: Area,
    pub(in crate::rules) confidence: f32,
    pub(in crate::rules) struck_out: bool,
}

impl Token {
    /// A colon, a number sign, or dots that lead to the value.
    pub(in crate::rules) fn ends_label(&self) -> bool {
        // most words end in a letter
        if self.text.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            return false;
        }
        self.text.trim_end_matches(['.', '-', ',']).ends_with([':', '#', ';'])
            || self.text.ends_with(LEADER)
            || self.text.ends_with('…')
    }
}

/// "0.0.1.": three digits with dots are three letters that were misread ("D.O.I."); so is the sign in "DO!:".
fn as_initials(text: &str) -> Option<String> {
    if let Some(start) = text.strip_suffix("!:").filter(|start| start.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Some(fold(start) + "i");
    }
    if !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let letters: Vec<&str> = text.trim_end_matches([':', '.']).split('.').collect();
    let is_digit = |part: &&str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    let look = |digit: &str| match digit {
        "0" => "o".to_owned(),
        "1" => "i".to_owned(),
        other => other.to_owned(),
    };
    (letters.len() == 3 && letters.iter().all(is_digit)).then(|| letters.into_iter().map(look).collect())
}

/// Lower case, letters and digits only.
pub(in crate::rules) fn fold(text: &str) -> String {
    // most words have no signs, or only at their ends
    let bare = text.trim_matches(|sign: char| sign.is_ascii() && !sign.is_ascii_alphanumeric());
    if bare.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return bare.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(bare.len());
    if bare.is_ascii() {
        let letters = bare.bytes().filter(u8::is_ascii_alphanumeric);
        folded.extend(letters.map(|letter| char::from(letter.to_ascii_lowercase())));
    } else {
        folded.extend(bare.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase));
    }
    folded
}

impl Sheet {
    pub(in crate::rules) fn new(reading: &Reading) -> Self {
        let words = || reading.lines.iter().flat_map(|line| &line.words);
        let mut heights: Vec<u32> = words().map(|word| word.area.height()).collect();
        let middle = heights.len() / 2;
        let unit = if heights.is_empty() { 30 } else { *heights.select_nth_unstable(middle).1 };
        let unit = unit.max(8) as f32;
        let boxes: Vec<Area> =
            reading.marks.iter().filter(|mark| mark.kind == MarkKind::TickBox).map(|mark| mark.area).collect();
        let mut tokens: Vec<Token> = Vec::with_capacity(heights.len());
        let mut opened: Option<&Word> = None;
        for word in words() {
            // "[ ]" comes as two words
            let opening = opened.take().filter(|first| {
                matches!(word.text.reveal().as_str(), "]" | "x]" | "X]" | ")" | "x)" | "X)")
                    && first.area.overlap_y(&word.area) > 0
            });
            if let Some(first) = opening {
                let sign = format!("{}{}", first.text.reveal(), word.text.reveal());
                tokens.push(Token {
                    folded: String::new(),
                    text: sign,
                    area: first.area.union(&word.area),
                    confidence: word.confidence,
                    struck_out: false,
                });
                continue;
            }
            if matches!(word.text.reveal().as_str(), "[" | "(") {
                opened = Some(word);
                continue;
            }
            let (text, area) = beside_box(word.text.reveal(), word.area, &boxes, unit);
            let token = |text: String, area: Area| Token {
                folded: as_initials(&text).unwrap_or_else(|| fold(&text)),
                text,
                area,
                confidence: word.confidence,
                struck_out: word.struck_out,
            };
            if is_one_piece(text) {
                tokens.push(token(text.to_owned(), area));
                continue;
            }
            tokens.extend(split(text).into_iter().map(|(text, from, to)| {
                let width = f64::from(area.width());
                let left = area.left + (width * from) as u32;
                let right = area.left + (width * to) as u32;
                token(text, Area::new(left, area.top, right, area.bottom))
            }));
        }
        Self {
            page: reading.page,
            width: reading.width,
            height: reading.height,
            rows: rows(tokens, unit, slope(reading)),
            unit,
        }
    }

    /// The whole page as text, a line a row.
    pub(in crate::rules) fn text(&self) -> Slot {
        let places =
            self.rows.iter().enumerate().flat_map(|(row, words)| (0..words.words.len()).map(move |word| (row, word)));
        self.slot_of(places, self.rows.iter().map(|row| row.words.len()).sum())
    }

    /// Whether a row is the next line of the same paragraph: the row before reaches far to the right, both begin at one edge,
    /// and there is no more than a line's distance between them.
    pub(in crate::rules) fn runs_on(&self, before: usize, after: usize) -> bool {
        let (before, after) = (&self.rows[before], &self.rows[after]);
        let full = before.area.right as f32 > 0.72 * self.width as f32 && before.words.len() >= 6;
        let one_edge = before.area.left.abs_diff(after.area.left) as f32 <= 1.5 * self.unit;
        let near = after.area.top.saturating_sub(before.area.bottom) as f32 <= 1.2 * self.unit;
        full && one_edge && near && !before.words.iter().any(Token::ends_label)
    }

    /// Whether a row is the next line of the same paragraph, and neither of the two is a row of cells.
    fn flows(&self, before: usize, after: usize) -> bool {
        let is_apart = |pair: &[Token]| {
            pair[1].area.left.saturating_sub(pair[0].area.right) as f32 > PARAGRAPH_GAP_MAX * self.unit
        };
        let has_cells = |row: usize| self.rows[row].words.windows(2).any(is_apart);
        self.runs_on(before, after) && !has_cells(before) && !has_cells(after)
    }

    /// Words as text: a blank between words, two before a gap, a line break between rows.
    pub(in crate::rules) fn slot(&self, places: impl IntoIterator<Item = (usize, usize)>) -> Slot {
        let places = places.into_iter();
        let (least, most) = places.size_hint();
        self.slot_of(places, most.unwrap_or(least))
    }

    /// The same of at most so many words.
    fn slot_of(&self, places: impl Iterator<Item = (usize, usize)>, words: usize) -> Slot {
        let text = String::with_capacity(words * WORD_BYTES);
        let mut slot = Slot { page: self.page, text, words: Vec::with_capacity(words) };
        let mut last: Option<(usize, usize)> = None;
        for (row, word) in places {
            let token = &self.rows[row].words[word];
            if token.text.is_empty() {
                continue;
            }
            if let Some((last_row, last_word)) = last {
                let gap = token.area.left.saturating_sub(self.rows[last_row].words[last_word].area.right) as f32;
                slot.text.push_str(if last_row != row {
                    if self.flows(last_row, row) { " " } else { "\n" }
                } else if gap > 2.0 * self.unit {
                    "  "
                } else {
                    " "
                });
            }
            let start = slot.text.len();
            slot.text.push_str(&token.text);
            slot.words.push(SlotWord {
                range: start..slot.text.len(),
                area: token.area,
                confidence: token.confidence,
                struck_out: token.struck_out,
            });
            last = Some((row, word));
        }
        slot
    }
}

/// Text cut out of a page, with the words it came from.
#[derive(Debug, Clone, Default)]
pub(in crate::rules) struct Slot {
    pub(in crate::rules) page: u32,
    pub(in crate::rules) text: String,
    pub(in crate::rules) words: Vec<SlotWord>,
}

#[derive(Debug, Clone)]
pub(in crate::rules) struct SlotWord {
    pub(in crate::rules) range: Range<usize>,
    pub(in crate::rules) area: Area,
    pub(in crate::rules) confidence: f32,
    pub(in crate::rules) struck_out: bool,
}

impl Slot {
    pub(in crate::rules) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The text with the line breaks of running prose as blanks, byte for byte: a long line that ends inside a sentence runs on.
    /// `opens` says of the first word of a line that it opens a label, which no sentence runs on in.
    pub(in crate::rules) fn flowing(&self, opens: impl Fn(&SlotWord) -> bool) -> String {
        let mut flowing = String::with_capacity(self.text.len());
        let edge = self.words.iter().map(|word| word.area.right).max().unwrap_or(0);
        let mut first = 0;
        for line in self.text.split_inclusive('\n') {
            let Some(before) = line.strip_suffix('\n') else {
                flowing.push_str(line);
                continue;
            };
            let end = flowing.len() + before.len();
            let last = self.words.partition_point(|word| word.range.end < end);
            let right = self.words.get(last).map_or(edge, |word| word.area.right);
            let words = (last + 1).saturating_sub(first);
            first = last + 1;
            let is_prose = words >= PROSE_WORDS_MIN
                && right as f32 >= PROSE_REACH * edge as f32
                && !before.contains("  ")
                && !before.trim_end().ends_with(['.', ':', '!', '?'])
                && !self.words.get(first).is_some_and(&opens);
            flowing.push_str(before);
            flowing.push(if is_prose { ' ' } else { '\n' });
        }
        flowing
    }

    /// The words of which something stands in a part of the text.
    pub(in crate::rules) fn touching(&self, span: &Range<usize>) -> impl Iterator<Item = &SlotWord> {
        let first = self.words.partition_point(|word| word.range.end <= span.start);
        self.words[first..].iter().take_while(move |word| word.range.start < span.end)
    }

    /// The ink behind a part of the text.
    pub(in crate::rules) fn evidence(&self, span: &Range<usize>, rule: &str) -> Vec<Evidence> {
        let area = self.touching(span).map(|word| word.area).reduce(|all, area| all.union(&area));
        let text = self.text.get(span.clone()).unwrap_or_default();
        area.map(|area| Evidence {
            page: self.page,
            area,
            text: Private::from(text),
            confidence: self.confidence(span),
            rule: rule.to_owned(),
        })
        .into_iter()
        .collect()
    }

    /// How sure the least sure word of a part is.
    pub(in crate::rules) fn confidence(&self, span: &Range<usize>) -> f32 {
        self.touching(span).map(|word| word.confidence).fold(1.0, f32::min)
    }

    pub(in crate::rules) fn struck_out(&self, span: &Range<usize>) -> bool {
        self.touching(span).any(|word| word.struck_out)
    }
}

/// A tick box that OCR took for letters: "Ol1" is a box and a 1. What is left of a word when the letters that stand in a box
/// are gone. Words longer than a box and two digits are words.
fn beside_box<'a>(text: &'a str, area: Area, boxes: &[Area], unit: f32) -> (&'a str, Area) {
    let over = |of: &&Area| {
        of.overlap_y(&area) * 2 > of.height().min(area.height())
            && of.overlap_x(&area) * 2 > of.width().min(area.width())
    };
    let Some(over) = boxes.iter().find(over) else { return (text, area) };
    let letters = text.chars().count();
    if letters > BOX_LETTERS_MAX {
        return glued_to_box(text, area, over);
    }
    let behind = area.right.saturating_sub(over.right) as f32;
    let kept = (behind / (DIGIT_WIDTH * unit)).round() as usize;
    if kept == 0 {
        let covered =
            !text.chars().any(|letter| letter.is_ascii_digit()) && over.overlap_x(&area) * 10 > area.width() * 8;
        return if covered { ("", area) } else { (text, area) };
    }
    let from = text.char_indices().rev().nth(kept.min(letters.saturating_sub(1)).max(1) - 1).map_or(0, |(at, _)| at);
    let tail = text.get(from..).unwrap_or_default();
    let digits = tail.chars().all(|letter| letter.is_ascii_digit());
    if digits { (tail, Area::new(over.right, area.top, area.right, area.bottom)) } else { (text, area) }
}

/// "[7)97124massage" over the box that its first signs were made of: what stands behind the last bracket among them.
fn glued_to_box<'a>(text: &'a str, area: Area, over: &Area) -> (&'a str, Area) {
    let begins_there = over.left <= area.left + over.width() / 2;
    let bracket = text.char_indices().take(BOX_SIGNS_MAX).filter(|(_, sign)| "[](){}|".contains(*sign)).last();
    match bracket.map(|(at, sign)| at + sign.len_utf8()) {
        Some(from) if begins_there && over.right < area.right => {
            (text.get(from..).unwrap_or_default(), Area::new(over.right, area.top, area.right, area.bottom))
        }
        _ => (text, area),
    }
}

/// Whether nothing in a word could be the edge of another.
fn is_one_piece(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'|' | b'_' | b'~' | b'[' | b']' | b':' | b'\'');
    // a colon at its end is its own
    let inside = text.strip_suffix(':').unwrap_or(text);
    !inside.is_empty() && inside.bytes().all(is_plain) && !begins_with_code(text) || is_box(text)
}

/// "Name:____" is a label and a blank line, "____Maria" a line and a value. The numbers are shares of the word's width.
fn split(text: &str) -> Vec<(String, f64, f64)> {
    let total = text.chars().count().max(1) as f64;
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut begun = 0;
    let letters: Vec<char> = text.chars().collect();
    let close = |piece: &mut String, from: usize, to: usize, pieces: &mut Vec<(String, f64, f64)>| {
        // a bracket without its partner's side is the edge of a cell
        let clean = piece.trim_matches(['|', '_', '—', '‘', '’', '“', '”', '«', '»', '~']);
        // "|x/wk" begins with a one
        let is_one = piece.strip_prefix('|').is_some_and(|rest| rest.starts_with(['x', 'X']) && rest.contains('/'));
        let clean = if is_one { format!("|{clean}") } else { clean.to_owned() };
        let clean = clean.trim_start_matches(']').trim_end_matches('[').to_owned();
        // "__2__ times": the blanks behind a number are its own, so that the word behind it stands beside it
        let blanks = letters[to..].iter().take_while(|letter| **letter == '_').count();
        let is_number = !clean.is_empty() && clean.bytes().all(|byte| byte.is_ascii_digit());
        let to = if is_number { to + blanks } else { to };
        if !clean.is_empty() {
            pieces.push((clean, from as f64 / total, to as f64 / total));
        }
        piece.clear();
    };
    for (index, &letter) in letters.iter().enumerate() {
        let colon_inside = letter == ':'
            && letters.get(index + 1).is_some_and(|next| next.is_alphabetic() || *next == '_')
            && begun < index;
        // "1_2x": a dash whose ink lies low
        let between = index.checked_sub(1).and_then(|before| letters.get(before)).is_some_and(char::is_ascii_digit)
            && letters.get(index + 1).is_some_and(char::is_ascii_digit);
        if letter == '_' && !between {
            close(&mut piece, begun, index, &mut pieces);
            begun = index + 1;
            continue;
        }
        // "Workers'Comp": a blank was lost behind the apostrophe; "O'Brien" has none
        let blank_lost = letter.is_uppercase()
            && index >= begun + POSSESSIVE_LETTERS_MIN
            && letters[..index].ends_with(&['s', '\'']);
        if blank_lost || index == PROCEDURE_DIGITS && begins_with_code(text) {
            close(&mut piece, begun, index, &mut pieces);
            begun = index;
        }
        piece.push(letter);
        if colon_inside && piece.chars().all(|letter| !letter.is_ascii_digit()) {
            close(&mut piece, begun, index + 1, &mut pieces);
            begun = index + 1;
        }
    }
    close(&mut piece, begun, letters.len(), &mut pieces);
    pieces
}

/// "97124massage": five digits, and a word that lost its blank.
fn begins_with_code(text: &str) -> bool {
    let (code, word) = text.split_at_checked(PROCEDURE_DIGITS).unwrap_or_default();
    code.bytes().all(|byte| byte.is_ascii_digit())
        && word.len() >= 4
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Words whose middles lie on one height are a row, whatever lines the reader made of them.
fn rows(mut tokens: Vec<Token>, unit: f32, slope: f32) -> Vec<Row> {
    let level = |token: &Token| token.area.center_y() as f32 - slope * token.area.center_x() as f32;
    let mut levels: Vec<(f32, usize)> = tokens.iter().enumerate().map(|(at, token)| (level(token), at)).collect();
    levels.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let areas: Vec<Area> = tokens.iter().map(|token| token.area).collect();
    // the middle of each row, the height of its highest word, and its words
    let mut rows: Vec<(f32, u32, Vec<usize>)> = Vec::new();
    for (middle, token) in levels {
        // large print stands on one line though its middles differ more than small print's
        let height = areas[token].height();
        let reach = |highest: u32| (0.5 * unit).max(LARGE_REACH * highest.min(height) as f32);
        let near = rows.iter_mut().rev().take(3);
        let near = near.filter(|(center, highest, _)| (middle - *center).abs() < reach(*highest));
        match near.min_by(|(a, ..), (b, ..)| (middle - a).abs().total_cmp(&(middle - b).abs())) {
            Some((center, highest, words)) => {
                *center += (middle - *center) / (words.len() + 1) as f32;
                *highest = height.max(*highest);
                words.push(token);
            }
            None => {
                let mut words = Vec::with_capacity(ROW_WORDS);
                words.push(token);
                rows.push((middle, height, words));
            }
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter()
        .map(|(.., mut words)| {
            words.sort_by_key(|token| areas[*token].left);
            let area = words.iter().map(|token| areas[*token]).reduce(|all, area| all.union(&area)).unwrap_or_default();
            Row { words: words.into_iter().map(|token| std::mem::take(&mut tokens[token])).collect(), area }
        })
        .collect()
}

/// How far the lines of a page lean, in pixels down a pixel to the right: the middle of what its longer lines say. The page was
/// set level before it was read, so that a few lines alone say nothing.
fn slope(reading: &Reading) -> f32 {
    const LEVEL_LINES: usize = 3;
    // below the line hang tails and commas, and the engine puts single signs anywhere
    let stands = |word: &&Word| {
        word.text.reveal().len() >= 3 && !word.text.reveal().contains(['g', 'j', 'p', 'q', 'y', ',', ';'])
    };
    let mut slopes: Vec<f32> = reading
        .lines
        .iter()
        .filter_map(|line| {
            let first = line.words.iter().find(stands)?.area;
            let last = line.words.iter().rfind(stands)?.area;
            let run = last.center_x() as f32 - first.center_x() as f32;
            (run > reading.width as f32 / 5.0).then(|| (last.bottom as f32 - first.bottom as f32) / run)
        })
        .filter(|slope| slope.abs() < 0.1)
        .chain([0.0; LEVEL_LINES])
        .collect();
    slopes.sort_by(f32::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or(0.0)
}
