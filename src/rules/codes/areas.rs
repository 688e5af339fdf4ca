//! In: text. Out: the body areas it names, with their side.

use std::ops::Range;
use std::sync::LazyLock;

use super::phrase::{Phrases, Word, words};

/// Left, right or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
    /// Both.
    Both,
}

/// A body area in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaHit {
    /// Our plain word for it ("neck", "lower back").
    pub area: &'static str,
    /// The side that stands before or behind it.
    pub side: Option<Side>,
    /// Where it stands.
    pub span: Range<usize>,
    /// It is left out: "avoid low back", "full body except neck".
    pub barred: bool,
}

/// A word that leaves an area out stands at most so many words before it.
const BARRED_WORDS: usize = 4;

/// All body areas of `text`, from left to right.
pub fn body_areas(text: &str) -> Vec<AreaHit> {
    let words = words(text);
    let mut hits = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let Some((area, taken)) = AREAS.at(&words, i) else {
            i += 1;
            continue;
        };
        if let (Some(first), Some(last)) = (words.get(i), words.get(i + taken - 1)) {
            let before = i.checked_sub(1).and_then(|before| words.get(before)).filter(|_| !first.new_clause);
            let behind = words.get(i + taken).filter(|word| !word.new_clause && bracketed(text, last, word));
            // "neck, R shoulder": the side is that of the shoulder
            let behind = behind.filter(|_| AREAS.at(&words, i + taken + 1).is_none());
            let side = before.and_then(side).or_else(|| behind.and_then(side));
            hits.push(AreaHit { area, side, span: first.span.start..last.span.end, barred: is_barred(&words, i) });
        }
        i += taken;
    }
    hits
}

/// "avoid low back", "no pressure on the hip", "except neck"; "avoid deep pressure, treat neck" leaves nothing out.
fn is_barred(words: &[Word], at: usize) -> bool {
    let clause = (0..=at).rev().take_while(|i| *i == at || words.get(i + 1).is_some_and(|next| !next.new_clause));
    let before = clause.skip(1).take(BARRED_WORDS).filter_map(|i| words.get(i)).map(|word| word.lower.as_str());
    let mut before =
        before.take_while(|word| !matches!(*word, "treat" | "focus" | "massage" | "work" | "only" | "but" | "then"));
    before.any(|word| matches!(word, "avoid" | "except" | "excluding" | "not" | "no" | "without" | "omit"))
}

/// "shoulder (L)", "shoulder, left".
fn bracketed(text: &str, area: &Word, next: &Word) -> bool {
    text.get(area.span.end..next.span.start).is_some_and(|gap| gap.contains(['(', ',', '-']) || next.lower.len() == 1)
}

fn side(word: &Word) -> Option<Side> {
    match word.lower.as_str() {
        "left" | "lt" | "l" => Some(Side::Left),
        "right" | "rt" | "r" => Some(Side::Right),
        "bilateral" | "bilat" | "both" | "b" => Some(Side::Both),
        _ => None,
    }
}

static AREAS: LazyLock<Phrases<&'static str>> = LazyLock::new(|| {
    Phrases::of(&[
        (
            "neck|cervical|cervical spine|c spine|cervical paraspinals|cervical paraspinal muscles|scalenes|SCM|suboccipitals|suboccipital|levator scapulae",
            "neck",
        ),
        (
            "upper back|mid back|thoracic|thoracic spine|t spine|thoracic paraspinals|rhomboids|trapezius|traps|upper trapezius|upper traps|interscapular|periscapular",
            "upper back",
        ),
        (
            "lower back|low back|lumbar|lumbar spine|l spine|lumbosacral|lumbar paraspinals|quadratus lumborum|QL|SI joint|sacroiliac|sacrum",
            "lower back",
        ),
        ("back|full back|paraspinals|paraspinal muscles|spine", "back"),
        ("shoulder|shoulders|rotator cuff|deltoid|shoulder girdle|scapula", "shoulder"),
        ("arm|arms|upper arm|biceps|triceps|upper extremity|upper extremities", "arm"),
        ("elbow|elbows", "elbow"),
        ("forearm|forearms", "forearm"),
        ("wrist|wrists", "wrist"),
        ("hand|hands|fingers|thumb", "hand"),
        ("head|scalp|temples|cranium", "head"),
        ("jaw|TMJ|masseter|temporomandibular joint", "jaw"),
        ("chest|pectorals|pecs|ribs|rib cage|intercostals", "chest"),
        ("abdomen|abdominal|abdominals", "abdomen"),
        ("hip|hips|gluteals|glutes|gluteal|piriformis|buttock|buttocks|IT band", "hip"),
        ("pelvis|pelvic|groin|adductors", "pelvis"),
        ("thigh|thighs|quadriceps|quads|hamstrings|hamstring", "thigh"),
        ("knee|knees", "knee"),
        ("leg|legs|lower extremity|lower extremities|lower leg|calf|calves|gastrocnemius", "leg"),
        ("ankle|ankles|achilles", "ankle"),
        ("foot|feet|plantar fascia|heel", "foot"),
        ("full body|whole body", "whole body"),
    ])
});
