//! In: text. Out: the codes of ICD-9-CM in it, which ended for US claims on 30 September 2015 (45 CFR 162.1002): named, never
//! converted, since one of them stands for several of ICD-10-CM.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::find::Search;
use super::list::CodeStatus;
use super::{CodeHit, CodeSystem};
use crate::model::CodeFault;
use crate::rules::Repair;

/// The fiscal year that began the day after the last of ICD-9-CM was 2016.
const LAST_FISCAL_YEAR: u16 = 2015;
/// Behind a number they make it a measure: a weight, a dose, a temperature.
const UNITS: [&str; 14] = ["lb", "lbs", "kg", "mg", "mcg", "ml", "cm", "mm", "in", "f", "c", "usd", "min", "miles"];

/// Codes still printed on old forms, with the ICD-10-CM codes to ask about.
fn table() -> &'static BTreeMap<&'static str, Vec<&'static str>> {
    static TABLE: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
        include_str!("../../../rules/codes/icd9cm.tsv")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.starts_with("code\t"))
            .filter_map(|line| {
                let mut columns = line.split('\t');
                let code = columns.next()?;
                Some((code, columns.nth(1).unwrap_or_default().split_whitespace().collect()))
            })
            .collect()
    });
    &TABLE
}

impl Search<'_> {
    /// The code that begins at atom `i`, and the atom behind it.
    pub(super) fn icd9(&self, i: usize) -> Option<(CodeHit, usize)> {
        let head = self.atom(i);
        // a code is a number, perhaps behind an E or a V
        if !head.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, 'E' | 'V')) {
            return None;
        }
        let start = self.atoms.get(i)?.span.start;
        let before = self.text.get(..start)?;
        if before.ends_with(['$', '.', '-', '/', '#']) {
            return None;
        }
        let tail = self.atom(i + 1);
        let dotted = self.gap(i) == "." && (1..=2).contains(&tail.len()) && is_number(tail);
        let taken = if dotted { 2 } else { 1 };
        // "7242", "E8120": the dot is left out
        let bare = (!dotted && self.labelled && self.gap(i) != ".").then(|| with_dot(head)).flatten();
        let cause = is_cause(head, dotted);
        if !dotted && bare.is_none() && !cause {
            return None;
        }
        let code = match &bare {
            Some(code) => code.clone(),
            None if dotted => format!("{head}.{tail}"),
            None => head.to_owned(),
        };
        let known = table().get(code.as_str());
        let shaped = match dotted {
            true => head.len() == 3 && is_number(head) || cause || known.is_some() && head.starts_with('V'),
            false => cause || bare.is_some() && known.is_some(),
        };
        // any three digits with a dot may be a price or a weight: others than the known ones need a diagnosis' place
        let placed = self.labelled && (cause || self.stands_for_a_diagnosis(before, i + taken));
        let enough = if bare.is_some() { placed } else { known.is_some() && (dotted || self.labelled) || placed };
        if !shaped || !enough {
            return None;
        }
        let span = start..self.atoms.get(i + taken - 1)?.span.end;
        let repairs = bare.map(|code| Repair::new(span.clone(), head, &code)).into_iter().collect();
        let directions: Vec<String> = known.into_iter().flatten().map(|code| (*code).to_owned()).collect();
        let hit = CodeHit {
            code,
            system: CodeSystem::Icd9,
            status: CodeStatus::Retired { last_billable_fy: LAST_FISCAL_YEAR, successors: directions.clone() },
            span,
            repairs,
            doubts: Vec::new(),
            fault: Some(CodeFault::Icd9),
            suggestions: directions,
        };
        Some((hit, i + taken))
    }

    /// Whether a number stands where a code does: at the beginning of a line or of an entry, or behind the words of a diagnosis.
    fn stands_for_a_diagnosis(&self, before: &str, next: usize) -> bool {
        let gap = self.gap(next - 1);
        let unit = gap.trim().is_empty() && UNITS.contains(&self.atom(next).to_ascii_lowercase().as_str());
        if unit || gap.starts_with(['%', '-', '/']) || gap == "." {
            return false;
        }
        let line = before.rsplit('\n').next().unwrap_or_default();
        let entry = line.rsplit([',', ';', ':', '/', '&', '+', '(']).next().unwrap_or_default().trim();
        let is_mark = |entry: &str| entry.len() <= 3 && entry.ends_with(['.', ')']);
        entry.is_empty() || is_mark(entry) || self.list.speaks_of_one(entry)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// "7242" and "72885" with the dot behind the third digit, "E8120" behind the fourth character.
fn with_dot(head: &str) -> Option<String> {
    let (category, rest) = match head.strip_prefix('E') {
        Some(digits) => (head.get(..4)?, digits.get(3..)?),
        None => (head.get(..3)?, head.get(3..)?),
    };
    let digits = head.strip_prefix('E').unwrap_or(head);
    (is_number(digits) && (1..=2).contains(&rest.len())).then(|| format!("{category}.{rest}"))
}

/// "E812": a cause of injury, traffic or other. ICD-10-CM has no category E81 or E82, none from E90 on, and no dot behind a fourth
/// character.
fn is_cause(head: &str, dotted: bool) -> bool {
    let number = head.strip_prefix('E').filter(|number| number.len() == 3 && is_number(number));
    number.is_some_and(|number| {
        number.starts_with("81")
            || number.starts_with("82")
            || number.starts_with('9')
            || dotted && number.starts_with('8')
    })
}
