//! In: what the TOML parser says of a mistake. Out: the same in the words of whoever keeps the rules.

use crate::written::FaultKind;
use crate::written::text::Statement;

/// What is no TOML: `statement` holds it, and `ink` begins with it.
pub(super) fn syntax_in_plain_words(message: &str, statement: Option<&Statement>, ink: &str) -> String {
    let message = message.lines().collect::<Vec<_>>().join("; ");
    let Some(statement) = statement else { return message };
    let line = ink.lines().next().unwrap_or_default();
    let value = statement.ink.split_once('=').map(|(_, value)| value.split('#').next().unwrap_or_default().trim());
    let is_value = |words: &[&str]| value.is_some_and(|value| words.contains(&value.to_lowercase().as_str()));
    if statement.is_open {
        return "this list has no closing bracket: ]".to_owned();
    }
    if statement.is_header() {
        let name = statement.ink.trim_matches(['[', ']']);
        return match message.as_str() {
            "duplicate key" => {
                format!("[{name}] can stand only once; where there can be several, write two brackets: [[{name}]]")
            }
            _ => format!("a header stands in brackets, as many before it as behind it: [[{name}]] ({message})"),
        };
    }
    if line.starts_with(['“', '”', '„', '‘', '’', '«', '»']) {
        return "these quotes are curly, as Word and Notes make them: write straight ones (\")".to_owned();
    }
    if is_value(&["yes", "no", "on", "off", "true", "false"]) {
        return "write true or false, in small letters and without quotes".to_owned();
    }
    if value == Some("") {
        return "a value is missing behind the equals sign".to_owned();
    }
    match message.as_str() {
        "duplicate key" => "this key stands twice in its block; delete one of the two".to_owned(),
        what if what.starts_with("missing comma") => "a comma is missing before this".to_owned(),
        what if what.starts_with("key with no value") => {
            "an equals sign is missing behind the name: name = \"text\"".to_owned()
        }
        what if what.contains("multi-line") => {
            "a text that begins with \"\"\" has no end: it ends with \"\"\" in a line of its own".to_owned()
        }
        what if what.starts_with("invalid basic string") || what.starts_with("invalid literal string") => {
            "this text has no closing quote".to_owned()
        }
        what if what.starts_with("string values must be quoted") => "a text stands in quotes: \"text\"".to_owned(),
        _ => message,
    }
}

/// What is wrong with a key or a value, and `ink`, as it is written.
pub(super) fn in_plain_words(message: &str, ink: &str) -> (FaultKind, String) {
    let message = message.lines().collect::<Vec<_>>().join("; ");
    let hint = nearest(&message).map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
    let kind = if message.starts_with("unknown field") { FaultKind::UnknownKey } else { FaultKind::Value };
    let expected = message.split_once("expected ").map(|(_, expected)| expected);
    let header = ink.trim_matches(['[', ']']);
    let what = match expected {
        Some("a sequence") if ink.starts_with('[') && message.starts_with("invalid type: map") => {
            format!("there can be several of these: write two brackets, [[{header}]]")
        }
        Some("a sequence") => "a list is expected, in square brackets: [\"one\", \"another\"]".to_owned(),
        Some(_) if ink.starts_with("[[") && message.starts_with("invalid type: sequence") => {
            format!("there is only one of these: write one bracket, [{header}]")
        }
        Some(_) if is_day(ink) => format!("a day stands in quotes: \"{ink}\""),
        Some("a boolean") => "write true or false, in small letters and without quotes".to_owned(),
        Some("i32" | "i64" | "u8" | "u16" | "u32" | "u64") => {
            format!("{ink} is not right here: a whole number is expected, without quotes")
        }
        Some("a string") if !ink.starts_with('[') => format!("{ink} is not right here: a text is expected, in quotes"),
        Some("a string") => "a text is expected, in quotes".to_owned(),
        _ => message.clone(),
    };
    (kind, what + &hint)
}

/// "2026-11-02" without its quotes.
fn is_day(ink: &str) -> bool {
    let parts: Vec<&str> = ink.split('-').collect();
    parts.len() == 3 && parts.iter().all(|part| part.len() >= 2 && part.chars().all(|letter| letter.is_ascii_digit()))
}

/// From "unknown field `labls`, expected one of `title`, `labels`": the allowed key that is nearest to the unknown one.
fn nearest(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown").then(|| quoted.next())??;
    let best = quoted.max_by(|a, b| strsim::jaro_winkler(unknown, a).total_cmp(&strsim::jaro_winkler(unknown, b)))?;
    (strsim::jaro_winkler(unknown, best) > 0.75).then(|| best.to_owned())
}
