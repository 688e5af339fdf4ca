//! A line as a service writes it, with names for what changes: `eFax message from "{station}" - {pages} page(s)`.

use regex::{Regex, RegexBuilder};

/// Longest template, in bytes: a person writes it.
const TEMPLATE_BYTES_MAX: usize = 400;
/// Largest compiled template, in bytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// What a template can name.
const NAMES: [&str; 5] = ["number", "station", "name", "pages", "any"];

/// A template, ready to be held against lines.
#[derive(Debug, Clone)]
pub(in crate::intake::senders) struct Template(Regex);

/// What a line said in the places that its template names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::intake::senders) struct Said {
    pub(in crate::intake::senders) number: Option<String>,
    pub(in crate::intake::senders) station: Option<String>,
    pub(in crate::intake::senders) name: Option<String>,
    pub(in crate::intake::senders) pages: Option<u32>,
}

impl Template {
    /// Small and capital letters are the same, and so is any white space.
    ///
    /// # Errors
    /// What is wrong with it, for the person who wrote it.
    pub(in crate::intake::senders) fn new(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() || text.len() > TEMPLATE_BYTES_MAX {
            return Err(format!("a line must have between 1 and {TEMPLATE_BYTES_MAX} letters"));
        }
        let mut pattern = String::from(r"^\s*");
        let mut named: Vec<&str> = Vec::new();
        let mut rest = text.trim();
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or("a { has no }")?;
            if !NAMES.contains(&name) {
                return Err(format!("{{{name}}} is not known; there are {{{}}}", NAMES.join("}, {")));
            }
            if name != "any" && named.contains(&name) {
                return Err(format!("{{{name}}} stands there twice"));
            }
            named.push(name);
            pattern.push_str(&literal(before));
            pattern.push_str(&match name {
                "pages" => r"(?P<pages>\d{1,5})".to_owned(),
                "any" => ".*?".to_owned(),
                name => format!("(?P<{name}>.*?)"),
            });
            rest = after;
        }
        pattern.push_str(&literal(rest));
        pattern.push_str(r"\s*$");
        let built = RegexBuilder::new(&pattern).case_insensitive(true).size_limit(COMPILED_BYTES_MAX).build();
        built.map(Self).map_err(|_| "the line is too long".to_owned())
    }

    /// What `line` says, if it is of this form.
    pub(in crate::intake::senders) fn read(&self, line: &str) -> Option<Said> {
        let found = self.0.captures(line)?;
        let text = |name| found.name(name).map(|found| found.as_str().trim().to_owned());
        let pages = text("pages").and_then(|pages| pages.parse().ok());
        Some(Said { number: text("number"), station: text("station"), name: text("name"), pages })
    }
}

/// White space of any length is the same.
fn literal(text: &str) -> String {
    let mut pattern = String::new();
    let mut in_space = false;
    for letter in text.chars() {
        if letter.is_whitespace() {
            if !in_space {
                pattern.push_str(r"\s+");
            }
        } else {
            pattern.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
        }
        in_space = letter.is_whitespace();
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_named_and_the_rest_must_stand_there() {
        let template = Template::new("Fax from \"{station}\" - {pages} page(s), Caller-ID: {number}").unwrap();
        let said = template.read("FAX from \"17045550100\"  - 12 page(s), caller-id: 1-704-555-0101 ").unwrap();
        assert_eq!((said.station.as_deref(), said.number.as_deref()), (Some("17045550100"), Some("1-704-555-0101")));
        assert_eq!(said.pages, Some(12));
        assert_eq!(template.read("Fax from \"1\" - many page(s), Caller-ID: 2"), None);
        assert_eq!(template.read("Re: Fax from \"1\" - 1 page(s), Caller-ID: 2"), None, "the whole line counts");
    }

    #[test]
    fn a_wrong_template_is_told() {
        assert!(Template::new("from {nummer}").unwrap_err().contains("{number}"));
        assert!(Template::new("from {number} and {number}").unwrap_err().contains("twice"));
        assert!(Template::new("from {number").unwrap_err().contains('}'));
        assert!(Template::new(" ").is_err());
    }
}
