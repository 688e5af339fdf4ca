//! Where the nearest letter stands: in the same line, or in the next.

use crate::pages::clean::bits::Blob;

/// Letters further apart than this, in inches, are no neighbours: two lines of 12 point type, double spaced, are as far apart.
const REACH_INCHES: f32 = 0.25;

/// On which side of a letter its nearest neighbour stands; only two of the four are looked at, so that no pair counts twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nearest {
    Right,
    Below,
}

/// A letter's place, in inches: along the way in which a neighbour is looked for, and across it.
#[derive(Clone, Copy)]
struct Place {
    letter: usize,
    along: (f32, f32),
    across: (f32, f32),
}

/// Of each letter that has a neighbour to the right or below, the side of the nearer one.
pub(super) fn nearest(letters: &[Blob], x_dpi: f32, y_dpi: f32) -> Vec<Nearest> {
    let columns = |blob: &Blob| (blob.left as f32 / x_dpi, blob.right as f32 / x_dpi);
    let rows = |blob: &Blob| (blob.top as f32 / y_dpi, blob.bottom as f32 / y_dpi);
    let right = gaps(letters, &|letter, blob| Place { letter, along: columns(blob), across: rows(blob) });
    let below = gaps(letters, &|letter, blob| Place { letter, along: rows(blob), across: columns(blob) });
    let side = |(right, below): (&f32, &f32)| match right.partial_cmp(below)? {
        std::cmp::Ordering::Less => Some(Nearest::Right),
        std::cmp::Ordering::Greater => Some(Nearest::Below),
        std::cmp::Ordering::Equal => None,
    };
    right.iter().zip(&below).filter_map(side).collect()
}

/// For each letter the gap to the next one in its way, in inches; infinite where there is none within reach.
fn gaps(letters: &[Blob], place: &dyn Fn(usize, &Blob) -> Place) -> Vec<f32> {
    let mut places: Vec<Place> = letters.iter().enumerate().map(|(letter, blob)| place(letter, blob)).collect();
    places.sort_unstable_by(|one, other| one.along.0.total_cmp(&other.along.0));
    let mut gaps = vec![f32::INFINITY; letters.len()];
    for (index, here) in places.iter().enumerate() {
        let mut within = places[index + 1..].iter().take_while(|next| next.along.0 <= here.along.1 + REACH_INCHES);
        // the halves of a letter that noise broke overlap: they are not neighbours
        let next = within.find(|next| next.along.0 >= here.along.1 && side_by_side(here, next));
        if let Some(next) = next {
            gaps[here.letter] = next.along.0 - here.along.1;
        }
    }
    gaps
}

/// Neighbours share at least half of the smaller one's side.
fn side_by_side(one: &Place, other: &Place) -> bool {
    let shared = one.across.1.min(other.across.1) - one.across.0.max(other.across.0);
    let smaller = (one.across.1 - one.across.0).min(other.across.1 - other.across.0);
    shared * 2.0 >= smaller
}
