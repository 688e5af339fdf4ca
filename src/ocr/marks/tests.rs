//! Boxes, ticks and lines drawn here, and what must be seen of them.

use super::find;
use crate::model::{Area, Grey, Line, Mark, MarkKind, MarkState, Private, Word};

const DPI: u32 = 300;
/// Side of a common tick box: 0.13 inches.
const SIDE: u32 = 39;

/// A white page to draw on.
struct Page(Grey);

impl Page {
    fn new() -> Self {
        let (width, height) = (1200, 800);
        Self(Grey { width, height, pixels: vec![255; (width * height) as usize] })
    }

    fn ink(&mut self, x: i64, y: i64) {
        for (x, y) in [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)] {
            if x >= 0 && y >= 0 && x < i64::from(self.0.width) && y < i64::from(self.0.height) {
                self.0.pixels[y as usize * self.0.width as usize + x as usize] = 0;
            }
        }
    }

    fn line(&mut self, from: (i64, i64), to: (i64, i64)) -> &mut Self {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1);
        for step in 0..=steps {
            self.ink(from.0 + (to.0 - from.0) * step / steps, from.1 + (to.1 - from.1) * step / steps);
        }
        self
    }

    fn square(&mut self, left: i64, top: i64, side: i64) -> &mut Self {
        let (right, bottom) = (left + side - 2, top + side - 2);
        self.line((left, top), (right, top)).line((left, bottom), (right, bottom));
        self.line((left, top), (left, bottom)).line((right, top), (right, bottom))
    }

    fn cross(&mut self, left: i64, top: i64, side: i64) -> &mut Self {
        let (right, bottom) = (left + side - 9, top + side - 9);
        self.line((left + 8, top + 8), (right, bottom)).line((left + 8, bottom), (right, top + 8))
    }

    fn circle(&mut self, x: i64, y: i64, radius: f64) -> &mut Self {
        for step in 0..720 {
            let (sine, cosine) = (f64::from(step) / 720.0 * std::f64::consts::TAU).sin_cos();
            self.ink(x + (cosine * radius).round() as i64, y + (sine * radius).round() as i64);
        }
        self
    }

    fn marks(&self, lines: &[Line]) -> Vec<Mark> {
        find(&self.0, lines, DPI).marks
    }

    fn boxes(&self) -> Vec<(u32, MarkState)> {
        let boxes = self.marks(&[]).into_iter().filter(|mark| mark.kind == MarkKind::TickBox);
        let mut boxes: Vec<(u32, MarkState)> = boxes.map(|mark| (mark.area.left / 100, mark.state)).collect();
        boxes.sort_by_key(|(left, _)| *left);
        boxes
    }
}

fn word(text: &str, area: Area) -> Line {
    let word = Word { text: Private::from(text), area, confidence: 0.98, also: Vec::new(), struck_out: false };
    Line { words: vec![word] }
}

#[test]
fn squares_are_boxes_with_and_without_a_cross() {
    let side = i64::from(SIDE);
    let mut page = Page::new();
    page.square(110, 200, side).square(310, 200, side).cross(310, 200, side).square(510, 200, side);
    assert_eq!(page.boxes(), [(1, MarkState::Empty), (3, MarkState::Ticked), (5, MarkState::Empty)]);
}

#[test]
fn a_circle_is_a_box_and_a_dot_in_it_a_tick() {
    let mut page = Page::new();
    page.circle(130, 220, 19.0).circle(330, 220, 19.0);
    for radius in 1..12 {
        page.circle(330, 220, f64::from(radius));
    }
    assert_eq!(page.boxes(), [(1, MarkState::Empty), (3, MarkState::Ticked)]);
}

#[test]
fn a_tick_that_runs_out_of_its_box_and_into_a_word_hides_neither() {
    let side = i64::from(SIDE);
    let mut page = Page::new();
    page.square(110, 200, side).square(310, 200, side).square(510, 200, side);
    // a long stroke through the second box into the ink behind it
    page.line((312, 215), (325, 236)).line((325, 236), (400, 190)).line((400, 190), (480, 236));
    assert_eq!(page.boxes(), [(1, MarkState::Empty), (3, MarkState::Ticked), (5, MarkState::Empty)]);
}

#[test]
fn the_cell_of_a_table_is_no_box() {
    let mut page = Page::new();
    page.square(100, 100, 300).square(500, 100, 120);
    assert_eq!(page.boxes(), []);
}

#[test]
fn letters_of_a_word_are_no_boxes() {
    let mut page = Page::new();
    // "DO" as an engraver draws it
    page.line((110, 200), (110, 230))
        .line((110, 200), (128, 205))
        .line((128, 205), (128, 225))
        .line((128, 225), (110, 230));
    page.circle(150, 215, 14.0);
    let marks = page.marks(&[word("DO", Area::new(108, 198, 168, 232))]);
    assert!(!marks.iter().any(|mark| mark.kind == MarkKind::TickBox), "{marks:?}");
}

#[test]
fn ink_above_a_signature_line_is_a_signature_and_the_bare_line_is_none() {
    let caption = || word("Signature:", Area::new(100, 600, 300, 630));
    let bare = {
        let mut page = Page::new();
        page.line((320, 628), (900, 628));
        page.marks(&[caption()])
    };
    let signed = {
        let mut page = Page::new();
        page.line((320, 628), (900, 628));
        let strokes = [(380, 620), (400, 560), (420, 615), (450, 570), (470, 618), (520, 575), (560, 612), (640, 600)];
        strokes.windows(2).for_each(|pair| {
            page.line(pair[0], pair[1]);
        });
        page.marks(&[caption()])
    };
    let state = |marks: &[Mark]| marks.iter().find(|mark| mark.kind == MarkKind::Signature).map(|mark| mark.state);
    assert_ne!(state(&bare), Some(MarkState::Ticked));
    assert_eq!(state(&signed), Some(MarkState::Ticked));
}

impl Page {
    fn signature(&mut self, left: i64, bottom: i64) -> &mut Self {
        let strokes = [(0, 0), (20, -60), (40, -5), (70, -50), (90, -2), (140, -45), (180, -8), (260, -20)];
        strokes.windows(2).for_each(|pair| {
            let at = |(x, y): (i64, i64)| (left + x, bottom + y);
            self.line(at(pair[0]), at(pair[1]));
        });
        self
    }
}

fn words(words: &[(&str, Area)]) -> Line {
    Line { words: words.iter().flat_map(|(text, area)| word(text, *area).words).collect() }
}

fn signature(marks: &[Mark]) -> Option<MarkState> {
    marks.iter().find(|mark| mark.kind == MarkKind::Signature).map(|mark| mark.state)
}

#[test]
fn another_caption_on_the_line_takes_no_room_from_the_signature() {
    let mut page = Page::new();
    page.line((320, 628), (700, 628)).line((900, 628), (1150, 628)).signature(380, 620);
    let line = words(&[
        ("Signature:", Area::new(100, 600, 300, 630)),
        ("Signed", Area::new(720, 600, 800, 630)),
        ("on:", Area::new(810, 600, 850, 630)),
    ]);
    assert_eq!(signature(&page.marks(&[line])), Some(MarkState::Ticked));
}

#[test]
fn ink_over_a_printed_name_is_a_signature_where_no_place_is_named() {
    let lines = || {
        let order = word("Massage", Area::new(100, 100, 260, 130));
        let name = words(&[
            ("Alan", Area::new(100, 700, 180, 730)),
            ("Pierce,", Area::new(190, 700, 300, 730)),
            ("MD", Area::new(310, 700, 360, 730)),
        ]);
        [order, name]
    };
    assert_eq!(signature(&Page::new().marks(&lines())), None);
    assert_eq!(signature(&Page::new().signature(110, 690).marks(&lines())), Some(MarkState::Ticked));
}

#[test]
fn ink_is_looked_for_in_the_second_half_of_the_lines_and_behind_the_name() {
    let lines = || {
        let row = |text: &str, top: u32| word(text, Area::new(100, top, 260, top + 30));
        let name = words(&[
            ("Provider:", Area::new(100, 300, 230, 330)),
            ("Ada", Area::new(240, 300, 300, 330)),
            ("Roux", Area::new(310, 300, 390, 330)),
            ("CNM", Area::new(400, 300, 470, 330)),
        ]);
        [row("Massage", 100), row("Neck", 150), name, row("Footer", 760)]
    };
    assert_eq!(signature(&Page::new().marks(&lines())), None);
    assert_eq!(signature(&Page::new().signature(600, 320).marks(&lines())), Some(MarkState::Ticked));
}

#[test]
fn ink_over_the_day_of_signing_is_a_signature() {
    let line = words(&[
        ("Signed", Area::new(100, 600, 200, 630)),
        ("on:", Area::new(210, 600, 250, 630)),
        ("10/20/2026", Area::new(260, 600, 420, 630)),
    ]);
    assert_eq!(signature(&Page::new().signature(110, 590).marks(&[line])), Some(MarkState::Ticked));
}

#[test]
fn what_stands_over_a_table_s_line_is_not_the_signature_under_it() {
    let mut page = Page::new();
    // the pen filled in the cell above; the caption's own cell is empty
    page.line((50, 500), (1150, 500)).line((50, 640), (1150, 640)).signature(200, 490);
    let caption = words(&[("SIGNATURE", Area::new(60, 506, 220, 526))]);
    assert_ne!(signature(&page.marks(&[caption])), Some(MarkState::Ticked));
}

#[test]
fn a_letter_of_a_text_layer_is_no_box() {
    let mut page = Page::new();
    page.square(100, 100, i64::from(SIDE));
    let mut layer = word("B.", Area::new(98, 98, 145, 142));
    layer.words[0].confidence = 1.0;
    let is_box = |mark: &Mark| mark.kind == MarkKind::TickBox;
    assert!(!page.marks(&[layer]).iter().any(is_box));
    assert!(page.marks(&[]).iter().any(is_box));
}

#[test]
fn a_stroke_through_a_word_strikes_it_out_and_a_line_below_does_not() {
    let lines = [word("97124", Area::new(100, 300, 260, 334)), word("97140", Area::new(100, 400, 260, 434))];
    let mut page = Page::new();
    for left in [100, 135, 170, 205, 240] {
        page.square(left, 300, 22).square(left, 400, 22);
    }
    page.line((90, 317), (270, 316)).line((90, 440), (270, 440));
    let found = find(&page.0, &lines, DPI);
    assert_eq!(found.struck_out, [(0, 0)]);
}
