//! In: the text of a rule file. Out: where its phrases stand, so that each is not searched for from the file's beginning.

use rustc_hash::FxHashMap;

/// The places of a rule file's phrases and lines.
pub(in crate::rules) struct Places<'t> {
    text: &'t str,
    /// What stands between two quotation marks with none between them, to the byte of the first mark; of two alike the first.
    quoted: FxHashMap<&'t str, usize>,
    /// The bytes at which lines end.
    line_ends: Vec<usize>,
}

impl<'t> Places<'t> {
    pub(in crate::rules) fn of(text: &'t str) -> Self {
        let marks: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
        let mut quoted = FxHashMap::default();
        for (from, to) in marks.iter().zip(marks.iter().skip(1)) {
            quoted.entry(text.get(from + 1..*to).unwrap_or_default()).or_insert(*from);
        }
        Self { text, quoted, line_ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The whole text.
    pub(in crate::rules) fn text(&self) -> &'t str {
        self.text
    }

    /// The byte at which a phrase stands first: in quotation marks, else anywhere; 0 where it stands nowhere.
    pub(in crate::rules) fn find(&self, phrase: &str) -> usize {
        let quoted = match phrase.contains('"') {
            true => self.text.find(&format!("\"{phrase}\"")),
            false => self.quoted.get(phrase).copied(),
        };
        quoted.or_else(|| self.text.find(phrase)).unwrap_or(0)
    }

    /// The line of a byte, from 1.
    pub(in crate::rules) fn line(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn a_phrase_is_found_where_it_is_quoted() {
        let text = "Name of\nlabels = [\"Name\", \"DOB\"]\nwords = [\"DOB\"]\n";
        let places = Places::of(text);
        for (phrase, line) in [("Name", 2), ("DOB", 2), ("of", 1), ("words", 3), ("nowhere", 1)] {
            assert_eq!(places.line(places.find(phrase)), line, "{phrase}");
        }
    }
}
