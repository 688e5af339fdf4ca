//! Which way up a page stands.

use crate::model::Grey;
use crate::pages::clean::bits::{Bits, Blob, blobs};
use crate::pages::clean::neighbours::{Nearest, nearest};

/// Votes needed before a page is said to stand on its head or not.
const VOTES_MIN: usize = 60;
/// Of the votes, this share must agree.
const SHARE_MIN: f32 = 0.62;

/// Of the letters with a neighbour, this share must have it above or below before a page is said to lie on its side. Of 151
/// made papers (scans, faxes of three qualities, photographs) at most 0.075 have it so when they stand, and at least 0.9 when they lie.
const LYING_SHARE_MIN: f32 = 0.6;

/// The picture turned clockwise by 90, 180 or 270 degrees; by anything else, as it is.
pub fn turn(grey: &Grey, degrees: u16) -> Grey {
    let (width, height) = (grey.width as usize, grey.height as usize);
    let (turned_width, turned_height) =
        if degrees % 180 == 90 { (grey.height, grey.width) } else { (grey.width, grey.height) };
    let pixels = match degrees {
        180 => grey.pixels.iter().rev().copied().collect(),
        90 => (0..width).flat_map(|x| (0..height).rev().map(move |y| grey.pixels[y * width + x])).collect(),
        270 => (0..width).rev().flat_map(|x| (0..height).map(move |y| grey.pixels[y * width + x])).collect(),
        _ => grey.pixels.clone(),
    };
    Grey { width: turned_width, height: turned_height, pixels }
}

/// Whether the text of a level page stands on its head; None where the letters do not say (capitals and digits alone, no text).
///
/// Neighbouring letters share their baseline and differ in height: `b` beside `a`. Letters that hang lower than their neighbour
/// (`p` beside `a`) are three times rarer in English, so that on its head a page shows the opposite.
pub fn upside_down(grey: &Grey) -> Option<bool> {
    let bits = Bits::of(grey, 128);
    votes(&blobs(&bits).blobs)
}

/// Whether a page lies on its side: letters stand closer to the next of their line than to the next line.
///
/// Asked before anything is read, for the engine reads lines that run up the page with confidence, each by itself, and loses what
/// stands between them.
pub(super) fn lies(letters: &[Blob], x_dpi: f32, y_dpi: f32) -> bool {
    let nearest = nearest(letters, x_dpi, y_dpi);
    let lying = nearest.iter().filter(|nearest| **nearest == Nearest::Below).count();
    nearest.len() >= VOTES_MIN && lying as f32 >= LYING_SHARE_MIN * nearest.len() as f32
}

/// The same for letter-sized pieces of ink.
pub(super) fn votes(letters: &[Blob]) -> Option<bool> {
    let mut letters: Vec<&Blob> = letters.iter().filter(|blob| blob.height() >= 4 && blob.width() >= 3).collect();
    letters.sort_unstable_by_key(|blob| (blob.left, blob.top));
    let (mut level_feet, mut level_heads) = (0usize, 0usize);
    for (index, blob) in letters.iter().enumerate() {
        let reach = blob.right + blob.height().max(blob.width());
        let next =
            letters[index + 1..].iter().take_while(|other| other.left <= reach).find(|other| beside(blob, other));
        let Some(next) = next else { continue };
        let taller = blob.height().max(next.height());
        let (heads, feet) = (blob.top.abs_diff(next.top), blob.bottom.abs_diff(next.bottom));
        let (same, other) = ((taller / 14).max(1), (taller / 7).max(2));
        level_feet += usize::from(feet <= same && heads >= other);
        level_heads += usize::from(heads <= same && feet >= other);
    }
    let all = level_feet + level_heads;
    let agreed = level_feet.max(level_heads) as f32 >= SHARE_MIN * all as f32;
    (all >= VOTES_MIN && agreed).then_some(level_heads > level_feet)
}

/// Whether two pieces stand side by side in one line, as letters of one size do.
fn beside(one: &Blob, other: &Blob) -> bool {
    let (lower, higher) = (one.height().min(other.height()), one.height().max(other.height()));
    let shared = one.bottom.min(other.bottom).saturating_sub(one.top.max(other.top));
    other.left >= one.right.saturating_sub(1) && higher * 10 <= lower * 19 && shared * 10 >= lower * 7
}
