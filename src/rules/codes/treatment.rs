//! In: text. Out: what treatment its words ask for, and what they forbid.

use std::ops::Range;
use std::sync::LazyLock;

use super::phrase::{Phrases, Word, words};

/// What a treatment word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreatmentFamily {
    /// 97124.
    Massage,
    /// 97140.
    ManualTherapy,
    /// Something beside it: heat, exercise, ultrasound.
    Adjunct,
    /// "Evaluate and treat": the therapist chooses.
    Delegation,
    /// A limit or a precaution: "gentle only", "blood thinner", "contraindicated".
    Precaution,
}

/// A treatment word in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatmentHit {
    /// What it asks for.
    pub family: TreatmentFamily,
    /// Where it stands.
    pub span: Range<usize>,
    /// A "no", "avoid", "hold" or "discontinue" stands before it, or "contraindicated" behind it: it is not ordered.
    pub negated: bool,
}

/// All treatment words of `text`, from left to right.
pub fn treatment_words(text: &str) -> Vec<TreatmentHit> {
    let words = words(text);
    let mut hits = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let Some((family, taken)) = PHRASES.at(&words, i) else {
            i += 1;
            continue;
        };
        if let (Some(first), Some(last)) = (words.get(i), words.get(i + taken - 1)) {
            let negated = is_negated(&words, i, i + taken);
            hits.push(TreatmentHit { family, span: first.span.start..last.span.end, negated });
        }
        i += taken;
    }
    hits
}

/// A "no" within four words before it in the same clause, or "contraindicated" within three behind.
fn is_negated(words: &[Word], start: usize, end: usize) -> bool {
    let clause =
        (start.saturating_sub(5)..start).rev().take_while(|i| words.get(i + 1).is_some_and(|next| !next.new_clause));
    let mut before: Vec<&str> = clause.filter_map(|i| words.get(i)).map(|word| word.lower.as_str()).collect();
    before.truncate(4);
    let turned = before.iter().position(|word| matches!(*word, "but" | "only" | "then" | "instead"));
    let seen = before.get(..turned.unwrap_or(before.len())).unwrap_or_default();
    // the nearest word stands first
    let pairs = seen.windows(2).any(|pair| matches!(pair, ["with" | "of", "hold" | "discontinuation"] | ["c", "d"]));
    let no = seen.iter().any(|word| {
        matches!(
            *word,
            "no" | "not"
                | "avoid"
                | "without"
                | "hold"
                | "discontinue"
                | "stop"
                | "never"
                | "declined"
                | "refused"
                | "failed"
                | "contraindicated"
                | "except"
        )
    });
    // "no massage" but not "no contraindications to massage", "not only"
    let double = seen
        .iter()
        .any(|word| word.starts_with("contraindication") || word.starts_with("restriction") || *word == "limit");
    let behind: Vec<&Word> =
        words.get(end..).unwrap_or_default().iter().take(4).take_while(|word| !word.new_clause).collect();
    let forbidden = behind.iter().any(|word| matches!(word.lower.as_str(), "contraindicated" | "prohibited")) && !behind.iter().any(|word| matches!(word.lower.as_str(), "not"))
        || behind.windows(2).any(|pair| matches!(pair, [a, b] if a.lower == "not" && matches!(b.lower.as_str(), "indicated" | "recommended" | "appropriate" | "advised")));
    (no && !double) || pairs || forbidden
}

static PHRASES: LazyLock<Phrases<TreatmentFamily>> = LazyLock::new(|| {
    use TreatmentFamily::{Adjunct, Delegation, ManualTherapy, Massage, Precaution};
    Phrases::of(&[
        (
            "massage therapy|therapeutic massage therapy|medical massage therapy|therapeutic massage|medical massage|clinical massage|massage|deep tissue massage|deep tissue work|swedish massage|sports massage|deep tissue|effleurage|petrissage|tapotement|relaxation massage|orthopedic massage|massage treatment|massage therapist|LMT|neck massage|swedish",
            Massage,
        ),
        (
            "manual therapy|manual therapies|manual therapy techniques|manual techniques|myofascial release|MFR|myofascial work|trigger point therapy|trigger point release|trigger point massage|trigger point work|TrP|TrPs|TrP release|neuromuscular therapy|NMT|soft tissue mobilization|soft tissue mobilisation|soft tissue work|soft tissue release|soft tissue therapy|STM|IASTM|graston|instrument assisted soft tissue mobilization|manual traction|joint mobilization|joint mobilisation|manual lymphatic drainage|manual lymph drainage|lymphatic drainage|lymph drainage|MLD|craniosacral therapy|craniosacral|cranio sacral|strain counterstrain|counterstrain|active release technique|active release|muscle energy techniques|muscle energy|cross fiber friction|myofascial therapy",
            ManualTherapy,
        ),
        (
            "hot packs|cold packs|hot pack|cold pack|hot cold packs|heat packs|moist heat|ice pack|cupping|kinesio tape|kinesio taping|kinesiology tape|ultrasound|e stim|estim|electrical stimulation|TENS|IFC|interferential|mechanical traction|paraffin|cold laser|laser therapy|therapeutic exercise|therapeutic exercises|stretching|AROM|PROM|range of motion|home exercise program|HEP|postural education|neuromuscular re education|neuromuscular reeducation|gait training|aquatic therapy|physical therapy|occupational therapy|chiropractic|acupuncture|dry needling",
            Adjunct,
        ),
        (
            "evaluate and treat|evaluation and treatment|eval and treat|eval and tx|eval treat|eval tx|evaluate treat|evaluate treatment|eval and treatment|eval treatment|treat as clinically indicated|assess and treat|E T|per therapist|per treating therapist|per LMT|therapist discretion|therapist's discretion|at the discretion of the therapist|as clinically indicated|treat as indicated|treat as needed|per protocol",
            Delegation,
        ),
        (
            "gentle only|light pressure|light touch only|gentle pressure|contraindicated|contraindication|anticoagulant|anticoagulated|blood thinner|warfarin|coumadin|eliquis|xarelto|DVT|deep vein thrombosis|pregnant|pregnancy|osteoporosis|fracture precautions|non weight bearing|NWB|WBAT|spinal precautions|cancer|no deep pressure|avoid deep pressure|precautions",
            Precaution,
        ),
    ])
});
