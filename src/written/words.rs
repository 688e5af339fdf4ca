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
    if statement.is_open || message.starts_with("unclosed array, ") {
        return "this list has no closing bracket: ]".to_owned();
    }
    if let Some(first) = ink.chars().next().filter(|first| is_invisible(*first) && !first.is_ascii_whitespace()) {
        let number = u32::from(first);
        return format!(
            "here stands a sign that nobody sees (U+{number:04X}), as Word and web pages make them: delete it, and type a blank where \
             one belongs"
        );
    }
    if line.starts_with(['“', '”', '„', '‘', '’', '«', '»']) {
        return "these quotes are curly, as Word and Notes make them: write straight ones (\")".to_owned();
    }
    if statement.is_header() {
        let header = statement.ink.lines().next().unwrap_or_default().split('#').next().unwrap_or_default().trim();
        let name = header.trim_matches(['[', ']', ' ']);
        let (open, close) = if header.starts_with("[[") { ("[[", "]]") } else { ("[", "]") };
        return match message.as_str() {
            "duplicate key" => format!(
                "[{name}] stands in this file already, and can stand only once: put these lines there; or, where there can be \
                 several, write two brackets: [[{name}]]"
            ),
            _ if header.matches('[').count() != header.matches(']').count() || header.starts_with("[[[") => {
                format!("a header stands in brackets, as many before it as behind it: {open}{name}{close}")
            }
            what if what.starts_with("unexpected key or value") => {
                "a header has its line for itself; what is said behind it begins with #".to_owned()
            }
            _ => format!(
                "this is no header: {open}name{close}, and in quotes where the name has other signs than letters, \
                          digits, - and _ ({message})"
            ),
        };
    }
    if is_value(&["yes", "no", "on", "off", "true", "false"]) {
        return "write true or false, in small letters and without quotes".to_owned();
    }
    if value == Some("") {
        return "a value is missing behind the equals sign".to_owned();
    }
    match message.as_str() {
        "duplicate key" => "this key stands twice in its block; delete one of the two".to_owned(),
        what if what.starts_with("missing escaped value") => {
            "in double quotes a backslash begins a special sign: write the text in single quotes, '…'".to_owned()
        }
        what if what.starts_with("invalid unquoted key") && line.starts_with(':') => {
            "write an equals sign in the place of the colon: name = \"text\"".to_owned()
        }
        what if what.contains("unquoted key") || what.starts_with("invalid key-value pair") => {
            "this is no name: a name has letters, digits, - and _, and behind it an equals sign; a comment begins with #"
                .to_owned()
        }
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

/// Signs that look like a blank or like nothing.
pub(super) fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || letter.is_whitespace() && !letter.is_ascii()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What is wrong with a key or a value, and `ink`, as it is written.
pub(super) fn in_plain_words(message: &str, ink: &str) -> (FaultKind, String) {
    let message = message.lines().collect::<Vec<_>>().join("; ");
    let hint = nearest(&message).map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
    let kind = if message.starts_with("unknown field") { FaultKind::UnknownKey } else { FaultKind::Value };
    let expected = message.split_once("expected ").map(|(_, expected)| expected);
    let header = ink.trim_matches(['[', ']']);
    if let Some(name) = expected.and_then(|names| longer_name(&message, names)) {
        return (kind, format!("a name with a full stop in it stands in quotes: \"{name}\""));
    }
    let what = match expected {
        Some("a sequence") if ink.starts_with('[') && message.starts_with("invalid type: map") => {
            format!("there can be several of these: write two brackets, [[{header}]]")
        }
        Some("a sequence") => "a list is expected, in square brackets: [\"one\", \"another\"]".to_owned(),
        Some(_) if ink.starts_with("[[") && message.starts_with("invalid type: sequence") => {
            format!("there is only one of these: write one bracket, [{header}]")
        }
        Some("an array of length 2") => "two texts are expected: [\"before it\", \"behind it\"]".to_owned(),
        Some(_) if is_day(ink) => format!("a day stands in quotes: \"{ink}\""),
        Some("a boolean") => "write true or false, in small letters and without quotes".to_owned(),
        Some("i32" | "i64" | "u8" | "u16" | "u32" | "u64") => {
            format!("{ink} is not right here: a whole number is expected, without quotes")
        }
        Some("a string") if !ink.starts_with('[') => format!("{ink} is not right here: a text is expected, in quotes"),
        Some("a string") => "a text is expected, in quotes".to_owned(),
        _ if message.starts_with("failed to parse") || message.starts_with("parsed date") => {
            format!("{ink} is no day of the calendar: write year, month and day, \"2026-11-02\"")
        }
        _ => match message.strip_prefix("missing field ") {
            Some(name) => format!("{name} is missing in this block: write it into a line below"),
            None => message.clone(),
        },
    };
    (kind, what + &hint)
}

/// From "unknown variant `payer`, expected one of `plan`, `payer.kind`": a name that begins with the unknown one and a full stop.
fn longer_name<'m>(message: &str, names: &'m str) -> Option<&'m str> {
    let unknown = message.strip_prefix("unknown variant `")?.split('`').next()?;
    let begins = |name: &&str| name.strip_prefix(unknown).is_some_and(|rest| rest.starts_with('.'));
    names.split('`').skip(1).step_by(2).find(begins)
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
