//! In: a word of a schedule in Spanish or French. Out: the English one that stands for it.
//!
//! Only words that a schedule needs and that English has none of alike; "por" and "par" say "per" or "for" by what follows.

use std::borrow::Cow;

use super::token::{Kind, Token};
use super::words;

/// The English word: "semanas" is "weeks", "fois" is "times".
pub(super) fn english(word: &str) -> Option<&'static str> {
    Some(match word {
        "vez" | "veces" | "fois" => "times",
        "semana" | "semaine" => "week",
        "semanas" | "semaines" => "weeks",
        "mes" | "mois" => "month",
        "meses" => "months",
        "día" | "dia" | "jour" => "day",
        "días" | "dias" | "jours" => "days",
        "minutos" => "minutes",
        "sesión" | "sesion" | "séance" | "seance" => "session",
        "sesiones" | "séances" | "seances" => "sessions",
        "visitas" | "visites" => "visits",
        "semanal" | "semanalmente" | "hebdomadaire" => "weekly",
        "mensual" | "mensuel" => "monthly",
        "cada" | "chaque" | "toutes" | "tous" => "every",
        "durante" | "pendant" | "pour" | "para" => "for",
        "una" | "une" | "uno" => "one",
        "dos" | "deux" => "two",
        "tres" | "trois" => "three",
        "cuatro" | "quatre" => "four",
        "cinco" | "cinq" => "five",
        "seis" => "six",
        "siete" => "seven",
        "ocho" | "huit" => "eight",
        "diez" | "dix" => "ten",
        "doce" | "douze" => "twelve",
        _ => return None,
    })
}

/// A word in lower case; most words are that already.
fn lower(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        word.into()
    } else {
        word.to_lowercase().into()
    }
}

/// "por semana" is "per week" and "por 6 semanas" is "for 6 weeks"; the articles of "a la semana", "al mes", "toutes les" are
/// dropped, and "1 a 2 veces" is a range.
pub(super) fn join(text: &str, tokens: &mut Vec<Token>) {
    let printed = |token: &Token| text.get(token.span.clone()).unwrap_or_default();
    let raw = |token: &Token| lower(printed(token));
    // another word stands for it
    let is_foreign = |token: &Token| {
        let is_other = token.word().is_some_and(|word| !word.eq_ignore_ascii_case(printed(token)));
        is_other && english(&raw(token)).is_some()
    };
    if !tokens.iter().any(is_foreign) {
        return;
    }
    let is_number =
        |token: &Token| matches!(token.kind, Kind::Number(_)) || token.word().and_then(words::count).is_some();
    for at in 0..tokens.len() {
        let Some(here) = tokens.get(at) else { break };
        let next = tokens.get(at + 1).is_some_and(is_number);
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(is_number);
        let said = match &*raw(here) {
            "por" | "par" if next => "for",
            "por" | "par" | "al" => "per",
            "a" if next && before => "to",
            "a" => "per",
            "o" | "ou" if next => "or",
            _ => continue,
        };
        if let Some(token) = tokens.get_mut(at) {
            token.kind = Kind::Word(said.to_owned());
        }
    }
    tokens.retain(|token| !matches!(&*raw(token), "la" | "le" | "les" | "las"));
}
