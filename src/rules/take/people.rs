//! Patient and provider.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Area, Evidence, Field, MarkKind, PersonName, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::label::Label;
use crate::rules::people::{names_credential, names_credentials};
use crate::rules::sheet::{Slot, fold};
use crate::rules::slots::{Where, above};
use crate::rules::span::gap_before;
use crate::rules::take::signature::slash_signatures;
use crate::rules::take::signer::{orders_nothing, signers};
use crate::rules::ticks::Tick;
use crate::rules::{NameHit, find_names, read_name};

/// A value behind its label.
pub(in crate::rules::take) const LABELLED: f32 = 1.0;
/// A value in running text, told by the words before it.
pub(in crate::rules::take) const PROSE: f32 = 0.95;
/// A name and credential by themselves: a letterhead or the printed name under a signature.
const BLOCK: f32 = 0.9;
/// What is left of the trust in a name that is read with a doubt.
const DOUBTED: f32 = 0.85;
/// A name of a letterhead: below that of a label by more than a rival.
const HEAD_NAME: f32 = 0.8;
/// A row with more words is a sentence that names somebody.
const NAME_ROW_WORDS_MAX: usize = 12;
/// A printed name stands at most so many rows from the place to sign.
const SIGNED_ROWS: usize = 2;
/// Somebody else who is named: far enough below the others to be no rival.
const WEAK: f32 = 0.75;
/// A printout's head has at most so many rows between name and birth date, each so many word heights.
const HEAD_ROWS: usize = 3;
const HEAD: f32 = 2.5;
/// The two parts of a name stand at most so many bytes apart.
const PARTS_BYTES_MAX: usize = 60;
/// A gap of so many word heights separates two cells.
const CELL_GAP: f32 = 2.0;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = patient(page);
    found.extend(provider(page));
    found
}

fn patient(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    let names_patient = page.labels_of(Field::PatientName).any(|label| says(label, &["patient", "client"]));
    for label in page.labels_of(Field::PatientName) {
        for (place, slot) in page.slots(label, 1) {
            let Some(mut hit) = name_in(&without_age(slot.clone())) else { continue };
            // somebody with a credential behind the name is a patient only where the label says so
            let is_named = place == Where::SameLine && label.colon && !label.is_plain();
            if !hit.credentials.is_empty() || hit.titled {
                if !is_named {
                    continue;
                }
                if hit.credentials.is_empty() && !is_doctor(&slot.text, &hit) {
                    found.push(name(Field::PatientName, hit, &slot, LABELLED, &label.rule));
                    break;
                }
                hit.doubts.push("a title or credential stands with the patient's name".to_owned());
            }
            let trust = if place == Where::SameLine { LABELLED } else { PROSE };
            // whose account it is, where the patient is named as well
            let is_holder =
                names_patient && says(label, &["employee", "participant", "member"]) && !says(label, &["patient"]);
            let trust = if label.weak || is_holder { WEAK } else { trust };
            found.push(name(Field::PatientName, hit, &slot, trust, &label.rule));
            break;
        }
    }
    if found.is_empty() {
        found.extend(in_two_parts(page));
    }
    if found.is_empty() {
        found.extend(row_of_patient(page));
    }
    if found.is_empty() {
        found.extend(over_birth_date(page));
    }
    if found.is_empty() {
        found.extend(before_birth_date(page));
    }
    for place in page.cues(Field::PatientName) {
        let rest = page.after(place.end, 80);
        let first_line = rest.text.lines().next().unwrap_or_default();
        let hit = find_names(first_line)
            .into_iter()
            .find(|hit| hit.span.start <= 12 && hit.credentials.is_empty() && !is_doctor(first_line, hit))
            .or_else(|| told_more_of(page, &rest, first_line));
        if let Some(hit) = hit {
            // the rest of a label in a second language is no name
            let start = place.end + page.text.text.get(place.end..).and_then(|text| text.find(first_line)).unwrap_or(0);
            if !page.is_label(&(start + hit.span.start..start + hit.span.end)) {
                found.push(name(Field::PatientName, hit, &rest, PROSE, "rules/20-patient.toml"));
            }
        }
    }
    found
}

/// "please give Maria Lopez (3/2/1984)", "following Maria Lopez, whose": a whole name of which more is told behind it.
fn told_more_of(page: &Context, rest: &Slot, first_line: &str) -> Option<NameHit> {
    const MORE: [&str; 5] = ["(", ", whose ", ", who ", ", born ", ", a "];
    let is_plain = |hit: &NameHit| hit.span.start == 0 && hit.doubts.is_empty() && hit.credentials.is_empty();
    let hit = read_name(first_line).filter(|hit| is_plain(hit) && !hit.titled)?;
    let last = rest.words.iter().rfind(|word| word.range.start < hit.span.end)?;
    let end = page.text.words.iter().find(|word| word.area == last.area)?.range.start;
    let behind = page.text.text.get(end..)?;
    let behind = behind.trim_start_matches(|letter: char| letter.is_alphanumeric() || "'’-.".contains(letter));
    MORE.iter().any(|more| behind.trim_start_matches(' ').starts_with(more)).then_some(hit)
}

/// Whether a label holds one of these words.
fn says(label: &Label, words: &[&str]) -> bool {
    label.phrase.split_whitespace().map(fold).any(|word| words.contains(&word.trim_end_matches('s')))
}

/// "Dr.", not "Mrs.".
fn is_doctor(text: &str, hit: &NameHit) -> bool {
    let title = text.get(hit.span.clone()).and_then(|text| text.split_whitespace().next()).map(fold);
    title.is_some_and(|title| matches!(title.as_str(), "dr" | "doctor" | "prof"))
}

/// "MARIA LOPEZ F 42": sex and age behind a name are none of it.
fn without_age(mut slot: Slot) -> Slot {
    static AGED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\s,(]+(?:[MF]|[Mm]ale|[Ff]emale)[\s,/]{1,3}\d{1,3}\b.*").expect("a fixed pattern")
    });
    if let Some(aged) = AGED.find(&slot.text).map(|aged| aged.start()) {
        slot.text.truncate(aged);
        slot.words.retain(|word| word.range.end <= aged);
    }
    slot
}

/// "Last name: Lopez   First name: Maria", on one row or on two.
fn in_two_parts(page: &Context) -> Vec<Candidate> {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?im)(?P<patient>\b(?:patient|client)(?:'s|s)?\s+)?\b(?P<part>last|family|sur|first|given)(?:\s?name)?\s?:\s*(?P<name>[\p{L}][\p{L}'’ -]*?)[ .]*(?:\s{2,}|[,;]|$|\b(?:last|family|first|given|middle)\b|\b(?:m\.?i|dob|date)\b)")
            .expect("a fixed pattern")
    });
    let text = &page.text.text;
    let mut parts: Vec<(bool, Range<usize>)> = Vec::new();
    let mut from = 0;
    while let Some(found) = PART.captures_at(text, from) {
        let (Some(name), Some(part)) = (found.name("name"), found.name("part")) else { break };
        let first = matches!(part.as_str().to_ascii_lowercase().as_str(), "first" | "given");
        parts.push((first, name.range()));
        from = name.end();
    }
    let pairs =
        parts.windows(2).filter(|pair| pair[0].0 != pair[1].0 && pair[1].1.start - pair[0].1.end < PARTS_BYTES_MAX);
    let whole = pairs.filter_map(|pair| {
        let of = |first: bool| pair.iter().find(|(is_first, _)| *is_first == first).map(|(_, range)| range.clone());
        let (given, family) = (of(true)?, of(false)?);
        let hit = read_name(&format!("{}, {}", text.get(family.clone())?, text.get(given.clone())?))?;
        let span = given.start.min(family.start)..given.end.max(family.end);
        Some(name(Field::PatientName, NameHit { span, ..hit }, &page.text, PROSE, "rules/20-patient.toml"))
    });
    whole.take(1).collect()
}

/// "Patient Maria Lopez   D.O.B. 3/2/84": a form's label without a colon that opens a row, and a name up to the next label or gap.
fn row_of_patient(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (row, first, rule) in page.plain_labels(Field::PatientName, f32::INFINITY) {
        let next = page.labels_in(row).iter().filter(|other| other.words.start >= first);
        let end = next.map(|other| other.words.start).min().unwrap_or(page.sheet.rows[row].words.len());
        let is_labelled = page.labels_in(row).iter().any(|other| other.words.start < first);
        if is_labelled || end <= first {
            continue;
        }
        let slot = page.sheet.slot((first..end).map(|word| (row, word)));
        let cell = slot.text.split("  ").next().unwrap_or_default();
        let is_patient = |hit: &NameHit| hit.credentials.is_empty() && !hit.titled && hit.doubts.is_empty();
        let Some(hit) = read_name(cell).filter(is_patient) else { continue };
        found.push(name(Field::PatientName, hit, &slot, PROSE, rule));
    }
    found
}

/// "Thank you for seeing Samuel Fontaine, born 5 August 1968": whose date of birth stands right behind the name.
fn before_birth_date(page: &Context) -> Option<Candidate> {
    static BORN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^[\s,(–-]{0,5}(?:(?:(?:id|mrn|chart|acct)\b[^()\n]{1,24}\b)?(?:d\.?o\.?b|date of birth|birth ?date|born|b\.)[\s:.,(on]{0,6}[0-9A-Z]|(?:x{3}|\*{3})-(?:x{2}|\*{2})-[0-9]{4})")
            .expect("a fixed pattern")
    });
    let text = &page.text.text;
    let is_patient = |hit: &NameHit| {
        let behind = text.get(hit.span.end..).unwrap_or_default();
        hit.credentials.is_empty() && hit.doubts.is_empty() && BORN.is_match(behind)
    };
    let hit = find_names(text).into_iter().find(is_patient)?;
    Some(name(Field::PatientName, hit, &page.text, BLOCK, "rules/20-patient.toml"))
}

/// A printout's head names the patient without a label: alone in its cell, above the date of birth.
fn over_birth_date(page: &Context) -> Option<Candidate> {
    page.labels_of(Field::PatientBirthDate).find_map(|label| {
        // the line of the birth date may begin with another number of the patient's
        let below = own_cell(page, label);
        if let Some(found) = beside_birth_date(page, label) {
            return Some(found);
        }
        let rows = (0..label.row).rev().take(HEAD_ROWS);
        let near = rows.filter(|row| {
            label.area.top.saturating_sub(page.sheet.rows[*row].area.bottom) as f32
                <= HEAD_ROWS as f32 * HEAD * page.sheet.unit
        });
        near.into_iter().find_map(|row| {
            let words = &page.sheet.rows[row].words;
            let in_label = |word: usize| page.labels_in(row).iter().any(|other| other.words.contains(&word));
            let cell = cells(page, row).into_iter().find(|cell| {
                let area = words[cell.start].area.union(&words[cell.end - 1].area);
                area.right > below.left && area.left < below.right && !cell.clone().any(in_label)
            })?;
            let slot = page.sheet.slot(cell.map(|word| (row, word)));
            let hit = read_name(&slot.text)?;
            let is_whole = hit.span.len() + 1 >= slot.text.trim().len() && hit.doubts.is_empty();
            let is_patient = is_whole && hit.credentials.is_empty() && !hit.titled;
            is_patient.then(|| name(Field::PatientName, hit, &slot, BLOCK, "rules/20-patient.toml"))
        })
    })
}

/// "Pruitt, Marcus (55 y.o. M)   MRN: 1110785   DOB: 1971-01-16": a banner's first cell.
fn beside_birth_date(page: &Context, label: &Label) -> Option<Candidate> {
    static AGED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)[\s,(]+(?:\d{1,3}\s*(?:y\.?\s?o\.?|yrs?|years?(?: old)?)\b.*|(?:male|female|[mf])\W*)$")
            .expect("a fixed pattern")
    });
    let first = cells(page, label.row).into_iter().next()?;
    // "Lopez, Maria MRN: 4410": the next label begins another cell
    let labels = page.labels_in(label.row).iter().map(|other| other.words.start);
    let cell = 0..labels.min().unwrap_or(first.end).min(first.end);
    if cell.is_empty() {
        return None;
    }
    let slot = page.sheet.slot(cell.map(|word| (label.row, word)));
    // "LOPEZ,MARIA F": behind the given name one letter is an initial
    let is_initial =
        |aged: &str| aged.trim_end_matches('.').len() == 2 && aged.starts_with(' ') && slot.text.contains(',');
    let aged = AGED.find(&slot.text).filter(|aged| !is_initial(aged.as_str()));
    let bare = aged.map_or(slot.text.as_str(), |aged| slot.text.get(..aged.start()).unwrap_or_default());
    let hit = read_name(bare)?;
    let is_whole = hit.span.len() + 1 >= bare.trim().len() && hit.doubts.is_empty();
    let is_patient = is_whole && hit.credentials.is_empty() && !hit.titled;
    is_patient.then(|| name(Field::PatientName, hit, &slot, BLOCK, "rules/20-patient.toml"))
}

/// The cell that a label stands in.
fn own_cell(page: &Context, label: &Label) -> Area {
    let words = &page.sheet.rows[label.row].words;
    let cell = cells(page, label.row).into_iter().find(|cell| cell.contains(&label.words.start));
    cell.map_or(label.area, |cell| words[cell.start].area.union(&words[cell.end - 1].area))
}

/// The cells of a row, by the gaps between its words.
fn cells(page: &Context, row: usize) -> Vec<Range<usize>> {
    let row = &page.sheet.rows[row];
    let begins = |at: &usize| *at == 0 || gap_before(row, *at) > CELL_GAP * page.sheet.unit;
    let starts: Vec<usize> = (0..row.words.len()).filter(begins).collect();
    let ends = starts.iter().skip(1).copied().chain([row.words.len()]);
    starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
}

fn provider(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(Field::ProviderName) {
        // a printed name may also stand over its caption
        let over = above(&page.sheet, &page.labels, label).filter(|_| label.caption).map(|slot| (Where::Above, slot));
        for (place, slot) in page.slots(label, 1).into_iter().chain(over) {
            let Some(mut hit) = name_in(&slot) else { continue };
            // a plain "Name" may be anybody's where the head of its part could not be read
            if label.is_plain() && hit.credentials.is_empty() && hit.doubts.is_empty() {
                hit.doubts.push("neither its label nor a credential says that it is the prescriber's".to_owned());
            }
            if label.weak {
                hit.doubts.push("its label says that it is somebody beside the prescriber".to_owned());
            }
            let trust = if place == Where::SameLine { LABELLED } else { PROSE };
            let trust = if label.weak { WEAK } else { trust };
            // "Alan Pierce, MD / Brian Wolf, DO": one of them, and perhaps nobody says which
            let choice = choice(page, &slot);
            for hit in if choice.is_empty() { vec![hit] } else { choice } {
                push_provider(&mut found, hit, &slot, trust, Some(label));
            }
            break;
        }
    }
    let signed = &page.book.rules.signature.signed;
    for place in page.found.any(signed).into_iter().chain(slash_signatures(&page.text.text)) {
        let rest = page.after(place.end, 80);
        let first_line = rest.text.lines().next().unwrap_or_default();
        let hit = read_name(first_line).or_else(|| find_names(first_line).into_iter().find(|hit| hit.span.start <= 12));
        // on the next line it is somebody where a credential says so
        let ends_line =
            page.text.text.get(place.end..).is_some_and(|rest| rest.trim_start_matches(' ').starts_with('\n'));
        let hit = hit.filter(|hit| !ends_line || !hit.credentials.is_empty());
        if let Some(hit) = hit.filter(|hit| !orders_nothing(page, hit)) {
            push_provider(&mut found, hit, &rest, PROSE, None);
        }
    }
    // beside a place to sign it is who signs, in a letterhead one of several
    let signed_rows: Vec<usize> = (0..page.sheet.rows.len())
        .filter(|row| {
            let area = page.sheet.rows[*row].area;
            let mut marks = page.reading.marks.iter().filter(|mark| mark.kind == MarkKind::Signature);
            marks.any(|mark| mark.area.overlap_y(&area) > 0)
                || page.labels_of(Field::ProviderSignature).any(|label| label.row == *row)
        })
        .collect();
    let chosen = is_chosen(page);
    // a name with a credential stands for itself: letterhead, pad, the printed name under a signature
    for row in 0..page.sheet.rows.len() {
        if !page.sheet.rows[row].words.iter().any(|token| names_credential(&token.text)) {
            continue;
        }
        let in_label = |word: &usize| page.labels_in(row).iter().any(|label| label.words.contains(word));
        let in_box = |word: &usize| {
            let area = page.sheet.rows[row].words[*word].area;
            page.ticks
                .iter()
                .any(|tick| tick.area.overlap_x(&area) * 2 > area.width() && tick.area.overlap_y(&area) > 0)
        };
        let words = (0..page.sheet.rows[row].words.len()).filter(|word| !in_label(word) && !in_box(word));
        let words = words.map(|word| (row, word));
        let slot = page.sheet.slot(words);
        let is_weak = page.labels_of(Field::ProviderName).any(|label| label.row == row && label.weak);
        let signs = signed_rows.iter().any(|signed| signed.abs_diff(row) <= SIGNED_ROWS);
        let trust = if is_weak || !signs { HEAD_NAME } else { BLOCK };
        let is_sentence = slot.words.len() > NAME_ROW_WORDS_MAX;
        let runs_on = row > 0 && page.sheet.runs_on(row - 1, row);
        for mut hit in find_names(&slot.text) {
            if hit.credentials.is_empty() || orders_nothing(page, &hit) || is_addressed(page, &hit) {
                continue;
            }
            // the practitioners of a letterhead, one of them ticked
            if let Some(tick) = tick_of(page, &slot, &hit.span).filter(|_| chosen) {
                if tick.ticked {
                    push_provider(&mut found, hit, &slot, PROSE, None);
                }
                continue;
            }
            let in_passing = !signs && (is_sentence && hit.span.start > 0 || runs_on);
            if in_passing || is_weak {
                hit.doubts.push("somebody is named in passing".to_owned());
            }
            push_provider(&mut found, hit, &slot, trust, None);
        }
    }
    for label in page.labels_of(Field::ProviderCredential) {
        if let Some((_, slot)) = page.slots(label, 1).into_iter().next() {
            let words = slot.text.trim().trim_end_matches(',').to_owned();
            if (2..=12).contains(&words.chars().count())
                && words.chars().all(|letter| letter.is_ascii_alphabetic() || ".-, ".contains(letter))
            {
                let evidence = slot.evidence(&(0..slot.text.len()), &label.rule);
                let value = Value::Text(words.replace('.', "").into());
                found.push(Candidate {
                    field: Field::ProviderCredential,
                    value,
                    evidence,
                    trust: LABELLED,
                    rule: label.rule.clone(),
                    doubts: Vec::new(),
                    checked: false,
                });
            }
        }
    }
    spell_out(&mut found);
    found
}

/// "/s/ A. Turco" and "Anneliese Turco, CNM": an initial stands for the given name that the page spells out once.
fn spell_out(found: &mut [Candidate]) {
    let names: Vec<PersonName> = found
        .iter()
        .filter_map(|candidate| match &candidate.value {
            Value::Name(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    let parts = |name: &PersonName| -> Option<(String, String)> {
        let (given, rest) = name.full.reveal().split_once(' ')?;
        Some((fold(given), fold(rest.rsplit(' ').next()?)))
    };
    for candidate in found {
        let Value::Name(short) = &mut candidate.value else { continue };
        let Some((initial, family)) = parts(short).filter(|(given, _)| given.chars().count() == 1) else { continue };
        let spells_out = |name: &&PersonName| {
            parts(name).is_some_and(|(given, of)| of == family && given.len() > 1 && given.starts_with(&initial))
        };
        let mut whole = names.iter().filter(spells_out);
        let Some(first) = whole.next() else { continue };
        if whole.all(|other| fold(other.full.reveal()) == fold(first.full.reveal())) {
            short.full = first.full.clone();
        }
    }
}

/// The prescribers that a slot leaves to be chosen from, or the one of them who signed; none where it is no choice.
fn choice(page: &Context, slot: &Slot) -> Vec<NameHit> {
    let line = slot.text.lines().next().unwrap_or_default();
    if !names_credentials(line, 2) {
        return Vec::new();
    }
    let hits: Vec<NameHit> = find_names(line).into_iter().filter(|hit| !hit.credentials.is_empty()).collect();
    let between =
        |pair: &[NameHit]| line.get(pair[0].span.end..pair[1].span.start).unwrap_or_default().trim().to_lowercase();
    let is_choice = hits.windows(2).all(|pair| matches!(between(pair).as_str(), "" | "/" | "|" | ";" | "or" | ", or"));
    if hits.len() < 2 || !is_choice {
        return Vec::new();
    }
    let signers = signers(page);
    let signed = |hit: &NameHit| signers.iter().any(|signer| signer.name.full == hit.name.full);
    match hits.iter().find(|hit| signed(hit)) {
        Some(hit) => vec![hit.clone()],
        None => hits,
    }
}

/// Whether one of the practitioners that stand beside boxes is ticked.
pub(in crate::rules::take) fn is_chosen(page: &Context) -> bool {
    page.ticks.iter().any(|tick| tick.ticked && names_provider(&tick.words))
}

pub(in crate::rules::take) fn names_provider(slot: &Slot) -> bool {
    names_credential(&slot.text) && find_names(&slot.text).iter().any(|hit| !hit.credentials.is_empty())
}

/// The tick box that a part of a row stands beside.
fn tick_of<'a>(page: &'a Context, slot: &Slot, span: &Range<usize>) -> Option<&'a Tick> {
    let word = slot.words.iter().rfind(|word| word.range.start < span.end)?;
    page.ticks.iter().find(|tick| tick.words.words.iter().any(|beside| beside.area == word.area))
}

/// "Dear Dr. Baxter": to whom a letter goes did not write it.
fn is_addressed(page: &Context, hit: &NameHit) -> bool {
    static DEAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\bdear\s+(?:dr\.?\s+|doctor\s+|mr\.?\s+|ms\.?\s+|mrs\.?\s+)?([A-Za-z'’-]+)")
            .expect("a fixed pattern")
    });
    let family = hit.name.full.reveal().rsplit(' ').next().unwrap_or_default();
    DEAR.captures_iter(&page.text.text).filter_map(|found| found.get(1)).any(|name| name.as_str() == family)
}

fn push_provider(found: &mut Vec<Candidate>, hit: NameHit, slot: &Slot, trust: f32, label: Option<&Label>) {
    let rule = label.map_or("rules/70-provider.toml", |label| label.rule.as_str());
    if let Some(credential) = &hit.name.credential {
        let evidence = slot.evidence(&hit.span, rule);
        let value = Value::Text(credential.as_str().into());
        found.push(Candidate {
            field: Field::ProviderCredential,
            value,
            evidence,
            trust,
            rule: rule.to_owned(),
            doubts: Vec::new(),
            checked: false,
        });
    }
    found.push(name(Field::ProviderName, hit, slot, trust, rule));
}

fn name(field: Field, hit: NameHit, slot: &Slot, trust: f32, rule: &str) -> Candidate {
    let NameHit { name: PersonName { full, credential }, span, mut doubts, .. } = hit;
    if slot.struck_out(&span) {
        doubts.push("a stroke runs through it".to_owned());
    }
    // the name's own words speak for it, not its credential or what stands between
    let folded = fold(full.reveal());
    let own = slot
        .touching(&span)
        .filter(|word| slot.text.get(word.range.clone()).is_some_and(|text| folded.contains(&fold(text))));
    let sure = own.map(|word| word.confidence).reduce(f32::min);
    let evidence = slot.evidence(&span, rule).into_iter();
    let evidence =
        evidence.map(|evidence| Evidence { confidence: sure.unwrap_or(evidence.confidence), ..evidence }).collect();
    let value = Value::Name(PersonName { full, credential });
    // another name without a doubt goes before it
    let trust = if doubts.is_empty() { trust } else { DOUBTED * trust };
    Candidate { field, value, evidence, trust, rule: rule.to_owned(), doubts, checked: false }
}

/// The name in a slot: the whole first line, else a name at its beginning.
fn name_in(slot: &Slot) -> Option<NameHit> {
    let first_line = slot.text.lines().next()?;
    let first_cell = first_line.split("  ").next()?;
    // "Tamara D.   Smith-Reyes": an initial ends no name
    let is_whole = |hit: &NameHit| {
        let last = hit.name.full.reveal().rsplit(' ').next().unwrap_or_default();
        first_cell.len() == first_line.len() || last.trim_end_matches('.').chars().count() > 1
    };
    read_name(first_cell)
        .filter(is_whole)
        .or_else(|| read_name(first_line))
        .or_else(|| find_names(first_line).into_iter().find(|hit| hit.span.start <= 4))
}
