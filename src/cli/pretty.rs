//! What a paper says, for people at a terminal.

use std::io::{self, Write};

use crate::model::{Diagnosis, Frequency, Gap, GapLevel, OtherPage, Paper, PaperKind, Payer, PayerKind, Prescription};

/// Prints one paper under its path.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn print(path: &str, paper: &Paper, out: &mut impl Write) -> io::Result<()> {
    let pages = if paper.pages == 1 { "1 page".to_owned() } else { format!("{} pages", paper.pages) };
    writeln!(out, "{path}  ({pages})")?;
    if let Some(error) = &paper.error {
        writeln!(out, "  {}", error.message)?;
    }
    for OtherPage { pages, kind } in &paper.other_pages {
        writeln!(out, "  {}: {}", numbers(pages), kind_words(*kind))?;
    }
    for prescription in &paper.prescriptions {
        print_prescription(prescription, out)?;
    }
    writeln!(out)
}

/// The words for a kind of paper, as staff say them.
pub fn kind_words(kind: PaperKind) -> &'static str {
    match kind {
        PaperKind::Order => "prescription",
        PaperKind::LetterOfMedicalNecessity => "letter of medical necessity",
        PaperKind::PlanOfCare => "signed plan of care",
        PaperKind::CoverSheet => "cover sheet",
        PaperKind::Clearance => "medical clearance, no order",
        PaperKind::Authorization => "payer's authorization, no order",
        PaperKind::RecordsRequest => "records request",
        PaperKind::ExplanationOfBenefits => "explanation of benefits",
        PaperKind::LabReport => "lab report",
        PaperKind::Advert => "advert",
        PaperKind::Blank => "blank page",
        PaperKind::Unreadable => "unreadable page",
        PaperKind::Other => "other paper",
    }
}

fn print_prescription(prescription: &Prescription, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "  {}: {}", numbers(&prescription.pages), kind_words(prescription.kind))?;
    let patient = &prescription.patient;
    row(out, "Patient", patient.name.as_ref().map(|name| name.reveal().clone()))?;
    row(out, "Born", patient.birth_date.as_ref().map(|date| date.reveal().to_string()))?;
    row(out, "Diagnoses", join(prescription.diagnoses.iter().map(diagnosis_words)))?;
    let procedures = prescription.plan.procedures.iter().filter_map(|procedure| {
        let code = procedure.code.as_ref()?;
        Some(procedure.units.map_or(code.clone(), |units| format!("{code} ({units} units)")))
    });
    let words = prescription.plan.text.as_ref().map(|text| text.reveal().clone());
    row(out, "Plan", join(procedures.chain(words)))?;
    if let Some(areas) = join(prescription.plan.body_areas.iter().cloned()) {
        row(out, "Areas", Some(areas))?;
    }
    row(out, "Frequency", prescription.frequency.as_ref().map(frequency_words))?;
    row(out, "Payer", payer_words(&prescription.payer))?;
    let provider = &prescription.provider;
    let provider_words = provider.name.iter().map(|name| name.reveal().clone()).chain(provider.credential.clone());
    row(out, "Provider", join(provider_words.chain(provider.npi.iter().map(|npi| format!("NPI {npi}")))))?;
    let signed = provider.signed.map(|signed| if signed { "yes" } else { "no" }.to_owned());
    row(out, "Signed", signed)?;
    row(out, "Written on", prescription.written_on.map(|date| date.to_string()))?;
    row(out, "Good until", prescription.expires_on.map(|date| date.to_string()))?;
    for Gap { field, level, tell, .. } in &prescription.gaps {
        let level = match level {
            GapLevel::Stop => "STOP",
            GapLevel::Warn => "WARN",
            GapLevel::Note => "note",
        };
        writeln!(out, "    {level:4} {field}: {tell}")?;
    }
    let doubts = prescription.doubts.iter().map(|field| match prescription.reasons.get(field) {
        Some(reasons) => format!("{} ({})", field.words(), reasons.join("; ")),
        None => field.words().to_owned(),
    });
    if let Some(doubts) = join(doubts) {
        writeln!(out, "    Check against the picture: {doubts}")?;
    }
    let ready = match (prescription.ready_to_treat, prescription.ready_to_bill) {
        (true, true) => "Ready to treat, ready to bill.",
        (true, false) => "Ready to treat, not ready to bill.",
        (false, _) => "Not ready to treat.",
    };
    writeln!(out, "    {ready}")
}

fn row(out: &mut impl Write, label: &str, value: Option<String>) -> io::Result<()> {
    writeln!(out, "    {label:11} {}", value.as_deref().unwrap_or("-"))
}

fn join(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn diagnosis_words(diagnosis: &Diagnosis) -> String {
    let said: Vec<&str> = [diagnosis.code.as_deref(), diagnosis.text.as_deref()].into_iter().flatten().collect();
    let instead = match diagnosis.instead.as_slice() {
        [] => String::new(),
        codes => format!(" (ask for {})", codes.join(" or ")),
    };
    said.join(" ") + &instead
}

fn frequency_words(frequency: &Frequency) -> String {
    let visits = match (frequency.visits, frequency.visits_max) {
        (Some(low), Some(high)) if low == high => format!(" ({low} visits)"),
        (Some(low), Some(high)) => format!(" ({low} to {high} visits)"),
        (None, Some(high)) => format!(" (up to {high} visits)"),
        (Some(low), None) => format!(" (at least {low} visits)"),
        (None, None) => String::new(),
    };
    format!("{}{visits}", frequency.text.reveal())
}

/// What staff call who pays.
pub(in crate::cli) fn payer_name(kind: PayerKind) -> &'static str {
    match kind {
        PayerKind::Auto => "auto insurance",
        PayerKind::WorkersComp => "workers' compensation",
        PayerKind::HealthPlan => "health plan",
        PayerKind::Va => "Veterans Affairs",
        PayerKind::HsaFsa => "HSA or FSA",
        PayerKind::SelfPay => "the patient",
    }
}

fn payer_words(payer: &Payer) -> Option<String> {
    let kind = payer.kind.map(|kind| payer_name(kind).to_owned());
    let claim = payer.claim_number.iter().map(|number| format!("claim {}", number.reveal()));
    let injury = payer.date_of_injury.iter().map(|date| format!("injured {}", date.reveal()));
    join(kind.into_iter().chain(payer.insurer.clone()).chain(claim).chain(injury))
}

fn numbers(pages: &[u32]) -> String {
    match pages {
        [] => "no page".to_owned(),
        [only] => format!("page {only}"),
        [first, .., last] => format!("pages {first} to {last}"),
    }
}
