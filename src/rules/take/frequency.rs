//! How often and how long: slots joined, ticked rows of numbers, or a sentence.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Area, Field, FrequencyStatus, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::label::{Label, Meaning};
use crate::rules::sheet::{Slot, fold};
use crate::rules::take::matter;
use crate::rules::take::orders_table::OrdersTable;
use crate::rules::ticks::{SURE, Tick};
use crate::rules::{Schedule, find_schedules, read_schedule, schedule_from_parts};

/// This many boxes at a label are a choice.
const CHOICES_MIN: usize = 2;
/// Of two ticks the one that is surer than this counts where the other is not: specks in a box look like a poor tick.
const TICK_SURE: f32 = 0.8;
/// Behind a label without a colon the frequency begins within so many bytes.
const PLAIN_LEAD_MAX: usize = 3;
/// The last column of boxes is at most so many word heights wider than its caption.
const COLUMN_WIDTH: u32 = 6;
/// A box stands at most so many word heights behind its label.
const BOX_GAP: f32 = 3.0;
/// What a number counts; alone it is the end of a value.
const UNITS: [&str; 8] = ["week", "weeks", "wk", "wks", "month", "months", "visits", "sessions"];
const RULE: &str = "rules/50-frequency.toml";

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let labels: Vec<Label> = page.labels_of(Field::Frequency).cloned().collect();
    let mut found = Vec::new();
    found.extend(ticked(page, &labels));
    if !found.iter().any(says_how_often) {
        found.extend(in_table(page, &labels).or_else(|| labelled(page, &labels)));
    }
    if !found.iter().any(says_how_often) {
        found.extend(behind_plain_label(page));
    }
    if !found.iter().any(says_how_often) {
        found.extend(left_to_the_therapist(page));
    }
    // the length of a visit goes with what says how often
    let (mut found, of_visit): (Vec<_>, Vec<_>) = found.into_iter().partition(says_how_often);
    if let Some(other) = another(page, &found) {
        found.iter_mut().for_each(|candidate| candidate.doubts.push(other.clone()));
    }
    let left_empty = labels.iter().any(|label| is_left_empty(page, label));
    if found.is_empty() && !left_empty {
        // a sentence; what stands in another field's slot is not ours
        for schedule in find_schedules(&without_codes(&matter::running_text(page)), &page.book.own.sayings) {
            let evidence = page.text.evidence(&schedule.span, RULE);
            found.push(candidate(schedule, evidence, 0.95, RULE, Vec::new()));
        }
    }
    match of_visit.into_iter().next() {
        Some(of_visit) if found.is_empty() => found.push(of_visit),
        Some(of_visit) => found.iter_mut().for_each(|candidate| add_minutes(candidate, &of_visit)),
        None => {}
    }
    found
}

/// A rate, a number of visits, a length of time, or who decides: more than how long a visit is.
fn says_how_often(candidate: &Candidate) -> bool {
    let Value::Frequency(frequency) = &candidate.value else { return false };
    !frequency.phases.is_empty()
        || frequency.visits.is_some()
        || frequency.visits_max.is_some()
        || frequency.window.is_some()
        || frequency.as_needed
        || frequency.delegated
        || !matches!(frequency.status, FrequencyStatus::Incomplete)
}

fn add_minutes(candidate: &mut Candidate, of_visit: &Candidate) {
    let (Value::Frequency(frequency), Value::Frequency(minutes)) = (&mut candidate.value, &of_visit.value) else {
        return;
    };
    if frequency.session_minutes.is_none() {
        frequency.session_minutes = minutes.session_minutes;
        frequency.session_minutes_max = minutes.session_minutes_max;
        candidate.evidence.extend(of_visit.evidence.iter().cloned());
    }
}

/// A second frequency elsewhere on the page, in a line that orders the treatment: nobody knows which is meant.
fn another(page: &Context, found: &[Candidate]) -> Option<String> {
    let taken = found.first().filter(|candidate| is_settled(&candidate.value))?;
    let is_taken = |area: &Area| {
        taken.evidence.iter().any(|evidence| evidence.area.overlap_y(area) > 0 && evidence.area.overlap_x(area) > 0)
    };
    let text = &page.text.text;
    let words = &page.book.rules.second_frequency;
    let (orders, past) = (page.found.any(&words.orders), page.found.any(&words.past));
    let mut from = 0;
    for line in text.split_inclusive('\n') {
        let span = from..from + line.len();
        from = span.end;
        let stands_in = |places: &[std::ops::Range<usize>]| places.iter().any(|place| span.contains(&place.start));
        let orders = stands_in(&orders) && !stands_in(&past);
        let own = page.text.words.iter().filter(|word| span.start <= word.range.start && word.range.end <= span.end);
        if !orders || own.clone().any(|word| is_taken(&word.area)) || own.count() == 0 {
            continue;
        }
        let other = find_schedules(&without_codes(line), &page.book.own.sayings)
            .into_iter()
            .map(|schedule| Value::Frequency(schedule.frequency));
        if let Some(other) = other.into_iter().find(|other| is_settled(other) && !same(other, &taken.value)) {
            let Value::Frequency(frequency) = other else { continue };
            return Some(format!("another frequency stands on the page: {}", frequency.text.reveal()));
        }
    }
    None
}

/// A rate with its duration or number of visits.
fn is_settled(value: &Value) -> bool {
    let Value::Frequency(frequency) = value else { return false };
    !frequency.phases.is_empty()
        && (frequency.visits.is_some() || frequency.phases.iter().all(|phase| phase.bounds.is_some()))
}

/// "TREATMENT FREQUENCY 1 to 2 visits per week": a row that begins with a label, without a colon.
fn behind_plain_label(page: &Context) -> Option<Candidate> {
    let at_left = page.plain_labels(Field::Frequency, f32::INFINITY);
    at_left.into_iter().find_map(|(row, behind, rule)| {
        let slot = page.sheet.slot((behind..page.sheet.rows[row].words.len()).map(|word| (row, word)));
        let schedule = read_schedule(&slot.text, &page.book.own.sayings)?;
        let begins = schedule.span.start <= PLAIN_LEAD_MAX;
        // "[ ] Frequency and duration at therapist's discretion" is a choice
        let settled = !schedule.frequency.phases.is_empty()
            || schedule.frequency.visits.is_some()
            || schedule.frequency.delegated && !page.is_choice(&slot);
        let evidence = slot.evidence(&schedule.span, rule);
        (begins && settled).then(|| candidate(schedule, evidence, 0.97, rule, Vec::new()))
    })
}

/// The text with blanks in the place of what has the shape of a diagnosis code: "S33.5XXD" and "S335XXD" hold no "5x".
fn without_codes(text: &str) -> String {
    static CODE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:[A-Za-z][0-9A-Za-z]{2}[.,][0-9A-Za-z]{1,4}|[A-Z][0-9]{2}[0-9A-Z]{1,4})\b")
            .expect("a fixed pattern")
    });
    let bytes = text.as_bytes();
    let mut codes = Vec::new();
    let mut from = 0;
    // only what holds a digit may be one
    while let Some(digit) = bytes[from..].iter().position(u8::is_ascii_digit).map(|step| from + step) {
        let blank = bytes[from..digit].iter().rposition(u8::is_ascii_whitespace);
        let start = blank.map_or(from, |blank| from + blank + 1);
        let blank = bytes[digit..].iter().position(u8::is_ascii_whitespace);
        let end = blank.map_or(bytes.len(), |blank| digit + blank);
        if let Some(word) = text.get(start..end).filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic())) {
            let found = CODE.find_iter(word).filter(|code| code.as_str().bytes().any(|byte| byte.is_ascii_digit()));
            codes.extend(found.map(|code| start + code.start()..start + code.end()));
        }
        from = end;
    }
    matter::blanked(text, &codes)
}

/// The frequency slots of the page. A second row belongs to a slot where the frequency goes on in it; else it is another
/// matter, of which nothing has to be understood.
fn labelled(page: &Context, labels: &[Label]) -> Option<Candidate> {
    let (first, both) = (Slots::of(page, labels, 1), Slots::of(page, labels, 2));
    let one = first.read(page);
    if first.text == both.text {
        return one;
    }
    let Some(two) = both.read(page) else { return one };
    match one {
        // over a caption stands its value, and over that another's
        Some(one) if page.captions_below && !says_more(&two, &one) || same_frequency(&one, &two) => Some(one),
        _ => Some(two),
    }
}

/// A whole frequency with more phases than the other one, which has one or none.
fn says_more(a: &Candidate, b: &Candidate) -> bool {
    let phases = |candidate: &Candidate| match &candidate.value {
        Value::Frequency(frequency) => frequency.phases.len(),
        _ => 0,
    };
    is_settled(&a.value) && a.doubts.is_empty() && phases(a) > phases(b).max(1)
}

/// "Order | Dx | Frequency | Duration" over a row for each order: the cells of the row that orders our treatment.
fn in_table(page: &Context, labels: &[Label]) -> Option<Candidate> {
    let table = OrdersTable::of(page)?;
    let cells = labels.iter().filter_map(|label| Some((asked(page, label, ""), table.cell(page, label)?, label)));
    let cells: Vec<(String, Slot, &Label)> = cells.collect();
    let text: Vec<String> = cells.iter().map(|(asked, slot, _)| format!("{asked}: {}", one_line(&slot.text))).collect();
    let schedule = read_schedule(&text.join("\n"), &page.book.own.sayings)?;
    let evidence = cells.iter().flat_map(|(_, slot, label)| slot.evidence(&(0..slot.text.len()), &label.rule));
    let evidence = evidence.collect();
    let rule = cells.first()?.2.rule.clone();
    let candidate = candidate(schedule, evidence, 1.0, &rule, Vec::new());
    is_settled(&candidate.value).then_some(candidate)
}

fn same_frequency(a: &Candidate, b: &Candidate) -> bool {
    same(&a.value, &b.value)
}

fn same(a: &Value, b: &Value) -> bool {
    let (Value::Frequency(a), Value::Frequency(b)) = (a, b) else { return false };
    (&a.phases, a.visits, a.visits_max, a.as_needed, a.status)
        == (&b.phases, b.visits, b.visits_max, b.as_needed, b.status)
}

/// All frequency slots with their labels, as one text: a form may ask for rate, duration and visits apart.
struct Slots<'a> {
    text: String,
    /// Each with the byte at which it begins in the text, and its rule.
    slots: Vec<(usize, Slot, &'a str)>,
}

impl<'a> Slots<'a> {
    fn of(page: &Context, labels: &'a [Label], rows_max: usize) -> Self {
        let mut text = String::new();
        let mut slots = Vec::new();
        for label in labels.iter().filter(|label| !is_left_empty(page, label)) {
            let like = |rows: usize| page.slots(label, rows).into_iter().map(|(_, slot)| slot).find(is_schedule_like);
            let Some(slot) = like(rows_max) else { continue };
            // "3 weeks, then 1 visit per week for 6", and under it "weeks": over a caption stands the end of its value
            let is_end = page.captions_below && UNITS.contains(&fold(&slot.text).as_str());
            let slot = if is_end { like(rows_max + 1).unwrap_or(slot) } else { slot };
            let Some(own) = matter::of_slot(page, &slot.text) else {
                continue;
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&asked(page, label, &own));
            text.push_str(": ");
            let begin = text.len();
            text.push_str(&one_line(&own));
            slots.push((begin, slot, label.rule.as_str()));
        }
        Self { text, slots }
    }

    fn read(&self, page: &Context) -> Option<Candidate> {
        let Self { text, slots } = self;
        let mut schedule = read_schedule(text, &page.book.own.sayings)?;
        let rule = slots.first()?.2.to_owned();
        // one alone contradicts nothing
        let whole = slots
            .iter()
            .filter(|_| slots.len() > 1)
            .filter_map(|(_, slot, _)| read_schedule(&slot.text, &page.book.own.sayings))
            .map(|schedule| Value::Frequency(schedule.frequency));
        let whole: Vec<Value> = whole.filter(is_settled).collect();
        if whole.windows(2).any(|pair| !same(&pair[0], &pair[1])) {
            schedule.doubts.push("two frequencies stand on the page".to_owned());
        }
        let unused = slots.iter().any(|(begin, slot, _)| {
            let taken = schedule.used.iter().any(|used| used.start < begin + slot.text.len() && *begin < used.end);
            !taken && slot.text.contains(|letter: char| letter.is_ascii_digit())
        });
        if unused {
            schedule.doubts.push("a number in one of the fields took no part".to_owned());
        }
        // only the words that took part speak for it
        let evidence = slots.iter().flat_map(|(begin, slot, rule)| {
            let inside = schedule.used.iter().filter(|used| used.start < begin + slot.text.len() && *begin < used.end);
            let spans: Vec<_> =
                inside.map(|used| used.start.saturating_sub(*begin)..(used.end - begin).min(slot.text.len())).collect();
            let start = spans.iter().map(|span| span.start).min();
            let end = spans.iter().map(|span| span.end).max();
            let span = start.unwrap_or(0)..end.unwrap_or(slot.text.len());
            let sure = spans.iter().map(|span| slot.confidence(span)).fold(1.0, f32::min);
            slot.evidence(&span, rule)
                .into_iter()
                .map(move |evidence| crate::model::Evidence { confidence: sure, ..evidence })
        });
        let evidence = evidence.collect();
        Some(candidate(schedule, evidence, 1.0, &rule, Vec::new()))
    }
}

/// "no more than 2" and in the next line "visits per week": what a number counts belongs to it.
fn one_line(text: &str) -> String {
    static BROKEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?P<number>\d)\n(?P<word>[a-z])").expect("a fixed pattern"));
    BROKEN.replace_all(text, "$number $word").into_owned()
}

/// A slot with a digit, a number word or a word of frequency in it; debris of a blank line has none.
fn is_schedule_like(slot: &Slot) -> bool {
    slot.text.chars().filter(char::is_ascii_alphanumeric).count() >= 1
}

/// "Times per week: ☐1 ☒2 ☐3", "Number of weeks: ☐4 ☒6": the row under or behind a frequency label. One row may ask two things
/// ("☐1x ☒2x For: ☐4 weeks ☒6 weeks").
fn ticked(page: &Context, labels: &[Label]) -> Option<Candidate> {
    let mut parts = Vec::new();
    let mut evidence = Vec::new();
    let mut doubts = Vec::new();
    for label in labels {
        let of_label = boxes_of(page, label);
        let shared = shared_unit(&of_label);
        let asks = |tick: &Tick| asks(&choice(tick, shared.as_deref()));
        let own = asked(page, label, "");
        for (asked, caption) in
            [(Asked::AsLabelled, own.as_str()), (Asked::Duration, "Duration"), (Asked::Visits, "Visits")]
        {
            let on: Vec<&&Tick> = of_label.iter().filter(|tick| tick.ticked && asks(tick) == asked).collect();
            let sure: Vec<&&&Tick> = on.iter().filter(|tick| tick.confidence >= TICK_SURE).collect();
            let only = match (on.as_slice(), sure.as_slice()) {
                ([], _) => continue,
                ([only], _) => only,
                (_, [only]) => only,
                _ => {
                    doubts.push("more than one box is ticked".to_owned());
                    continue;
                }
            };
            // "every other week", "monthly"
            let in_words = || {
                read_schedule(&only.words.text, &page.book.own.sayings)
                    .is_some_and(|it| !it.frequency.phases.is_empty())
            };
            if !only.words.text.chars().any(|letter| letter.is_ascii_digit()) && !in_words() {
                doubts.push("the number beside a ticked box could not be read".to_owned());
                continue;
            }
            parts.push(format!("{caption}: {}", choice(only, shared.as_deref())));
            evidence.extend(only.words.evidence(&(0..only.words.text.len()), &label.rule));
        }
        let any_on = of_label.iter().any(|tick| tick.ticked);
        if any_on && of_label.iter().any(|tick| tick.confidence < SURE) {
            doubts.push("a tick could hardly be told".to_owned());
        }
    }
    if !parts.is_empty()
        && !parts.iter().any(|part| part.starts_with("Duration"))
        && let Some(only) = length_without_label(page, labels)
    {
        parts.push(format!("Duration: {}", only.words.text));
        evidence.extend(only.words.evidence(&(0..only.words.text.len()), RULE));
    }
    if parts.is_empty() {
        return None;
    }
    let schedule = read_schedule(&parts.join("\n"), &page.book.own.sayings).or_else(|| {
        schedule_from_parts(
            parts.first().map(String::as_str),
            parts.get(1).map(String::as_str),
            None,
            None,
            &page.book.own.sayings,
        )
    })?;
    Some(candidate(schedule, evidence, 0.98, RULE, doubts))
}

/// "☐4 weeks ☒6 weeks" under a heading that is no label ("For"): the only one ticked of a row of lengths that no label asks for.
fn length_without_label<'a>(page: &'a Context, labels: &[Label]) -> Option<&'a Tick> {
    let asked: Vec<Area> = labels.iter().flat_map(|label| boxes_of(page, label)).map(|tick| tick.area).collect();
    let rows: BTreeSet<usize> = page.ticks.iter().map(|tick| tick.row).collect();
    let mut ticked = rows.into_iter().filter_map(|row| {
        let ticks: Vec<&Tick> = page.ticks.iter().filter(|tick| tick.row == row).collect();
        let is_free = |tick: &&Tick| asks(&choice(tick, None)) == Asked::Duration && !asked.contains(&tick.area);
        let mut on = ticks.iter().filter(|tick| tick.ticked && tick.confidence >= SURE);
        match (ticks.len() >= CHOICES_MIN && ticks.iter().all(is_free), on.next(), on.next()) {
            (true, Some(only), None) => Some(*only),
            _ => None,
        }
    });
    ticked.next().filter(|_| ticked.next().is_none())
}

/// "[X] Frequency and duration at therapist's discretion": a ticked choice that says who decides.
fn left_to_the_therapist(page: &Context) -> Option<Candidate> {
    let ticked = page.ticks.iter().filter(|tick| tick.ticked && tick.confidence >= SURE);
    ticked.into_iter().find_map(|tick| {
        let schedule = read_schedule(&tick.words.text, &page.book.own.sayings)?;
        let evidence = tick.words.evidence(&(0..tick.words.text.len()), RULE);
        schedule.frequency.delegated.then(|| candidate(schedule, evidence, 0.98, RULE, Vec::new()))
    })
}

/// The label as the grammar knows it, with the remark in brackets behind it that says what a number counts ("Duration (weeks)"), where
/// the value does not say it itself.
fn asked(page: &Context, label: &Label, value: &str) -> String {
    let own = page.sheet.rows[label.row].words.get(label.words.clone()).unwrap_or_default();
    let remark = own.iter().map(|token| token.text.as_str()).skip_while(|text| !text.starts_with('('));
    let remark = remark.collect::<Vec<_>>().join(" ");
    let says = |text: &str, words: &[&str]| {
        text.to_lowercase().split(|letter: char| !letter.is_alphabetic()).any(|word| words.contains(&word))
    };
    let (of_weeks, of_months) = (["week", "weeks", "weekly", "wk", "wks"], ["month", "months", "monthly", "mo", "mos"]);
    let is_bare = !says(value, &of_weeks) && !says(value, &of_months);
    let (weeks, months) = (is_bare && says(&remark, &of_weeks), is_bare && says(&remark, &of_months));
    let plain = plain(&label.phrase);
    let lower = plain.to_lowercase();
    let is_rate = lower.contains("freq") && !lower.contains("dur");
    let is_length = !lower.contains("freq") && (lower.contains("duration") || lower.contains("length of t"));
    match plain {
        _ if is_rate && weeks => "Times per week",
        _ if is_rate && months => "Times per month",
        _ if is_length && weeks => "Number of weeks",
        _ if is_length && months => "Number of months",
        plain => plain,
    }
    .to_owned()
}

/// A label's words as the grammar knows them: "Times weekly" asks for times per week.
fn plain(phrase: &str) -> &str {
    let lower = phrase.to_lowercase();
    let has = |words: &[&str]| lower.split(|letter: char| !letter.is_alphabetic()).any(|word| words.contains(&word));
    let counted = has(&["x", "times", "visits", "sessions", "treatments", "appointments"]);
    if counted && (has(&["weekly"]) || has(&["week", "wk"]) && has(&["per", "a", "each"])) {
        "Times per week"
    } else if counted && has(&["month"]) && has(&["per", "a", "each"]) {
        "Times per month"
    } else if has(&["weeks", "wks"]) && (has(&["many", "number", "of", "no"]) || lower.starts_with('#')) {
        "Number of weeks"
    } else if lower.starts_with("how often") {
        "Frequency"
    } else if lower.starts_with("how long") || lower.starts_with("for how long") {
        "Duration"
    } else {
        phrase
    }
}

/// What a choice of a row says of.
#[derive(PartialEq, Eq)]
enum Asked {
    AsLabelled,
    Duration,
    Visits,
}

fn asks(choice: &str) -> Asked {
    let lower = choice.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    match (words.next(), words.next()) {
        (Some("week" | "weeks" | "wk" | "wks" | "month" | "months" | "mo" | "mos" | "day" | "days"), None) => {
            Asked::Duration
        }
        (Some("visit" | "visits" | "session" | "sessions" | "treatments"), None) => Asked::Visits,
        _ => Asked::AsLabelled,
    }
}

/// "☐1x ☐2x ☒3x per week": the words behind the last number belong to all.
fn shared_unit(ticks: &[&Tick]) -> Option<String> {
    let (last, others) = ticks.split_last()?;
    let words = |tick: &Tick| tick.words.text.split_whitespace().count();
    let alone = !others.is_empty() && others.iter().all(|tick| words(tick) == 1);
    let unit: Vec<&str> = last.words.text.split_whitespace().skip(1).collect();
    (alone && !unit.is_empty()).then(|| unit.join(" "))
}

fn choice(tick: &Tick, shared: Option<&str>) -> String {
    let words: Vec<&str> = tick.words.text.split_whitespace().collect();
    match (words.as_slice(), shared) {
        ([first, ..], Some(unit)) => format!("{first} {unit}"),
        (words, _) => words.join(" "),
    }
}

/// The boxes in the row of a label, or in the row under it.
fn boxes_of<'a>(page: &'a Context, label: &Label) -> Vec<&'a Tick> {
    let is_behind = |other: &&Label| other.words.start >= label.words.end;
    // "☐1x ☒2x For: ☐4 weeks": nobody asks for a name by boxes
    let before_box = |other: &&Label| {
        let behind = page.ticks.iter().filter(|tick| tick.row == other.row && tick.area.left >= other.area.right);
        let near = behind.map(|tick| tick.area.left - other.area.right).min();
        let asks_by_boxes = !matches!(other.meaning, Meaning::Field(Field::PatientName | Field::ProviderName, _));
        !asks_by_boxes && near.is_some_and(|near| near as f32 <= BOX_GAP * page.sheet.unit)
    };
    let others = page.labels_in(label.row).iter().filter(is_behind).filter(|other| !before_box(other));
    let next = others.map(|other| other.area.left).min();
    let behind = |tick: &Tick| tick.area.left > label.area.left && next.is_none_or(|next| tick.area.left < next);
    let begins_there = |row: usize| page.labels_in(row).iter().any(|other| other.area.left < label.area.right);
    // captions side by side have their boxes in columns
    let in_columns = label.caption && !label.colon && (next.is_some() || label.words.start > 0);
    let column = if in_columns { column_of(page, label, next) } else { Vec::new() };
    let belongs = |tick: &&Tick| match column.as_slice() {
        [] => {
            tick.row == label.row && behind(tick)
                || tick.row == label.row + 1 && label.caption && !begins_there(tick.row)
        }
        rows => rows.contains(&tick.row) && in_column(page, label, next, tick),
    };
    page.ticks.iter().filter(belongs).collect()
}

/// Whether a box stands under a caption, before the next caption of its row begins.
fn in_column(page: &Context, label: &Label, next: Option<u32>, tick: &Tick) -> bool {
    let slack = page.sheet.unit as u32;
    tick.area.left + slack >= label.area.left
        && tick.area.left < next.unwrap_or(label.area.right + COLUMN_WIDTH * slack)
}

/// The rows of a column of boxes under a caption: a box in each, down to the first row without.
fn column_of(page: &Context, label: &Label, next: Option<u32>) -> Vec<usize> {
    let mut rows = Vec::new();
    for row in label.row + 1..page.sheet.rows.len() {
        let any = page.ticks.iter().any(|tick| tick.row == row && in_column(page, label, next, tick));
        // a label on the left has the boxes behind it for its own
        let labelled = page.labels_in(row).iter().any(|other| {
            let is_under = other.area.left < next.unwrap_or(u32::MAX) && other.area.right > label.area.left;
            is_under || other.colon && other.area.right <= label.area.left
        });
        if !any && page.ticks.iter().all(|tick| tick.row != row) || labelled {
            break;
        }
        rows.push(row);
    }
    rows
}

/// Boxes stand at the label and none of them is ticked: nothing is ordered there.
pub(in crate::rules::take) fn is_left_empty(page: &Context, label: &Label) -> bool {
    let boxes = boxes_of(page, label);
    boxes.len() >= CHOICES_MIN && boxes.iter().all(|tick| !tick.ticked && tick.confidence >= SURE)
}

fn candidate(
    schedule: Schedule,
    evidence: Vec<crate::model::Evidence>,
    trust: f32,
    rule: &str,
    mut doubts: Vec<String>,
) -> Candidate {
    doubts.extend(schedule.doubts);
    Candidate {
        field: Field::Frequency,
        value: Value::Frequency(schedule.frequency),
        evidence,
        trust,
        rule: rule.to_owned(),
        doubts,
        checked: false,
    }
}
