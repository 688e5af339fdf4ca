//! The engine's confidence becomes a share of right words: of the words that say 0.9 about nine in ten are right.
//!
//! Measured on 88 made papers of known text (letters, forms, charts; scanned, faxed fine, standard and bad, photographed), 7,700
//! words, punctuation at their ends aside:
//!
//! | engine says | 0.00 | 0.20 | 0.40 | 0.50 | 0.60 | 0.70 | 0.80 | 0.85 | 0.90 | 0.95 |
//! |-------------|------|------|------|------|------|------|------|------|------|------|
//! | to          | 0.20 | 0.40 | 0.50 | 0.60 | 0.70 | 0.80 | 0.85 | 0.90 | 0.95 | 1.00 |
//! | words       | 79   | 98   | 69   | 80   | 95   | 147  | 134  | 257  | 1117 | 5548 |
//! | right       | 0.23 | 0.29 | 0.41 | 0.43 | 0.56 | 0.63 | 0.75 | 0.83 | 0.95 | 0.996 |
//!
//! Held against 15,229 words of 24 other layouts over all channels, after the second look: 0.50 to 0.60 0.49 right, to 0.70 0.62, to
//! 0.80 0.76, 0.90 to 0.95 0.88, above 0.98 (signatures that were read as words count as wrong there).

use crate::model::Line;

/// What the engine says, and the share of such words that are right; between two rows the straight line.
const RIGHT_SHARE: [(f32, f32); 9] = [
    (0.0, 0.15),
    (0.30, 0.30),
    (0.55, 0.43),
    (0.65, 0.55),
    (0.75, 0.64),
    (0.825, 0.75),
    (0.875, 0.83),
    (0.925, 0.953),
    (1.0, 0.999),
];

/// Puts the share of right words in the place of the engine's own confidence.
pub(in crate::ocr) fn calibrate(lines: &mut [Line]) {
    for word in lines.iter_mut().flat_map(|line| &mut line.words) {
        word.confidence = right_share(word.confidence);
        for other in &mut word.also {
            other.confidence = right_share(other.confidence);
        }
    }
}

fn right_share(said: f32) -> f32 {
    let said = said.clamp(0.0, 1.0);
    let above = RIGHT_SHARE.iter().position(|(row, _)| said <= *row).unwrap_or(RIGHT_SHARE.len() - 1).max(1);
    let ((low, low_share), (high, high_share)) = (RIGHT_SHARE[above - 1], RIGHT_SHARE[above]);
    low_share + (said - low) / (high - low) * (high_share - low_share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surer_word_stays_surer() {
        let shares: Vec<f32> = (0..=100).map(|said| right_share(said as f32 / 100.0)).collect();
        assert!(shares.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        assert!((right_share(0.925) - 0.953).abs() < 1e-6);
    }
}
