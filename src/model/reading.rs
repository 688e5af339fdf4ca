//! What stands on one page.

use serde::{Deserialize, Serialize};

use crate::model::{Area, Private};

/// What was read on a page. Boxes lie inside the page; no word is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// From 1, over the whole paper.
    pub page: u32,
    /// Columns of the upright page, in pixels.
    pub width: u32,
    /// Rows of the upright page, in pixels.
    pub height: u32,
    /// Where the words come from.
    pub source: Source,
    /// By how many degrees clockwise the page was turned to stand upright: 0, 90, 180, 270.
    pub rotated: u16,
    /// In reading order, top to bottom.
    pub lines: Vec<Line>,
    /// Tick boxes and signature places.
    pub marks: Vec<Mark>,
    /// The line that the sending fax machine stamped along the top edge; not among `lines`.
    pub fax_header: Option<Line>,
    /// Why this page was not read, or not wholly.
    pub trouble: Option<PageTrouble>,
}

/// Where the words of a page come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Read from pixels.
    Ocr,
    /// The page's own text layer, or plain text.
    TextLayer,
}

/// Words that stand on one line, left to right; never without a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Left to right.
    pub words: Vec<Word>,
}

impl Line {
    /// The words with one blank between them.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.reveal().as_str()).collect();
        words.join(" ")
    }

    /// The smallest area that holds all words.
    pub fn area(&self) -> Area {
        self.words.iter().map(|word| word.area).reduce(|all, area| all.union(&area)).unwrap_or_default()
    }
}

/// Ink between two blanks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Never empty, no blanks.
    pub text: Private<String>,
    /// Where it stands.
    pub area: Area,
    /// 0 to 1: of the words that say 0.9 about nine in ten are right.
    pub confidence: f32,
    /// Other readings of the same ink, the likeliest first (the second look).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Alternative>,
    /// A stroke runs through the word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub struck_out: bool,
}

/// Another reading of the same ink.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Never empty; may hold blanks where the second look saw more than one word.
    pub text: Private<String>,
    /// 0 to 1.
    pub confidence: f32,
}

/// Ink that is no word but says something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// Where it stands.
    #[serde(rename = "box")]
    pub area: Area,
    /// Whether there is ink in it.
    pub state: MarkState,
    /// 0 to 1.
    pub confidence: f32,
}

/// The kinds of mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A box, circle or pair of parentheses to be ticked; also a choice that somebody circled.
    TickBox,
    /// A place to sign: a ruled line, or ink that is no print (then without a line below it).
    Signature,
}

/// Whether a mark holds ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkState {
    /// Ticked, crossed, filled, circled, or signed.
    Ticked,
    /// Nothing in it.
    Empty,
}

/// Why a page was not read, or not wholly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageTrouble {
    /// The time limit a page passed; the words read until then are there.
    TimedOut,
    /// The page's picture is damaged or cut short; what could be read is there.
    Damaged,
    /// More pixels than the limit.
    TooLarge,
    /// The reader child ended on this page.
    ReaderFailed,
}
