//! In: text. Out: tokens with byte spans; glued words are taken apart ("3xwk/4wks"), damaged ones mended and the change kept.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::{Date, date};

use super::{tongue, words};
use crate::rules::Repair;
use crate::rules::dates::{DateKind, find_dates};
use crate::rules::near::{letter_at, run_end};

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A number of at most three digits.
    Number(u32),
    /// A longer number, a price, a percentage, a decimal: never a count.
    Other,
    /// A word, lower case, mended.
    Word(String),
    /// A sign: one of `-/,;.()@#:=>&|%+$`.
    Sign(char),
    /// The end of a line.
    Line,
    /// A calendar day.
    Day(Date),
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// No blank stands before it.
    pub(super) glued: bool,
    /// The number that a single letter may be, where a count is expected.
    pub(super) also: Option<u32>,
    /// What was changed to get this token.
    pub(super) repair: Option<Repair>,
    /// The change touched a digit.
    pub(super) digit_mended: bool,
    /// So many tokens from here on have two meanings, as the rule files say, with the sentence of theirs.
    pub(super) two_ways: Option<(usize, Arc<str>)>,
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is(&self, wanted: &str) -> bool {
        self.word() == Some(wanted)
    }

    pub(super) fn sign(&self, wanted: char) -> bool {
        self.kind == Kind::Sign(wanted)
    }
}

/// A token takes about so many bytes of a text.
const BYTES_A_TOKEN: usize = 5;

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let days = find_dates(text, DateKind::Order, date(2040, 1, 1));
    let mut days = days.iter().peekable();
    let mut out: Vec<Token> = Vec::with_capacity(text.len() / BYTES_A_TOKEN);
    let at = |i: usize| letter_at(text, i);
    // "2x's", "therapist's"
    let possessive = |i: usize| {
        let mark = at(i).filter(|c| matches!(c, '\'' | '’'))?;
        let end = i + mark.len_utf8() + 1;
        (at(end - 1).is_some_and(|c| matches!(c, 's' | 'S')) && !at(end).is_some_and(char::is_alphanumeric))
            .then_some(end)
    };
    let mut blank = true;
    let mut i = 0;
    while let Some(c) = at(i) {
        let next = i + c.len_utf8();
        if c == ' ' {
            blank = true;
            i = next;
            continue;
        }
        while days.next_if(|day| day.span.end <= i).is_some() {}
        if let Some(day) = days.next_if(|day| day.span.start == i) {
            push(&mut out, Kind::Day(*day.date.reveal()), day.span.clone(), !blank);
            i = day.span.end;
            blank = false;
            continue;
        }
        let stroke = matches!(c, '|' | '!');
        let inside = stroke && !blank && at(next).is_some_and(is_letter) && joins(&out);
        let leading = stroke
            && blank
            && at(next).is_some_and(|c| {
                c.is_ascii_digit()
                    || c == 'x'
                    || matches!(c, '-' | '–' | '—' | '~') && at(next + c.len_utf8()).is_some_and(|c| c.is_ascii_digit())
            });
        if is_letter(c) || inside || leading {
            let run_from = |from: usize| run_end(text, from, |_| false);
            let joint = |end: usize| {
                let sign = at(end).filter(|c| matches!(c, '\'' | '’' | '|' | '!'))?;
                let behind = end + sign.len_utf8();
                (at(behind).is_some_and(char::is_alphanumeric) && possessive(end).is_none()).then_some(behind)
            };
            let mut end = run_from(next);
            while let Some(behind) = joint(end) {
                end = run_from(behind);
            }
            // "visit(s)" is one word
            let is_plural = matches!(text.get(end..end + 3), Some("(s)" | "(S)"))
                && text.get(i..end).is_some_and(|word| word.ends_with(char::is_alphabetic));
            let whole = if is_plural { end + 3 } else { possessive(end).unwrap_or(end) };
            chunk(text, i..end, whole, blank, &mut out);
            i = whole;
            blank = false;
            continue;
        }
        let sign = match c {
            '\n' | '\r' => Some(Kind::Line),
            c if c.is_whitespace() => None,
            '_' | '~' if !blank && at(next).is_some_and(|c| c.is_ascii_digit()) => Some(Kind::Sign('-')),
            '_' => None,
            '-' | '–' | '—' | '‐' | '‑' | '−' | '~' => Some(Kind::Sign('-')),
            '×' | '*' | '✕' | '✗' => Some(Kind::Word("x".to_owned())),
            '©' | '®' | '@' => Some(Kind::Sign('@')),
            '→' | '>' | '➔' => Some(Kind::Sign('>')),
            '/' | ',' | ';' | '.' | '(' | ')' | '#' | ':' | '=' | '&' | '|' | '%' | '+' | '$' => Some(Kind::Sign(c)),
            '\\' => Some(Kind::Sign('/')),
            '[' => Some(Kind::Sign('(')),
            ']' => Some(Kind::Sign(')')),
            '!' => Some(Kind::Sign('!')),
            _ => Some(Kind::Sign('?')),
        };
        if let Some(kind) = sign {
            push(&mut out, kind, i..next, !blank);
            blank = false;
        } else {
            blank = true;
        }
        i = next;
    }
    prices(&mut out);
    tongue::join(text, &mut out);
    join_lines(&mut out);
    out
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric()
}

/// A stroke inside a run such as `2x|week`.
fn joins(out: &[Token]) -> bool {
    out.last().is_some_and(|last| matches!(last.kind, Kind::Word(_) | Kind::Number(_)))
}

fn push(out: &mut Vec<Token>, kind: Kind, span: Range<usize>, glued: bool) {
    out.push(Token { kind, span, glued, also: None, repair: None, digit_mended: false, two_ways: None });
}

/// One run of letters and digits.
fn chunk(text: &str, span: Range<usize>, end: usize, blank: bool, out: &mut Vec<Token>) {
    let raw = text.get(span.clone()).unwrap_or_default();
    let has_apostrophe = raw.contains('\'') || !raw.is_ascii() && raw.contains('’');
    let plain: Cow<'_, str> = if has_apostrophe { raw.replace(['\'', '’'], "").into() } else { raw.into() };
    let whole = span.start..end;
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        let kind = match plain.parse::<u32>() {
            Ok(n) if plain.len() <= 3 => Kind::Number(n),
            _ => Kind::Other,
        };
        push(out, kind, whole, !blank);
        return;
    }
    let lower = if plain.is_ascii() { plain.to_ascii_lowercase() } else { plain.to_lowercase() };
    if known(&lower) {
        push(out, Kind::Word(lower), whole, !blank);
        return;
    }
    if let Some(english) = tongue::english(&lower) {
        push(out, Kind::Word(english.to_owned()), whole, !blank);
        return;
    }
    // "5essions" and "visit5" are damaged words, not five of something
    let edge = plain.starts_with(|c: char| c.is_ascii_digit()) || plain.ends_with('5');
    if edge
        && 5 <= lower.len()
        && let Some(mended) = words::same_shape(&lower)
    {
        let repair = Some(Repair::new(whole.clone(), raw, mended));
        let kind = Kind::Word(mended.to_owned());
        out.push(Token { kind, span: whole, glued: !blank, also: None, repair, digit_mended: false, two_ways: None });
        return;
    }
    if raw.len() == plain.len()
        && raw.len() <= 24
        && raw.is_ascii()
        && let Some(pieces) = take_apart(raw, &lower)
    {
        let mut at = span.start;
        for (index, piece) in pieces.into_iter().enumerate() {
            let own = at..at + piece.len;
            at = own.end;
            let before = text.get(own.clone()).unwrap_or_default();
            out.push(Token {
                repair: piece.mended.as_ref().map(|after| Repair::new(own.clone(), before, after)),
                digit_mended: piece.mended.is_some() && matches!(piece.kind, Kind::Number(_)),
                kind: piece.kind,
                span: own,
                glued: !blank || 0 < index,
                also: None,
                two_ways: None,
            });
        }
        if let Some(last) = out.last_mut() {
            last.span.end = end;
        }
        return;
    }
    if let Some((first, second)) = words::split(&lower) {
        let middle = span.start + first.len();
        let after = format!("{first} {second}");
        let repair = Some(Repair::new(whole, raw, &after));
        for (word, own, glued, repair) in
            [(first, span.start..middle, !blank, repair), (second, middle..end, true, None)]
        {
            let kind = Kind::Word(word.to_owned());
            out.push(Token { kind, span: own, glued, also: None, repair, digit_mended: false, two_ways: None });
        }
        return;
    }
    if let Some(mended) = words::mend(&lower) {
        let repair = Some(Repair::new(whole.clone(), raw, mended));
        let kind = Kind::Word(mended.to_owned());
        out.push(Token { kind, span: whole, glued: !blank, also: None, repair, digit_mended: false, two_ways: None });
        return;
    }
    let mut letters = plain.chars();
    let also = match (letters.next(), letters.next()) {
        (Some(c), None) if c != 'O' && c != 'o' && c != 'D' && c != 'Q' => {
            words::digit_of(c).and_then(|d| d.to_digit(10))
        }
        _ => None,
    };
    out.push(Token {
        kind: Kind::Word(lower),
        span: whole,
        glued: !blank,
        also,
        repair: None,
        digit_mended: false,
        two_ways: None,
    });
}

/// Words that stay as they are: no other reading is tried.
fn known(word: &str) -> bool {
    words::count(word).is_some()
        || words::unit(word, false).is_some()
        || words::adverb(word).is_some()
        || words::is_times(word)
        || (words::is_visit(word) && word != "v")
        || words::ordinal(word).is_some()
        || matches!(
            word,
            "qd" | "qod"
                | "qw"
                | "qwk"
                | "qow"
                | "eow"
                | "biw"
                | "tiw"
                | "bid"
                | "tid"
                | "prn"
                | "light"
                | "mouth"
                | "this"
                | "his"
                | "is"
                | "so"
                | "as"
                | "mg"
                | "ml"
                | "dr"
                | "mri"
                | "xray"
                | "weak"
                | "month's"
                | "them"
                | "than"
                | "fox"
                | "wax"
                | "week's"
                | "mon"
                | "sx"
                | "dx"
                | "rx"
                | "hx"
                | "fx"
                | "six"
                | "foot"
                | "most"
                | "last"
        )
        || words::weekday(word, false).is_some()
        || !words::weekdays(word).is_empty()
}

struct Piece {
    kind: Kind,
    len: usize,
    mended: Option<String>,
}

const GLUED: &[&str] = &[
    "then",
    "or",
    "to",
    "sessions",
    "session",
    "treatments",
    "minutes",
    "minute",
    "months",
    "weekly",
    "monthly",
    "visits",
    "visit",
    "weeks",
    "month",
    "times",
    "hours",
    "daily",
    "units",
    "hour",
    "week",
    "days",
    "wkly",
    "time",
    "unit",
    "mths",
    "mins",
    "wks",
    "mth",
    "mos",
    "day",
    "min",
    "txs",
    "hrs",
    "yrs",
    "for",
    "per",
    "wk",
    "mo",
    "xs",
    "tx",
    "hr",
    "yr",
    "th",
    "st",
    "nd",
    "rd",
    "x",
    "w",
    "q",
    "d",
    "m",
    "v",
    "u",
    "y",
    "a",
];

/// Takes a glued run apart, given as it stands and in lower case; if need be, letters may be digits and the other way round. None when a
/// rest remains.
fn take_apart(raw: &str, lower: &str) -> Option<Vec<Piece>> {
    let digits = raw.bytes().any(|byte| byte.is_ascii_digit());
    let starts = lower.starts_with(['x', 'q']);
    let crossed = raw.len() <= 10 && lower.contains('x');
    let take = |mend: bool| {
        let mut pieces = Vec::new();
        (apart(raw, lower, mend, &mut pieces) && sound(&pieces)).then_some(pieces)
    };
    let whole = (digits || starts).then(|| take(false)).flatten();
    whole.or_else(|| (digits || starts || crossed).then(|| take(true)).flatten())
}

/// A run of letters that only look like numbers is none; nor is a word such as "max".
fn sound(pieces: &[Piece]) -> bool {
    let word = |piece: &Piece, wanted: &str| piece.kind == Kind::Word(wanted.to_owned());
    let changed = pieces.iter().filter(|piece| piece.mended.is_some()).count();
    if pieces.iter().any(|piece| matches!(piece.kind, Kind::Number(_)) && piece.mended.is_none()) {
        return changed <= 2;
    }
    match pieces {
        // "l2": a number with a letter in it
        [Piece { kind: Kind::Number(10..), .. }] => true,
        // "xwk", "qweek"
        [x, Piece { kind: Kind::Word(unit), .. }] if word(x, "x") || word(x, "q") => words::unit(unit, false).is_some(),
        [x, Piece { kind: Kind::Sign(_), .. }, ..] => word(x, "x"),
        // "x6wks" with a letter for the six; "Zx", "Zxwk"
        [x, Piece { kind: Kind::Number(_), .. }, ..] => word(x, "x") && pieces.len() <= 3 && changed <= 2,
        [Piece { kind: Kind::Number(_), .. }, x, ..] => word(x, "x") && changed <= 2,
        _ => false,
    }
}

fn apart(raw: &str, lower: &str, mend: bool, pieces: &mut Vec<Piece>) -> bool {
    let Some(first) = raw.chars().next() else { return true };
    if 9 <= pieces.len() {
        return false;
    }
    let after = |n: usize| (raw.get(n..).unwrap_or_default(), lower.get(n..).unwrap_or_default());
    // a number
    let run = raw.chars().take_while(char::is_ascii_digit).count();
    if 0 < run {
        let value = raw.get(..run).and_then(|digits| digits.parse().ok());
        if let (Some(value), true) = (value, run <= 3 && !raw.starts_with('0')) {
            pieces.push(Piece { kind: Kind::Number(value), len: run, mended: None });
            let (rest, rest_lower) = after(run);
            if apart(rest, rest_lower, mend, pieces) {
                return true;
            }
            pieces.pop();
        }
    }
    let behind_x = matches!(pieces.last(), Some(Piece { kind: Kind::Word(word), .. }) if word == "x");
    // a slash that was read as a letter: "2xlweek"
    if mend && behind_x && matches!(first, 'l' | 'I' | '|' | '!') {
        let (rest, rest_lower) = after(1);
        if words::unit(rest_lower, false).is_some()
            || words::mend(rest_lower).is_some_and(|w| words::unit(w, false).is_some())
        {
            pieces.push(Piece { kind: Kind::Sign('/'), len: 1, mended: Some("/".to_owned()) });
            if apart(rest, rest_lower, mend, pieces) {
                return true;
            }
            pieces.pop();
        }
    }
    for word in GLUED.iter().filter(|word| lower.starts_with(**word)) {
        pieces.push(Piece { kind: Kind::Word((*word).to_owned()), len: word.len(), mended: None });
        let (rest, rest_lower) = after(word.len());
        if apart(rest, rest_lower, mend, pieces) {
            return true;
        }
        pieces.pop();
    }
    if !mend {
        return false;
    }
    // a number with letters in it: "l2", "1O", or one letter before "x" ("Zx")
    let run = raw.chars().take_while(|&c| c.is_ascii_digit() || words::digit_of(c).is_some()).count();
    for len in (1..=run.min(3)).rev() {
        let candidate = raw.get(..len).unwrap_or_default();
        let real = candidate.chars().any(|c| c.is_ascii_digit());
        let all = candidate.chars().all(|c| c.is_ascii_digit());
        let (rest, rest_lower) = after(len);
        let alone = len == 1 && pieces.is_empty() && (rest_lower.starts_with('x') || rest_lower.starts_with("/"));
        let after_x = len == 1 && behind_x && !rest.is_empty();
        // "S1" and "B6" are a vertebra and a vitamin: alone, only the likeliest letters count
        let lone = pieces.is_empty() && rest.is_empty();
        let unlikely = lone
            && !first.is_ascii_digit()
            && candidate.chars().any(|c| !(c.is_ascii_digit() || matches!(c, 'l' | 'I' | 'i' | '|' | '!' | 'O' | 'o')));
        if all || unlikely || !(real || alone || after_x) || (len == 1 && matches!(first, 'O' | 'o' | 'D' | 'Q')) {
            continue;
        }
        let mended: String =
            candidate.chars().filter_map(|c| if c.is_ascii_digit() { Some(c) } else { words::digit_of(c) }).collect();
        let Ok(value) = mended.parse() else { continue };
        pieces.push(Piece { kind: Kind::Number(value), len, mended: Some(mended) });
        if apart(rest, rest_lower, mend, pieces) {
            return true;
        }
        pieces.pop();
    }
    // the rest as one damaged word: "6wceks"
    if !pieces.is_empty()
        && !first.is_ascii_digit()
        && let Some(word) = words::mend(lower)
    {
        pieces.push(Piece { kind: Kind::Word(word.to_owned()), len: raw.len(), mended: Some(word.to_owned()) });
        return true;
    }
    false
}

/// "$120" is a number, but no count.
fn prices(tokens: &mut [Token]) {
    for i in 0..tokens.len() {
        let Some([before, number]) = i.checked_sub(1).and_then(|start| tokens.get(start..=i)) else { continue };
        if matches!(number.kind, Kind::Number(_))
            && before.sign('$')
            && let Some(token) = tokens.get_mut(i)
        {
            token.kind = Kind::Other;
        }
    }
}

/// A caption within a slot has at most so many words.
const CAPTION_WORDS_MAX: usize = 4;

/// A line may break within a phrase: behind "per" or "for", between a number and its unit.
fn join_lines(tokens: &mut Vec<Token>) {
    let wants_more = |token: &Token| {
        token.sign('-')
            || token.sign('/')
            || token.word().is_some_and(|word| {
                matches!(
                    word,
                    "per"
                        | "a"
                        | "each"
                        | "every"
                        | "x"
                        | "for"
                        | "times"
                        | "over"
                        | "the"
                        | "next"
                        | "q"
                        | "to"
                        | "or"
                        | "once"
                        | "twice"
                        | "other"
                        | "up"
                        | "of"
                        | "within"
                )
            })
    };
    let joins = |window: &[Token], behind: &[Token]| {
        let [before, here, after] = window else { return false };
        if !matches!(here.kind, Kind::Line) || matches!(after.kind, Kind::Line) {
            return false;
        }
        // the next line has a caption of its own: "Time frame: 6 weeks"
        let words = behind.iter().take_while(|token| token.word().is_some()).count();
        let captioned = words < CAPTION_WORDS_MAX && behind.get(words).is_some_and(|token| token.sign(':'));
        let unit_follows = matches!(before.kind, Kind::Number(_))
            && after.word().is_some_and(|word| words::unit(word, false).is_some() || words::is_times(word));
        !captioned && (wants_more(before) || unit_follows)
    };
    let dropped: Vec<usize> = tokens
        .windows(3)
        .enumerate()
        .filter(|(i, window)| joins(window, tokens.get(i + 3..).unwrap_or_default()))
        .map(|(i, _)| i + 1)
        .collect();
    let mut dropped = dropped.into_iter().peekable();
    let mut at = 0;
    tokens.retain(|_| {
        at += 1;
        dropped.next_if_eq(&(at - 1)).is_none()
    });
}
