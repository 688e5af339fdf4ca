//! When: birth, accident, writing, expiry.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::model::{Area, Evidence, Field, MarkKind, MarkState, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::dates::may_name_day;
use crate::rules::label::{Label, Meaning};
use crate::rules::people::names_credential;
use crate::rules::phrase::Folded;
use crate::rules::sheet::{Row, Slot, Token, fold};
use crate::rules::slots::{self, Where};
use crate::rules::span::gap_before;
use crate::rules::take::expiry;
use crate::rules::take::signature::{is_somebody_elses, slash_signatures};
use crate::rules::take::signer::{self, Signer};
use crate::rules::{DateHit, DateKind, find_dates, read_name};

/// A date this many bytes into its slot is not the slot's.
const LEAD_MAX: usize = 14;
/// A label without a colon stands at least so many word heights behind what is before it: more than a blank.
const CELL_GAP: f32 = 0.8;
/// A label's own words in its cell are at most so many.
const OF_WORDS_MAX: usize = 3;
/// Words between who signed and the date.
const LINKS: [&str; 5] = ["", "on", "at", "date", "dated"];
/// A signer's name with credentials has at most so many words.
const SIGNER_WORDS_MAX: usize = 7;
/// Credentials that no list knows may stand behind those that one does.
const CREDENTIALS_MORE: usize = 2;
/// Who signed stands at most so many words before the end of "signed electronically".
const AROUND_WORDS: usize = 4;
/// A day at the end of a banner is at most so many days old, and the banner stands in the first rows.
const BANNER_DAYS_MAX: i32 = 366;
const BANNER_ROWS: usize = 4;
/// A day without a label is a birth date where it lies at least so many years back.
const BORN_YEARS_MIN: i16 = 5;
/// How far behind the sign of a typed signature its date stands, in bytes.
const SIGNED_BYTES_MAX: usize = 80;
/// How far behind the words that lead to the patient's name the name and birth date end, in bytes.
const NAMED_BYTES_MAX: usize = 80;
/// The day on which a paper was sent: far enough below the others to be no rival.
const WEAK: f32 = 0.7;
/// A line that holds a day and its weekday alone has at most so many bytes.
const LETTER_DATE_BYTES_MAX: usize = 60;
/// A cue of so many letters must stand right before the date.
const LETTER_CUE: usize = 2;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let fields = [
        (Field::PatientBirthDate, DateKind::Birth),
        (Field::PayerDateOfInjury, DateKind::Injury),
        (Field::WrittenOn, DateKind::Order),
    ];
    let mut found: Vec<Candidate> = fields.iter().flat_map(|(field, kind)| labelled(page, *field, *kind)).collect();
    for (field, kind) in [
        (Field::PatientBirthDate, DateKind::Birth),
        (Field::PayerDateOfInjury, DateKind::Injury),
        (Field::WrittenOn, DateKind::Order),
    ] {
        found.extend(in_prose(page, field, kind));
        if !found.iter().any(|candidate| candidate.field == field) {
            found.extend(behind_plain_label(page, field, kind));
        }
    }
    if !found.iter().any(|candidate| candidate.field == Field::PatientBirthDate) {
        found.extend(behind_patient(page));
    }
    // a form with its captions under the lines has dates without a label before them
    if !page.captions_below && !found.iter().any(|candidate| candidate.field == Field::WrittenOn) {
        let other_dates: Vec<Area> = found.iter().flat_map(|it| &it.evidence).map(|evidence| evidence.area).collect();
        found.extend(letter_date(page, &other_dates));
    }
    if !found.iter().any(|candidate| candidate.field == Field::WrittenOn) {
        found.extend(behind_signature(page));
    }
    if !found.iter().any(|candidate| candidate.field == Field::WrittenOn) {
        found.extend(behind_printed_name(page));
    }
    let days_written = found.iter().filter(|candidate| candidate.field == Field::WrittenOn);
    let written = days_written.max_by(|a, b| a.trust.total_cmp(&b.trust)).and_then(|best| match &best.value {
        Value::Date(date) => Some((*date.reveal(), best.trust)),
        _ => None,
    });
    found.extend(expiry::take(page, written));
    // a day of this year behind "DOB" is another field's: nobody that young is sent for massage
    found.retain(|candidate| !matches!(&candidate.value, Value::Date(date) if candidate.field == Field::PatientBirthDate && date.reveal().year() >= page.on.year() - 1));
    found
}

fn labelled(page: &Context, field: Field, kind: DateKind) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(field).filter(|label| is_this_orders(page, label)) {
        let wrapped = slots::wrapped(&page.sheet, &page.labels, label).map(|slot| (Where::Below, slot));
        // a caption under its line, where the others stand over theirs
        let over = slots::above(&page.sheet, &page.labels, label).filter(|_| label.caption && !label.colon);
        let over = over.map(|slot| (Where::Above, slot));
        for (place, slot) in page.slots(label, 1).into_iter().chain(wrapped).chain(over) {
            let Some(hit) = first(&slot.text, kind, page.on) else { continue };
            let trust = if place == Where::SameLine { 1.0 } else { 0.95 };
            let trust = if label.weak { WEAK } else { trust };
            let evidence = slot.evidence(&hit.span, &label.rule);
            found.push(dated(field, hit, evidence, trust, &label.rule));
            break;
        }
    }
    found
}

/// "injured in a motor vehicle accident on 8/2/26": the date within reach of the words.
fn in_prose(page: &Context, field: Field, kind: DateKind) -> Vec<Candidate> {
    let mut found = Vec::new();
    for place in page.cues(field).into_iter().filter(|place| !page.is_label_of_another(place, field)) {
        let rest = page.after(place.end, 60);
        let Some(hit) = days(&rest.text, kind, page.on).into_iter().next() else { continue };
        let between = rest.text.get(..hit.span.start).unwrap_or_default();
        // "b. 1/10/1949": a letter alone is a word only right before the date
        if place.len() <= LETTER_CUE && hit.span.start > 0 {
            continue;
        }
        // another sentence, another matter; another line too, unless the date begins it
        let (before_line, line) = between.rsplit_once('\n').unwrap_or((between, ""));
        let begins_line = line.split_whitespace().all(|word| LINKS.contains(&fold(word).as_str()));
        // dots that lead to it end nothing
        let is_led = between.contains("..") && between.trim_matches(['.', ' ']).is_empty();
        let is_long = !is_led && (between.contains(['.', ';']) || between.split_whitespace().count() > 5);
        if is_long && !is_a_signer(between) || before_line.contains('\n') || !begins_line {
            continue;
        }
        if field == Field::WrittenOn
            && (is_of_another_paper(page, &place) || is_signed_by_another(page, &place, between))
        {
            continue;
        }
        let rule = "rules/80-dates.toml";
        let evidence = rest.evidence(&hit.span, rule);
        found.push(dated(field, hit, evidence, 0.95, rule));
    }
    found
}

/// "Pt: Maria Lopez (3/2/84)", "please see Maria Lopez (3/2/84)": a day of years ago right behind the patient's name.
fn behind_patient(page: &Context) -> Option<Candidate> {
    let rule = "rules/80-dates.toml";
    let labels = page.labels_of(Field::PatientName).filter(|label| !label.weak);
    let beside = labels.filter_map(|label| {
        page.slots(label, 1).into_iter().find(|(place, _)| *place == Where::SameLine).map(|(_, slot)| slot)
    });
    let in_prose = page.cues(Field::PatientName).into_iter().map(|place| page.after(place.end, NAMED_BYTES_MAX));
    beside.chain(in_prose).find_map(|slot| {
        let name = read_name(&slot.text)?;
        let hit =
            find_dates(&slot.text, DateKind::Birth, page.on).into_iter().find(|hit| hit.span.start >= name.span.end)?;
        let between = slot.text.get(name.span.end..hit.span.start)?;
        let is_beside = between.chars().all(|letter| " ,(/-–".contains(letter));
        let is_old = hit.date.reveal().year() + BORN_YEARS_MIN <= page.on.year();
        (is_beside && is_old).then(|| {
            let evidence = slot.evidence(&hit.span, rule);
            dated(Field::PatientBirthDate, hit, evidence, 0.9, rule)
        })
    })
}

/// "MRI dated 9/12/2026", "consent signed 9/12/2026": the word before says what, and that is no order.
fn is_of_another_paper(page: &Context, place: &Range<usize>) -> bool {
    const ORDERS: [&str; 8] = ["rx", "script", "prescription", "order", "orders", "referral", "signed", "and"];
    let said = page.text.text.get(place.clone()).map(fold).unwrap_or_default();
    let line = page.text.text.get(..place.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let before = line.trim_end().rsplit(' ').next().unwrap_or_default();
    match said.as_str() {
        "dated" => before.ends_with(char::is_alphanumeric) && !ORDERS.contains(&fold(before).as_str()),
        "signed" => !fold(line).is_empty(),
        _ => false,
    }
}

/// "Patient signed 10/20/2026", "signed by the patient on ...": the day on which somebody else signed.
fn is_signed_by_another(page: &Context, place: &Range<usize>, between: &str) -> bool {
    let line = page.text.text.get(..place.end).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let mut around: Vec<&str> = line.split_whitespace().rev().take(AROUND_WORDS).collect();
    around.reverse();
    around.push(between);
    let said = page.book.phrases.find(&Folded::new(&around.join(" ")));
    let signature = &page.book.rules.signature;
    said.has_any(&signature.not_the_provider) || said.has_any(&signature.somebody_else)
}

/// "Provider signature ______   Date 7/6/26": a label that begins a cell, without a colon, and a date directly behind it.
fn behind_plain_label(page: &Context, field: Field, kind: DateKind) -> Vec<Candidate> {
    let refused = |row: usize, behind: usize| {
        let mut own = page.labels_in(row).iter().filter(|label| label.words.end == behind);
        let asks = |label: &Label| matches!(label.meaning, Meaning::Field(of, _) if of == field);
        own.any(|label| !asks(label) || !is_this_orders(page, label))
    };
    let plain = page.plain_labels(field, CELL_GAP).into_iter().filter(|(row, behind, _)| !refused(*row, *behind));
    let dated = plain.filter_map(|(row, behind, rule)| {
        let rest = page.sheet.slot((behind..page.sheet.rows[row].words.len()).map(|word| (row, word)));
        let hit = days(&rest.text, kind, page.on).into_iter().next().filter(|hit| hit.span.start == 0)?;
        let evidence = rest.evidence(&hit.span, rule);
        Some(dated(field, hit, evidence, 0.95, rule))
    });
    dated.collect()
}

/// Whether a label asks for this order's date: not "X-ray date", not the date beside the patient's signature, and none that
/// stands apart from the HCP's empty date where the patient signed and dated the same page.
pub(in crate::rules) fn is_this_orders(page: &Context, label: &Label) -> bool {
    if !matches!(label.meaning, Meaning::Field(Field::WrittenOn, _)) || fold(&label.phrase) != "date" {
        return true;
    }
    let signed_by_another = page.found.has_any(&page.book.rules.signature.not_the_provider);
    if is_of_something(page, label) || signed_by_another && is_of_another_signer(page, label) {
        return false;
    }
    !(signed_by_another && page.labels_of(Field::WrittenOn).any(|other| is_empty_beside_signature(page, other)))
}

/// "X-ray date:": words of a cell before the label say of what.
fn is_of_something(page: &Context, label: &Label) -> bool {
    let row = &page.sheet.rows[label.row];
    let is_taken = |word: usize| page.labels_in(label.row).iter().any(|other| other.words.contains(&word));
    let joined = |word: &usize| gap_before(row, *word) <= CELL_GAP * page.sheet.unit;
    let mut first = label.words.start;
    while first > 0 && joined(&first) && !is_taken(first - 1) {
        first -= 1;
    }
    let words = &row.words[first..label.words.start];
    let text: Vec<&str> = words.iter().map(|token| token.text.as_str()).collect();
    let is_name = || read_name(&text.join(" ")).is_some_and(|hit| hit.doubts.is_empty());
    let is_plain =
        |token: &Token| !token.folded.is_empty() && token.text.chars().all(|c| c.is_alphabetic() || c == '-');
    (1..=OF_WORDS_MAX).contains(&words.len()) && words.iter().all(is_plain) && !is_name()
}

/// "Patient signature: Maria Lopez   Date: 10/20/2026": of the signatures before it the last is not the HCP's.
fn is_of_another_signer(page: &Context, label: &Label) -> bool {
    let row = &page.sheet.rows[label.row].words[..label.words.start];
    let own = page.labels_of(Field::ProviderSignature).filter(|other| {
        other.row == label.row && other.words.end <= label.words.start && !is_somebody_elses(page, other)
    });
    let from = own.map(|other| other.words.end).max().unwrap_or(0);
    let text: Vec<&str> = row.get(from..).unwrap_or_default().iter().map(|token| token.text.as_str()).collect();
    let said = page.book.phrases.find(&Folded::new(&text.join(" ")));
    said.has_any(&page.book.rules.signature.not_the_provider)
}

/// An empty date behind the HCP's signature.
fn is_empty_beside_signature(page: &Context, label: &Label) -> bool {
    let before = |other: &&Label| other.row == label.row && other.words.end <= label.words.start;
    let mut signatures = page.labels_of(Field::ProviderSignature).filter(before);
    let beside = signatures.any(|other| !is_somebody_elses(page, other));
    let filled = |slot: &Slot| first(&slot.text, DateKind::Order, page.on).is_some();
    beside && !is_of_another_signer(page, label) && !page.slots(label, 1).iter().any(|(_, slot)| filled(slot))
}

/// "Signature: /s/ Alan Pierce, MD 11/02/2026", or the same in ink: the date right behind who signed.
fn behind_signature(page: &Context) -> Vec<Candidate> {
    let rule = "rules/80-dates.toml";
    let near = |slot: &Slot| {
        let hit = days(&slot.text, DateKind::Order, page.on).into_iter().next()?;
        let before = slot.text.get(..hit.span.start)?;
        let (name, line) = before.rsplit_once('\n').unwrap_or((before, ""));
        let begins_line = line.split_whitespace().all(|word| LINKS.contains(&fold(word).as_str()));
        let short = before.split_whitespace().count() <= SIGNER_WORDS_MAX && !before.contains(':');
        let digits = before.chars().any(|letter| letter.is_ascii_digit());
        (short && begins_line && !digits && !name.contains('\n')).then_some(hit)
    };
    // who signed is asked for only where a date stands
    let is_dated = |slot: &Slot| near(slot).is_some();
    let mut slots: Vec<Slot> = Vec::new();
    for label in page.labels_of(Field::ProviderSignature) {
        let places =
            page.slots(label, 1).into_iter().filter(|(place, slot)| *place == Where::SameLine && is_dated(slot));
        let of_hcp = places.filter(|(_, slot)| {
            !is_somebody_elses(page, label) && signer::of_slot(page, &slot.text) != Signer::Another
        });
        slots.extend(of_hcp.map(|(_, slot)| slot));
    }
    for place in slash_signatures(&page.text.text) {
        let slot = page.after(place.end, SIGNED_BYTES_MAX);
        if is_dated(&slot) && matches!(signer::of_words(page, &place), Signer::Hcp) {
            slots.push(slot);
        }
    }
    let inked = page.reading.marks.iter();
    for mark in inked.filter(|mark| mark.kind == MarkKind::Signature && mark.state == MarkState::Ticked) {
        // ink stands on the line of print, or just over it
        let reach = (page.sheet.unit / 2.0) as u32;
        let beside = |row: &Row| row.area.top < mark.area.bottom + reach && mark.area.top < row.area.bottom;
        for (row, words) in page.sheet.rows.iter().enumerate().filter(|(_, row)| beside(row)) {
            let behind = (0..words.words.len()).filter(|word| words.words[*word].area.left >= mark.area.right);
            let labelled = page.labels_in(row).iter().any(|label| label.area.left >= mark.area.right);
            let slot = page.sheet.slot(behind.map(|word| (row, word)));
            slots.extend((!labelled).then_some(slot));
        }
        slots.extend(date_under(page, &mark.area));
    }
    let found = slots.iter().filter_map(|slot| {
        let hit = near(slot)?;
        let evidence = slot.evidence(&hit.span, rule);
        Some(dated(Field::WrittenOn, hit, evidence, 0.95, rule))
    });
    found.collect()
}

/// A date alone in its cell right under ink.
fn date_under(page: &Context, ink: &Area) -> Option<Slot> {
    let unit = page.sheet.unit as u32;
    let under = |row: &&Row| row.area.top + unit > ink.bottom && row.area.top <= ink.bottom + 2 * unit;
    let (row, words) = page.sheet.rows.iter().enumerate().find(|(_, row)| under(row))?;
    let is_over = |word: &usize| {
        let area = words.words[*word].area;
        area.right + unit > ink.left && area.left < ink.right + unit
    };
    let slot = page.sheet.slot((0..words.words.len()).filter(is_over).map(|word| (row, word)));
    let hit = days(&slot.text, DateKind::Order, page.on).into_iter().next()?;
    (hit.span == (0..slot.text.len())).then_some(slot)
}

/// "Evangeline Porter, MD  NPI 1727293759  10/13/2026": the day at the end of the line of a printed name in the lower half.
fn behind_printed_name(page: &Context) -> Option<Candidate> {
    static NPI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)^[\s,]*\bNPI\W{0,3}\d{10}\b").expect("a fixed pattern"));
    let rule = "rules/80-dates.toml";
    let rows = page.sheet.rows.len() / 2..page.sheet.rows.len();
    rows.into_iter().find_map(|row| {
        let words = &page.sheet.rows[row];
        // the printed name has a credential
        if !has_digit(words) || !words.words.iter().any(|token| names_credential(&token.text)) {
            return None;
        }
        let slot = page.sheet.slot((0..words.words.len()).map(|word| (row, word)));
        if !may_name_day(&slot.text) {
            return None;
        }
        let name = read_name(&slot.text).filter(|hit| hit.span.start == 0 && !hit.credentials.is_empty())?;
        if signer::orders_nothing(page, &name) {
            return None;
        }
        let rest = slot.text.get(name.span.end..)?;
        let from = name.span.end + NPI.find(rest).map_or(0, |npi| npi.end());
        let rest = slot.text.get(from..)?;
        let hit = days(rest, DateKind::Order, page.on).into_iter().next()?;
        let is_next = rest.get(..hit.span.start)?.chars().all(|letter| " ,|-–·".contains(letter));
        let span = from + hit.span.start..from + hit.span.end;
        is_next.then(|| dated(Field::WrittenOn, hit, slot.evidence(&span, rule), 0.9, rule))
    })
}

/// A row without a digit holds no day.
fn has_digit(row: &Row) -> bool {
    row.words.iter().any(|token| token.text.bytes().any(|byte| byte.is_ascii_digit()))
}

/// "Luis E. Camacho, MD, FAAOS on": a name with credentials, and nothing else than a link to the date.
fn is_a_signer(words: &str) -> bool {
    let bare = words.trim_start_matches([':', ' ']);
    read_name(bare).is_some_and(|hit| {
        let behind = bare.get(hit.span.end..).unwrap_or_default();
        let rest = behind.split([' ', ',', '\n']).map(fold).filter(|word| !LINKS.contains(&word.as_str()));
        !hit.credentials.is_empty() && hit.span.start == 0 && rest.count() <= CREDENTIALS_MORE
    })
}

/// A letter's date stands alone on its line, in the upper part of the page.
fn letter_date(page: &Context, other_dates: &[Area]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (row, words) in page.sheet.rows.iter().enumerate() {
        if words.area.top > page.sheet.height * 2 / 5 || !has_digit(words) {
            continue;
        }
        // beside it may stand what the letter is about
        let labels = page.labels_in(row).iter().map(|label| label.words.start);
        let slot = page.sheet.slot((0..labels.min().unwrap_or(words.words.len())).map(|word| (row, word)));
        if slot.text.len() > LETTER_DATE_BYTES_MAX {
            continue;
        }
        let Some(hit) = first(&slot.text, DateKind::Order, page.on) else { continue };
        // "Sunday, September 6, 2026"
        let before = slot.text.get(..hit.span.start).unwrap_or_default();
        let weekday = before.trim_end_matches([',', ' ']).to_ascii_lowercase().ends_with("day");
        let rest = slot.text.len() - (hit.span.end - hit.span.start) - if weekday { before.len() } else { 0 };
        let rule = "rules/80-dates.toml";
        let evidence = slot.evidence(&hit.span, rule);
        let taken =
            |area: &Area| other_dates.iter().any(|other| other.overlap_x(area) > 0 && other.overlap_y(area) > 0);
        if rest <= 3 && !evidence.iter().any(|evidence| taken(&evidence.area)) {
            found.push(dated(Field::WrittenOn, hit, evidence, 0.9, rule));
        }
    }
    if found.is_empty() {
        found.extend(banner_date(page));
    }
    found
}

/// "Cascade Spine Clinic          10/06/2026": the only day in a cell of its own in the head of the page, at the end of its row.
fn banner_date(page: &Context) -> Option<Candidate> {
    let rule = "rules/80-dates.toml";
    let rows = (0..page.sheet.rows.len().min(BANNER_ROWS)).filter(|row| page.labels_in(*row).is_empty());
    let rows = rows.filter(|row| has_digit(&page.sheet.rows[*row]));
    let ends = rows.filter_map(|row| {
        let words = &page.sheet.rows[row];
        let is_stroke = |word: usize| matches!(words.words[word].text.as_str(), "|" | "•" | "·");
        let apart = |word: &usize| gap_before(words, *word) > CELL_GAP * page.sheet.unit || is_stroke(*word - 1);
        let cell = (1..words.words.len()).rev().find(apart)?;
        let slot = page.sheet.slot((cell..words.words.len()).map(|word| (row, word)));
        let hit = days(&slot.text, DateKind::Order, page.on).into_iter().next()?;
        let age = page.on.since(*hit.date.reveal()).ok()?.get_days();
        let is_alone = hit.span.start == 0 && hit.span.end == slot.text.trim_end().len();
        // a fax machine's line says the time or the page as well
        static BANNER: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?i)\b\d{1,2}:\d{2}\b|\b(?:page|pg|p)\b").expect("a fixed pattern"));
        let is_name = || !BANNER.is_match(&page.sheet.slot((0..cell).map(|word| (row, word))).text);
        (is_alone && (0..=BANNER_DAYS_MAX).contains(&age) && is_name()).then(|| {
            let evidence = slot.evidence(&hit.span, rule);
            dated(Field::WrittenOn, hit, evidence, 0.9, rule)
        })
    });
    let mut ends = ends.collect::<Vec<_>>().into_iter();
    match (ends.next(), ends.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The days of a text. "Jul 2026" is a month, not the 20th.
pub(in crate::rules::take) fn days(text: &str, kind: DateKind, on: Date) -> Vec<DateHit> {
    let mut hits = find_dates(text, kind, on);
    hits.retain(|hit| {
        let words = text.get(hit.span.clone()).unwrap_or_default();
        let digits: Vec<&str> =
            words.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
        digits.len() != 1 || digits[0].len() != 4 || !words.chars().any(char::is_alphabetic)
    });
    hits
}

fn first(text: &str, kind: DateKind, on: Date) -> Option<DateHit> {
    days(text, kind, on).into_iter().next().filter(|hit| hit.span.start <= LEAD_MAX)
}

pub(in crate::rules::take) fn dated(
    field: Field,
    hit: DateHit,
    evidence: Vec<Evidence>,
    trust: f32,
    rule: &str,
) -> Candidate {
    Candidate {
        field,
        value: Value::Date(hit.date),
        evidence,
        trust,
        rule: rule.to_owned(),
        doubts: hit.doubts,
        checked: false,
    }
}
