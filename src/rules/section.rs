//! Which kind of paper each page is, and which pages belong together.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::model::{Area, Field, Finding, PageTrouble, PaperKind, Private, Reading, Section, Source, Value};
use crate::rules::book::Contents;
use crate::rules::context::Context;
use crate::rules::label::Label;
use crate::rules::schema::{DocumentRule, SignRule};
use crate::rules::sheet::Slot;
use crate::rules::sheet::fold;
use crate::rules::slots::Where;
use crate::rules::take;

/// Fewer letters than this on a page are no text.
const LETTERS_MIN: usize = 12;
/// A page of the smallest print that a person can read holds some 2,500 words. What has more is no page, and some steps take
/// time by the square of the number of labels.
const WORDS_MAX: usize = 5_000;
/// As many letters: words of a page are 5 to 6 letters long.
const LETTERS_MAX: usize = 60_000;

/// A page whose words are less sure than this in the mean was hardly read.
const LEGIBLE: f32 = 0.7;
/// What a page lacks is believed where its words are at least this sure in the mean.
const SURELY_READ: f32 = 0.85;
/// So many points make a page that was read poorly an order, where somebody signed it.
const DOUBTFUL_POINTS_MIN: i32 = 1;
/// An answer under its question has at most so many words.
const ANSWER_WORDS_MAX: usize = 6;
/// Pages of the longest document that is one prescription.
const DOCUMENT_PAGES_MAX: u32 = 4;
/// A form asks at least so many of the things that every prescription says.
const QUESTIONS_MIN: usize = 3;
/// Letters and digits of the shortest thing that may be an answer.
const ANSWER_MIN: usize = 2;

/// A page with what was found on it.
struct Sorted {
    page: u32,
    kind: PaperKind,
    findings: Vec<Finding>,
    facts: Vec<String>,
    begins_order: bool,
    marks: PageMarks,
}

/// What a page says of its place in a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct PageMarks {
    /// "Page 2 of 3".
    number: Option<(u32, u32)>,
    /// "Page 2" alone, or "continued" at its head.
    is_later: bool,
    /// "continued on next page".
    goes_on: bool,
}

impl PageMarks {
    fn of(text: &str) -> Self {
        static PAGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)page").expect("a fixed pattern"));
        static OF: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i)\bpage\s{1,2}([0-9]{1,2})\s?(?:of|/)\s?([0-9]{1,2})\b").expect("a fixed pattern")
        });
        static LATER: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?im)^\W{0,3}page\s{1,2}[2-9]\W{0,3}$").expect("a fixed pattern"));
        static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i)continued on (?:the )?(?:next|following) page|continued on page|\(continued\)|\(over\)|see next page|\(cont(?:'d|\.)?\)")
                .expect("a fixed pattern")
        });
        let number =
            |found: regex::Captures| Some((found.get(1)?.as_str().parse().ok()?, found.get(2)?.as_str().parse().ok()?));
        let names_page = PAGE.is_match(text);
        Self {
            number: if names_page { OF.captures_iter(text).find_map(number) } else { None },
            is_later: names_page && LATER.is_match(text),
            goes_on: GOES_ON.is_match(text),
        }
    }

    /// Whether the page behind this one belongs to the same document by what the two say.
    fn leads_to(self, next: Self) -> bool {
        match (self.number, next.number) {
            (Some((first, of)), Some((second, all))) => second == first + 1 && of == all && all <= DOCUMENT_PAGES_MAX,
            (None, None) => self.goes_on || next.is_later,
            _ => false,
        }
    }
}

/// How the points of a kind came about.
#[derive(Debug, Clone)]
pub struct KindStory {
    /// The kind.
    pub kind: PaperKind,
    /// Its points.
    pub points: i32,
    /// What it needs.
    pub threshold: i32,
    /// What spoke for or against it, with its weight.
    pub signs: Vec<(String, i32)>,
}

/// Sections of a paper, in page order; every page is in exactly one.
pub(in crate::rules) fn sort(book: &Contents, readings: &[Reading], on: Date, sender: Option<&str>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut marks = PageMarks::default();
    let mut numbers = Vec::new();
    for reading in readings {
        let sorted = sort_page(book, reading, on, sender);
        let is_next = marks.leads_to(sorted.marks);
        marks = sorted.marks;
        numbers.push(marks.number);
        match sections.last_mut() {
            Some(last)
                if runs_on(last, &sorted) || is_next && (is_one_paper(last, &sorted) || goes_on(last, &sorted)) =>
            {
                last.pages.push(sorted.page);
                last.findings.extend(sorted.findings);
                last.facts.extend(sorted.facts);
                if sorted.kind.is_prescription() && !last.kind.is_prescription() {
                    last.kind = sorted.kind;
                }
            }
            _ => {
                let Sorted { page, kind, findings, facts, .. } = sorted;
                sections.push(Section { pages: vec![page], kind, findings, facts, pages_lacking: Vec::new() });
            }
        }
    }
    for section in &mut sections {
        let own = readings.iter().zip(&numbers).filter(|(reading, _)| section.pages.contains(&reading.page));
        let counted = own.filter_map(|(_, number)| *number).next();
        section.pages_lacking = counted.map(|(_, of)| lacking(of, &numbers)).unwrap_or_default();
    }
    sections
}

/// Of a document of so many pages those that stand nowhere in the paper. A page that says no number may be any of them.
fn lacking(of: u32, numbers: &[Option<(u32, u32)>]) -> Vec<u32> {
    if of > DOCUMENT_PAGES_MAX {
        return Vec::new();
    }
    let lacking: Vec<u32> = (1..=of).filter(|number| !numbers.contains(&Some((*number, of)))).collect();
    let without_number = numbers.iter().filter(|number| number.is_none()).count();
    if lacking.len() > without_number { lacking } else { Vec::new() }
}

fn sort_page(book: &Contents, reading: &Reading, on: Date, sender: Option<&str>) -> Sorted {
    let words = || reading.lines.iter().flat_map(|line| &line.words);
    let nothing = |kind| Sorted {
        page: reading.page,
        kind,
        findings: Vec::new(),
        facts: Vec::new(),
        begins_order: false,
        marks: PageMarks::default(),
    };
    // a person must look at it: what is on it is not guessed from its beginning
    if is_too_much(reading) {
        return nothing(PaperKind::Unreadable);
    }
    let letters = words().flat_map(|word| word.text.reveal().chars()).filter(|letter| letter.is_alphanumeric());
    let letters = letters.take(LETTERS_MIN).count();
    if letters < LETTERS_MIN {
        let lost = matches!(
            reading.trouble,
            Some(PageTrouble::ReaderFailed | PageTrouble::TimedOut | PageTrouble::TooLarge | PageTrouble::Damaged)
        );
        let kind = if lost || letters > 0 { PaperKind::Unreadable } else { PaperKind::Blank };
        return nothing(kind);
    }
    let page = Context::new(book, reading, on, sender);
    let findings = take::all(&page);
    let has = |field: Field| has(&findings, field);
    let kind = match kind(&page, &findings) {
        kind if kind.is_prescription() && is_blank_form(&page, &findings) => match reading.source {
            Source::TextLayer => PaperKind::Other,
            // a pen's writing may have been passed over whole: a person looks at it
            Source::Ocr => PaperKind::Unreadable,
        },
        // print that names no patient, no complaint and no time orders nothing for anybody
        kind if kind.is_prescription() && reading.source == Source::TextLayer && !is_of_one(&page, &findings) => {
            PaperKind::Other
        }
        PaperKind::Other if reading.source == Source::Ocr && may_be_an_order(&page, &findings) => PaperKind::Order,
        // nobody can say that a page of which so little was read is none of ours
        PaperKind::Other if reading.source == Source::Ocr && page.legibility() < LEGIBLE => PaperKind::Unreadable,
        kind => kind,
    };
    let begins_order = kind.is_prescription() && (has(Field::PatientName) || has(Field::Diagnoses) || has(Field::Plan));
    let marks = PageMarks::of(&page.text.text);
    let asked =
        |fact: &str| book.rules.require.iter().any(|rule| rule.fact.as_deref() == Some(fact) && rule.is_asked_on(on));
    let facts = book.own.facts(&page, asked);
    Sorted { page: reading.page, kind, findings, facts, begins_order, marks }
}

/// More words or letters than any page holds.
pub(in crate::rules) fn is_too_much(reading: &Reading) -> bool {
    let words = || reading.lines.iter().flat_map(|line| &line.words);
    words().nth(WORDS_MAX).is_some() || words().map(|word| word.text.reveal().len()).sum::<usize>() > LETTERS_MAX
}

fn has(findings: &[Finding], field: Field) -> bool {
    let of_field = |finding: &&Finding| finding.field == field;
    findings.iter().filter(of_field).any(|finding| !matches!(finding.value, Value::Signed(false) | Value::Unread))
}

/// Anything of one patient's order stands on the page, read or unread, or a box is ticked.
fn is_of_one(page: &Context, findings: &[Finding]) -> bool {
    let of_one = [
        Field::PatientName,
        Field::PatientBirthDate,
        Field::Diagnoses,
        Field::Frequency,
        Field::WrittenOn,
        Field::ProviderName,
        Field::ProviderSignature,
        Field::PayerClaimNumber,
    ];
    page.ticks.iter().any(|tick| tick.ticked)
        || findings.iter().any(|finding| of_one.contains(&finding.field) && finding.value != Value::Signed(false))
}

/// A form that nobody filled in: it asks, and nothing that could be an answer stands in any of its places. Its title may name the
/// treatment.
fn is_blank_form(page: &Context, findings: &[Finding]) -> bool {
    let asked = [Field::PatientName, Field::PatientBirthDate, Field::Diagnoses, Field::Frequency, Field::WrittenOn];
    let labels: Vec<&Label> = asked.iter().flat_map(|field| page.labels_of(*field)).collect();
    // the treatment in the title, and where the form is to be sent
    let is_printed =
        |field: Field| matches!(field, Field::Plan | Field::PlanBodyAreas | Field::ProviderPhone | Field::ProviderFax);
    // what is printed beside boxes is a choice and no answer
    let printed = |area: &Area| page.ticks.iter().any(|tick| tick.words.words.iter().any(|word| word.area == *area));
    let is_answer = |slot: &Slot| {
        let written = slot.words.iter().filter(|word| !printed(&word.area));
        let letters = written.filter_map(|word| slot.text.get(word.range.clone())).flat_map(str::chars);
        letters.filter(|letter| letter.is_alphanumeric()).count() >= ANSWER_MIN
    };
    labels.len() >= QUESTIONS_MIN
        && findings.iter().all(|finding| is_printed(finding.field) || finding.value == Value::Signed(false))
        && !page.ticks.iter().any(|tick| tick.ticked)
        && !labels.iter().any(|label| {
            // a sentence under the last question is the form's own
            let is_sentence =
                |place: Where, slot: &Slot| place == Where::Below && label.colon && slot.words.len() > ANSWER_WORDS_MAX;
            page.slots(label, 1).iter().any(|(place, slot)| is_answer(slot) && !is_sentence(*place, slot))
        })
}

/// A pad that a pen filled in: who orders and signs was read, and a treatment or a diagnosis; the words that would tell it for an order
/// may be among those that were not. What is missing is told.
fn may_be_an_order(page: &Context, findings: &[Finding]) -> bool {
    let signed = findings.iter().any(|finding| finding.value == Value::Signed(true));
    let points = page.book.rules.document.get(&PaperKind::Order).map(|rule| points(page, findings, rule));
    page.legibility() < SURELY_READ
        && signed
        && has(findings, Field::ProviderName)
        && (has(findings, Field::Plan) || has(findings, Field::Diagnoses) || has(findings, Field::Frequency))
        && points.is_some_and(|points| points >= DOUBTFUL_POINTS_MIN)
}

/// What the signs of a kind add up to.
fn points(page: &Context, findings: &[Finding], rule: &DocumentRule) -> i32 {
    rule.sign.iter().map(|sign| weight(page, findings, sign)).sum()
}

/// The kind whose signs add up to the most above its threshold.
fn kind(page: &Context, findings: &[Finding]) -> PaperKind {
    let above = |(kind, rule): (&PaperKind, &DocumentRule)| (points(page, findings, rule) - rule.threshold, *kind);
    let best = page.book.rules.document.iter().map(above).max_by_key(|(above, _)| *above);
    match best {
        Some((above, kind)) if above >= 0 => kind,
        _ => PaperKind::Other,
    }
}

/// Every kind with what spoke for and against it, the most above its threshold first.
pub(in crate::rules) fn weigh(page: &Context, findings: &[Finding]) -> Vec<KindStory> {
    let story = |(kind, rule): (&PaperKind, &DocumentRule)| {
        let named = |sign: &SignRule| {
            let weight = weight(page, findings, sign);
            let first = || page.found.each(&sign.any).find(|(_, stands)| *stands).map(|(phrase, _)| phrase);
            let name = match sign.found {
                Some(field) => format!("{field} found"),
                None if !sign.found_none.is_empty() => {
                    let names: Vec<String> = sign.found_none.iter().map(ToString::to_string).collect();
                    format!("none of {} found", names.join(", "))
                }
                None => match (first(), sign.lacks.first()) {
                    (None, Some(lacked)) => format!("no {lacked} nor its like"),
                    (phrase, _) => phrase.unwrap_or_default().to_owned(),
                },
            };
            (weight != 0).then_some((name, weight))
        };
        let signs: Vec<(String, i32)> = rule.sign.iter().filter_map(named).collect();
        let points = signs.iter().map(|(_, weight)| weight).sum();
        KindStory { kind: *kind, points, threshold: rule.threshold, signs }
    };
    let mut kinds: Vec<KindStory> = page.book.rules.document.iter().map(story).collect();
    kinds.sort_by_key(|story| story.threshold - story.points);
    kinds
}

/// What a sign adds on this page.
fn weight(page: &Context, findings: &[Finding], sign: &SignRule) -> i32 {
    match sign.found {
        Some(field) if has(findings, field) => sign.weight,
        // its label stands there, with nothing that could be read behind it
        Some(field) if page.labels_of(field).next().is_some() => sign.weight - sign.weight.signum(),
        Some(_) => 0,
        None if !sign.found_none.is_empty() && !lacks_all(page, findings, &sign.found_none) => 0,
        None if page.found.has_any(&sign.lacks) => 0,
        None if sign.any.is_empty() => sign.weight,
        None if !sign.at_top && page.found.has_any(&sign.any) => sign.weight,
        None if sign.at_top && page.found.any(&sign.any).iter().any(|place| at_top(page, place)) => sign.weight,
        None => 0,
    }
}

/// Whether a page that can be read neither gives nor asks for any of these fields.
fn lacks_all(page: &Context, findings: &[Finding], fields: &[Field]) -> bool {
    let is_given = |field: &Field| {
        findings.iter().any(|finding| finding.field == *field && finding.value != Value::Signed(false))
            || page.labels_of(*field).next().is_some()
    };
    page.legibility() >= SURELY_READ && !fields.iter().any(is_given)
}

fn at_top(page: &Context, place: &Range<usize>) -> bool {
    page.text.touching(place).next().is_some_and(|word| word.area.top < page.sheet.height / 3)
}

/// A page that begins nothing of its own runs on from the prescription before it.
fn runs_on(last: &Section, next: &Sorted) -> bool {
    if !last.kind.is_prescription() || next.begins_order && next.kind.is_prescription() && !is_second_page(last, next) {
        return false;
    }
    match next.kind {
        PaperKind::Other => {
            next.findings.iter().any(|finding| finding.value != Value::Unread) && is_second_page(last, next)
        }
        kind => kind.is_prescription(),
    }
}

/// Two pages that say that they follow each other: one of them orders, the other is none of a kind of its own, and they name one
/// patient.
fn is_one_paper(last: &Section, next: &Sorted) -> bool {
    let stands_alone =
        |kind: PaperKind| matches!(kind, PaperKind::CoverSheet | PaperKind::ExplanationOfBenefits | PaperKind::Advert);
    // a cover sheet names no patient; a page with the sender's small print is none
    let is_another = |kind: PaperKind, findings: &[Finding]| {
        stands_alone(kind) && !has(findings, Field::PatientName) && !has(findings, Field::ProviderSignature)
    };
    let one_orders = last.kind.is_prescription() != next.kind.is_prescription();
    one_orders
        && is_one_patient(last, next)
        && !is_another(last.kind, &last.findings)
        && !is_another(next.kind, &next.findings)
}

/// Two pages of one order that count themselves: what the first gives of the patient and the payer the second does not give otherwise.
fn goes_on(last: &Section, next: &Sorted) -> bool {
    let is_whole = |findings: &[Finding]| has(findings, Field::Diagnoses) && has(findings, Field::Frequency);
    let both_order = last.kind.is_prescription() && next.kind.is_prescription();
    both_order
        && is_one_patient(last, next)
        && next.marks.number.is_some()
        && !(is_whole(&last.findings) && is_whole(&next.findings))
}

/// Two pages name one patient, or one of them names none; one of the two may leave the middle initial out.
fn is_one_patient(last: &Section, next: &Sorted) -> bool {
    let ends = |name: &Private<String>| {
        let words: Vec<String> = name.reveal().split_whitespace().map(fold).collect();
        (words.first().cloned(), words.last().cloned())
    };
    patient(&last.findings).zip(patient(&next.findings)).is_none_or(|(before, after)| ends(before) == ends(after))
}

fn patient(findings: &[Finding]) -> Option<&Private<String>> {
    findings.iter().find_map(|finding| match (&finding.value, finding.field) {
        (Value::Name(name), Field::PatientName) => Some(&name.full),
        _ => None,
    })
}

/// No patient of its own or the same one, and it brings what the page before lacks.
fn is_second_page(last: &Section, next: &Sorted) -> bool {
    let same_patient = match (patient(&last.findings), patient(&next.findings)) {
        (Some(before), Some(after)) => before == after,
        (_, None) => true,
        (None, Some(_)) => false,
    };
    let has = |findings: &[Finding], field: Field| {
        findings.iter().any(|finding| finding.field == field && finding.value != Value::Unread)
    };
    let brings_twice = [Field::Diagnoses, Field::Frequency, Field::WrittenOn]
        .iter()
        .filter(|field| has(&last.findings, **field) && has(&next.findings, **field))
        .count();
    same_patient && brings_twice < 2
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::PageMarks;
    use crate::model::{Area, Line, PaperKind, Private, Reading, Section, Source, Word};
    use crate::rules::Book;

    /// The sections of pages that OCR read so surely.
    fn sorted(pages: &[&str], confidence: f32) -> Vec<Section> {
        let word = |row: usize, at: usize, text: &str| {
            let (left, top) = (at as u32 * 20, row as u32 * 60);
            let area = Area::new(left, top, left + text.len() as u32 * 20, top + 40);
            Word { text: Private::from(text), area, confidence, also: Vec::new(), struck_out: false }
        };
        let line = |(row, text): (usize, &str)| {
            let starts = text
                .char_indices()
                .filter(|(at, letter)| !letter.is_whitespace() && (*at == 0 || text.as_bytes()[at - 1] == b' '));
            let words = starts.map(|(at, _)| word(row, at, text.split_at(at).1.split(' ').next().unwrap()));
            Line { words: words.collect() }
        };
        let page = |(nth, text): (usize, &&str)| Reading {
            page: nth as u32 + 1,
            width: 1700,
            height: 2200,
            rotated: 0,
            fax_header: None,
            source: Source::Ocr,
            trouble: None,
            lines: text.lines().enumerate().map(line).collect(),
            marks: Vec::new(),
        };
        let readings: Vec<Reading> = pages.iter().enumerate().map(page).collect();
        Book::built_in().sort(&readings, date(2026, 11, 2))
    }

    #[test]
    fn pages_of_one_order_that_count_themselves_are_one() {
        let first = "MASSAGE THERAPY ORDER page 1 of 2\nPatient: Maria Lopez  DOB: 03/02/1984\nClaim no: 44-2211-B90";
        let second = |name: &str| {
            format!(
                "MASSAGE THERAPY ORDER page 2 of 2\nPatient: {name}\nDx: M54.2\nCPT: 97124\nFrequency: 2x/week x 4 weeks"
            )
        };
        assert_eq!(sorted(&[first, &second("Maria A Lopez")], 0.95).len(), 1);
        assert_eq!(sorted(&[first, &second("Brian Wolf")], 0.95).len(), 2);
    }

    #[test]
    fn a_page_that_did_not_come_is_lacking() {
        let page = |number: u32| {
            format!(
                "MASSAGE THERAPY ORDER page {number} of 3\nPatient: Maria Lopez\nDx: M54.2\nCPT: 97124\n2x/week x 4 weeks"
            )
        };
        let (first, second, third) = (page(1), page(2), page(3));
        let lacking = |pages: &[&str]| sorted(pages, 0.95).remove(0).pages_lacking;
        assert_eq!(lacking(&[&first, &third]), [2]);
        assert_eq!(lacking(&[&first]), [2, 3]);
        assert_eq!(lacking(&[&first, &second, &third]), Vec::<u32>::new());
        // its back or its foot may not have been read
        assert_eq!(
            lacking(&[&first, &third, "Ask the patient how the neck feels after each visit"]),
            Vec::<u32>::new()
        );
        assert_eq!(lacking(&[&first.replace("1 of 3", "1 of 12")]), Vec::<u32>::new(), "a batch is counted");
    }

    #[test]
    fn a_signed_page_that_was_read_poorly_is_an_order() {
        let pad = "Ada Roux, MD\nFOR Maria Lopez\nDx M54.2 rnyofsc\n/s/ Ada Roux, MD";
        assert_eq!(sorted(&[pad], 0.8)[0].kind, PaperKind::Order);
        assert_ne!(sorted(&[pad], 0.95)[0].kind, PaperKind::Order);
    }

    #[test]
    fn pages_that_count_themselves_follow_each_other() {
        let page = PageMarks::of;
        assert!(page("Riverbend  Page 1 of 2").leads_to(page("Riverbend  page 2/2")));
        assert!(!page("Page 1 of 2").leads_to(page("Page 1 of 2")));
        assert!(!page("Page 1 of 2").leads_to(page("Page 2 of 3")));
        // a fax service counts the pages of a whole batch
        assert!(!page("Page 1 of 12").leads_to(page("Page 2 of 12")));
    }

    #[test]
    fn a_page_says_that_it_goes_on() {
        let page = PageMarks::of;
        assert!(page("(continued)").leads_to(page("My working diagnoses are:")));
        assert!(page("Dear Tina,").leads_to(page("Stephen Vasquez\nPage 2\nI prescribe")));
        assert!(!page("Dear Tina,").leads_to(page("I prescribe")));
    }
}
