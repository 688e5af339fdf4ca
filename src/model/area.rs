//! A rectangle on an upright page.

use serde::{Deserialize, Serialize};

/// Left, top, right, bottom in pixels of the upright page; right and bottom are just outside. Serialises as `[l, t, r, b]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[u32; 4]", into = "[u32; 4]")]
pub struct Area {
    /// Leftmost column.
    pub left: u32,
    /// Topmost row.
    pub top: u32,
    /// One past the rightmost column.
    pub right: u32,
    /// One past the lowest row.
    pub bottom: u32,
}

impl Area {
    /// An area from its edges; edges given in the wrong order are swapped.
    pub fn new(left: u32, top: u32, right: u32, bottom: u32) -> Self {
        Self { left: left.min(right), top: top.min(bottom), right: left.max(right), bottom: top.max(bottom) }
    }

    /// Columns, in pixels.
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    /// Rows, in pixels.
    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// Middle column.
    pub fn center_x(&self) -> u32 {
        self.left.midpoint(self.right)
    }

    /// Middle row.
    pub fn center_y(&self) -> u32 {
        self.top.midpoint(self.bottom)
    }

    /// The smallest area that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// How many columns both cover.
    pub fn overlap_x(&self, other: &Self) -> u32 {
        self.right.min(other.right).saturating_sub(self.left.max(other.left))
    }

    /// How many rows both cover.
    pub fn overlap_y(&self, other: &Self) -> u32 {
        self.bottom.min(other.bottom).saturating_sub(self.top.max(other.top))
    }
}

impl From<[u32; 4]> for Area {
    fn from([left, top, right, bottom]: [u32; 4]) -> Self {
        Self::new(left, top, right, bottom)
    }
}

impl From<Area> for [u32; 4] {
    fn from(area: Area) -> Self {
        [area.left, area.top, area.right, area.bottom]
    }
}
