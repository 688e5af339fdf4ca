//! Pictures drawn here, and what must be left of them.

use proptest::prelude::*;

use super::{Kind, Resolution, clean, turn};
use crate::model::Grey;

const FINE: Resolution = Resolution { x_dpi: 204.0, y_dpi: 196.0 };
const STANDARD: Resolution = Resolution { x_dpi: 204.0, y_dpi: 98.0 };
const SQUARE: Resolution = Resolution { x_dpi: 300.0, y_dpi: 300.0 };

/// A white page on which rectangles are drawn.
struct Page(Grey);

impl Page {
    fn new(width: u32, height: u32) -> Self {
        Self(Grey { width, height, pixels: vec![255; (width * height) as usize] })
    }

    fn fill(&mut self, x: u32, y: u32, width: u32, height: u32, level: u8) -> &mut Self {
        for row in y..(y + height).min(self.0.height) {
            for column in x..(x + width).min(self.0.width) {
                self.0.pixels[(row * self.0.width + column) as usize] = level;
            }
        }
        self
    }

    /// The shape of an `n`, or with `tall` of an `h`; its feet stand on the row above `baseline`.
    fn letter(&mut self, x: u32, baseline: u32, unit: u32, row_unit: u32, tall: bool) {
        let height = if tall { 9 } else { 6 } * row_unit;
        self.fill(x, baseline - height, unit, height, 0);
        self.fill(x + 4 * unit, baseline - 6 * row_unit, unit, 6 * row_unit, 0);
        self.fill(x, baseline - 6 * row_unit, 5 * unit, row_unit, 0);
    }

    /// Lines of words; every third letter is tall.
    fn text(&mut self, unit: u32, row_unit: u32) -> &mut Self {
        let (mut baseline, mut count) = (100 * row_unit / 2 + 20 * row_unit, 0);
        while baseline + 60 * row_unit < self.0.height {
            let mut x = 60 * unit;
            while x + 60 * unit < self.0.width {
                self.letter(x, baseline, unit, row_unit, count % 3 == 0);
                count += 1;
                x += if count % 7 == 0 { 11 } else { 7 } * unit;
            }
            baseline += 16 * row_unit;
        }
        self
    }

    fn leaning(&self, degrees: f64) -> Grey {
        let (width, height) = (self.0.width, self.0.height);
        // content that falls to the right by `degrees` is put level by the same map with the opposite sign
        super::warp::warp(&self.0, &super::warp::Map::upright(width, height, 1.0, 1.0, -degrees), width, height)
    }
}

/// Darkest pixel of a place of the cleaned picture, given in inches.
fn darkest(grey: &Grey, x: f32, y: f32, width: f32, height: f32) -> u8 {
    let pixel = |inches: f32| (inches * 300.0).round() as u32;
    let rows = pixel(y)..pixel(y + height).min(grey.height);
    rows.flat_map(|row| grey.row(row)[pixel(x) as usize..pixel(x + width) as usize].to_vec()).min().unwrap_or(255)
}

#[test]
fn a_decimal_point_of_a_standard_fax_survives_and_a_lone_speck_does_not() {
    let mut page = Page::new(1728, 1078);
    page.text(3, 1);
    page.letter(300, 1040, 3, 1, true);
    page.fill(318, 1039, 3, 1, 0).fill(1200, 1039, 2, 1, 0).fill(1100, 1046, 1, 1, 0);
    let cleaned = clean(page.0, Some(STANDARD));
    let (x, y) = (318.0 / 204.0, 1039.0 / 98.0);
    assert!(darkest(&cleaned.words, x - 0.01, y - 0.01, 0.04, 0.04) < 160);
    assert!(darkest(&cleaned.words, 1190.0 / 204.0, y - 0.05, 0.1, 0.1) > 200);
    assert!(darkest(&cleaned.words, 1090.0 / 204.0, y - 0.05, 0.1, 0.2) > 200);
    assert_eq!(cleaned.kind, Kind::Bilevel);
}

#[test]
fn a_rule_under_text_goes_and_a_stroke_that_crosses_it_stays() {
    let mut page = Page::new(1728, 2156);
    page.text(3, 3).fill(300, 2110, 900, 3, 0);
    page.letter(400, 2106, 3, 3, true);
    page.fill(600, 2095, 4, 30, 0);
    let cleaned = clean(page.0, Some(FINE));
    let y = 2110.0 / 196.0;
    assert!(darkest(&cleaned.words, 900.0 / 204.0, y - 0.02, 1.0, 0.06) > 200);
    assert!(darkest(&cleaned.ink, 900.0 / 204.0, y - 0.02, 1.0, 0.06) < 60);
    assert!(darkest(&cleaned.words, 600.0 / 204.0, y, 0.02, 0.01) < 120);
    assert!(darkest(&cleaned.words, 400.0 / 204.0, y - 0.05, 0.02, 0.02) < 120);
}

#[test]
fn streaks_go_and_what_they_cross_is_closed() {
    let mut page = Page::new(1728, 2156);
    page.text(3, 3);
    let whole = clean(Page(page.0.clone()).0, Some(FINE));
    page.fill(700, 0, 2, 2156, 0).fill(0, 1002, 1728, 2, 255);
    let cleaned = clean(page.0, Some(FINE));
    let differing =
        whole.words.pixels.iter().zip(&cleaned.words.pixels).filter(|(one, other)| one.abs_diff(**other) > 128);
    // a streak of 2 columns alone has 20,000 pixels at 300 dpi
    assert!(differing.count() < 600);
}

#[test]
fn the_lean_of_a_page_is_found_within_a_tenth_of_a_degree() {
    for degrees in [-4.3, -1.2, -0.3, 0.0, 0.45, 2.9] {
        let mut page = Page::new(2550, 3300);
        page.text(4, 4);
        let cleaned = clean(page.leaning(degrees), Some(SQUARE));
        assert!((f64::from(cleaned.skew_degrees) - degrees).abs() < 0.1, "{degrees}: {}", cleaned.skew_degrees);
    }
}

#[test]
fn the_stamped_line_is_cut_out_and_given_apart() {
    let mut page = Page::new(1728, 2156);
    page.text(3, 3);
    (0..60).for_each(|index| page.letter(100 + index * 25, 40, 3, 2, index % 2 == 0));
    let cleaned = clean(page.0, Some(FINE));
    let header = cleaned.fax_header.expect("a header line");
    assert!(darkest(&header.strip, 0.4, 0.0, 6.0, header.strip.height as f32 / 300.0) < 100);
    assert!(darkest(&cleaned.words, 0.0, 0.0, 8.0, 0.25) > 200);
}

#[test]
fn a_page_on_its_head_is_turned() {
    let mut page = Page::new(1728, 2156);
    page.text(3, 3);
    let upright = clean(page.0.clone(), Some(FINE));
    let turned = clean(turn(&page.0, 180), Some(FINE));
    assert_eq!((upright.turned_degrees, turned.turned_degrees), (0, 180));
    assert_eq!(super::upside_down(&upright.ink), Some(false));
    assert_eq!(super::upside_down(&turn(&upright.ink, 180)), Some(true));
}

#[test]
fn a_page_on_its_side_is_turned() {
    for (resolution, rows, row_unit) in [(FINE, 2156, 3), (STANDARD, 1078, 2)] {
        let mut page = Page::new(1728, rows);
        page.text(3, row_unit);
        assert_eq!(clean(page.0.clone(), Some(resolution)).turned_degrees, 0);
        for (degrees, back) in [(90, 270), (180, 180), (270, 90)] {
            let turned = if degrees == 180 { resolution } else { resolution.turned() };
            let cleaned = clean(turn(&page.0, degrees), Some(turned));
            assert_eq!(cleaned.turned_degrees, back, "{resolution:?} turned by {degrees}");
            assert!(cleaned.words.width < cleaned.words.height);
        }
    }
}

#[test]
fn a_grey_page_on_its_side_is_turned_and_a_wide_one_stays() {
    let mut page = Page::new(1700, 2200);
    page.text(3, 3);
    page.0.pixels.iter_mut().enumerate().for_each(|(at, pixel)| *pixel = (*pixel).clamp(40, 200 + (at % 40) as u8));
    for (degrees, back) in [(90, 270), (270, 90)] {
        let cleaned = clean(turn(&page.0, degrees), None);
        assert_eq!((cleaned.turned_degrees, cleaned.kind), (back, Kind::Scan));
    }
    let mut wide = Page::new(2200, 1700);
    wide.text(3, 3);
    assert_eq!(clean(wide.0, None).turned_degrees, 0);
}

#[test]
fn the_line_stamped_along_the_edge_that_went_in_first_is_found_on_a_page_on_its_side() {
    let mut page = Page::new(2244, 1764); // a letter page that lies: 11 by 9 inches
    page.text(3, 3);
    let mut faxed = Page(turn(&page.0, 90));
    (0..60).for_each(|index| faxed.letter(100 + index * 25, 40, 3, 2, index % 2 == 0));
    let cleaned = clean(faxed.0, Some(FINE));
    assert_eq!(cleaned.turned_degrees, 270);
    let strip = cleaned.fax_header.expect("a header line").strip;
    assert!(strip.width > 10 * strip.height);
}

#[test]
fn the_sheet_of_a_photograph_is_found_flattened_and_lit() {
    let mut page = Page::new(1700, 2200);
    page.text(3, 3);
    let sheet = super::sheet::Sheet { corners: [(110.0, 90.0), (1640.0, 60.0), (1600.0, 2150.0), (60.0, 2090.0)] };
    // drawn by asking for each place of the photograph where it lies on the page, by Newton's steps on the map there
    let map = sheet.map(1700.0, 2200.0);
    let place = |x: f64, y: f64| {
        let depth = map.depth[0] * x + map.depth[1] * y + 1.0;
        ((map.x[0] * x + map.x[1] * y + map.x[2]) / depth, (map.y[0] * x + map.y[1] * y + map.y[2]) / depth)
    };
    let mut photo = Page::new(1700, 2200);
    photo.fill(0, 0, 1700, 2200, 60);
    for y in 0..2200u32 {
        for x in 0..1700u32 {
            let level = page.0.pixels[(y * 1700 + x) as usize];
            let (to_x, to_y) = place(f64::from(x), f64::from(y));
            let shade = 0.55 + 0.4 * to_x / 1700.0;
            let lit = (f64::from(level).max(30.0) * shade) as u8;
            photo.fill(to_x as u32, to_y as u32, 2, 2, lit);
        }
    }
    let cleaned = clean(photo.0, None);
    assert_eq!(cleaned.kind, Kind::Photo);
    // taken for letter paper in width; its longest edges tell the height
    assert!(cleaned.words.width.abs_diff(2550) < 30 && cleaned.words.height.abs_diff(3460) < 60);
    let middle = |x: f32| darkest(&cleaned.words, x, 0.15, 0.3, 0.15);
    assert!(middle(0.3) > 220 && middle(7.9) > 220, "paper is white on both sides");
    assert!(darkest(&cleaned.words, 1.0, 1.0, 6.0, 3.0) < 90);
}

#[test]
fn white_on_black_is_turned_over_and_an_empty_page_is_blank() {
    let mut page = Page::new(1728, 2156);
    page.text(3, 3);
    page.0.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    let cleaned = clean(page.0, Some(FINE));
    assert!(cleaned.inverted && !cleaned.blank);
    assert!(clean(Page::new(1728, 2156).0, Some(FINE)).blank);
}

#[test]
fn punch_holes_and_black_borders_go() {
    let mut page = Page::new(2550, 3300);
    page.text(4, 4);
    for (x, y) in (0..80).flat_map(|x| (0..80).map(move |y| (x, y))) {
        if (x as i32 - 40).pow(2) + (y as i32 - 40).pow(2) < 1600 {
            page.fill(60 + x, 1600 + y, 1, 1, 0);
        }
    }
    page.fill(2500, 0, 50, 3300, 0);
    let cleaned = clean(page.0, Some(SQUARE));
    assert!(darkest(&cleaned.words, 0.15, 5.2, 0.4, 0.6) > 200);
    assert!(darkest(&cleaned.words, 8.35, 1.0, 0.1, 9.0) > 200);
}

#[test]
fn the_dark_frame_of_a_leaning_sheet_goes() {
    let mut page = Page::new(1728, 2156);
    page.text(3, 3);
    for x in 0..1728 {
        page.fill(x, 0, 1, 10 + x / 60, 0).fill(x, 2150 - (1728 - x) / 60, 1, 40, 0);
    }
    for y in 0..2156 {
        page.fill(0, y, 10 + (2156 - y) / 60, 1, 0).fill(1720 - y / 60, y, 60, 1, 0);
    }
    let cleaned = clean(page.0, Some(FINE));
    assert!(cleaned.fax_header.is_none() && !cleaned.blank);
    assert!(darkest(&cleaned.words, 0.0, 0.0, 8.4, 0.2) > 200 && darkest(&cleaned.words, 0.0, 2.0, 0.2, 8.0) > 200);
    assert!(darkest(&cleaned.words, 1.0, 2.0, 4.0, 1.0) < 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_picture_panics(
        (width, height) in prop_oneof![(0u32..5, 0u32..5), (1u32..70, 1u32..70), (1u32..3, 1u32..5000), (1u32..5000, 1u32..3)],
        levels in prop_oneof![Just(vec![0u8, 255]), Just(vec![0]), Just(vec![255]), Just((0..=255).collect::<Vec<u8>>())],
        seed in any::<u64>(),
        dpi in prop_oneof![Just(None), (0.0f32..1000.0, 0.0f32..1000.0).prop_map(Some), Just(Some((f32::NAN, 0.0)))],
    ) {
        let mut state = seed | 1;
        let pixels = (0..width * height).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            levels[(state >> 33) as usize % levels.len()]
        });
        let page = Grey { width, height, pixels: pixels.collect() };
        let cleaned = clean(page, dpi.map(|(x_dpi, y_dpi)| Resolution { x_dpi, y_dpi }));
        prop_assert_eq!(cleaned.words.pixels.len(), cleaned.ink.pixels.len());
        prop_assert_eq!(cleaned.words.pixels.len(), cleaned.words.width as usize * cleaned.words.height as usize);
    }
}
