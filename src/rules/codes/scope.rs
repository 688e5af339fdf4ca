//! In: the words around a code, and those of `[not_present]` in the rule files. Out: whether the patient has it. A small ConText (Harkema et al., J Biomed Inform 42,
//! 2009): cues before and behind, and what ends their reach. "No", "not" and "without" belong to titles as well ("not
//! intractable"), so that they count only directly before a code or before words that are its title.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::rules::schema::NotPresentRule;

/// What the words around a code say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Scope {
    /// The patient has it.
    Present,
    /// The patient does not have it, or somebody else has it.
    RuledOut,
    /// The patient had it.
    History,
    /// They may say that the patient does not have it.
    Doubtful,
}

/// How a cue before a code is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cue {
    RulesOut,
    /// Also a part of titles.
    Denies,
    Past,
    /// Outpatient codes are not given for what is only suspected (ICD-10-CM Official Guidelines, IV.H).
    Suspects,
}

/// What ends the reach of a cue, beside the words of the rule files.
const ENDS: [&str; 6] = ["\n", ";", "  ", ". ", "? ", "•"];

/// The words of `[not_present]`, lower case.
pub(in crate::rules) struct Scopes {
    before: Vec<(String, Cue)>,
    /// For those before a code, by their places in `before`.
    search_before: AhoCorasick,
    behind: Vec<(String, Scope)>,
    /// For those behind a code, by their places in `behind`.
    search_behind: AhoCorasick,
    ends: AhoCorasick,
    fillers: Vec<String>,
}

impl Scopes {
    pub(in crate::rules) fn new(rule: &NotPresentRule) -> Self {
        let lower = |list: &[String]| list.iter().map(|cue| cue.to_lowercase()).collect::<Vec<_>>();
        let cues = [
            (&rule.rules_out, Cue::RulesOut),
            (&rule.denies, Cue::Denies),
            (&rule.past, Cue::Past),
            (&rule.suspects, Cue::Suspects),
        ];
        let before = cues.into_iter().flat_map(|(list, cue)| lower(list).into_iter().map(move |word| (word, cue)));
        let closing = [(&rule.ruled_out_behind, Scope::RuledOut), (&rule.doubtful_behind, Scope::Doubtful)];
        let behind =
            closing.into_iter().flat_map(|(list, scope)| lower(list).into_iter().map(move |word| (word, scope)));
        let own = lower(&rule.ends).into_iter().map(|word| format!(" {word} "));
        let ends = ENDS.iter().map(|end| (*end).to_owned()).chain(own);
        let before: Vec<(String, Cue)> = before.collect();
        let behind: Vec<(String, Scope)> = behind.collect();
        Self {
            search_before: search_for(before.iter().map(|(cue, _)| cue.clone())),
            before,
            search_behind: search_for(behind.iter().map(|(cue, _)| cue.clone())),
            behind,
            ends: search_for(ends),
            fillers: lower(&rule.fillers),
        }
    }

    /// What the words around the code at `spans[index]` of a text in lower case say of it, `last` being what was said of the code
    /// before it. `is_title` says whether words are the title of the code, `title` is the listed one.
    pub(in crate::rules) fn of(
        &self,
        lower: &str,
        spans: &[Range<usize>],
        index: usize,
        last: Scope,
        title: Option<&str>,
        is_title: impl Fn(&str) -> bool,
    ) -> Scope {
        let span = &spans[index];
        if is_asked(lower, span) {
            return Scope::Doubtful;
        }
        let clause = self.behind_last_end(lower.get(..span.start).unwrap_or_default());
        let clause_start = span.start - clause.len();
        let before = index.checked_sub(1).map(|at| spans[at].end).filter(|end| clause_start < *end);
        // what stands between the code before it in the same clause and this one
        let own = before.and_then(|end| lower.get(end..span.start)).unwrap_or(clause);
        let said = match self.nearest(own) {
            Some((cue, lead, between)) => self.by_cue(cue, lead, between, title, &is_title),
            // "M50.20 ruled out, M54.2": what was said of the one before is said behind it
            None if self.behind(own, true) != Scope::Present => Scope::Present,
            None if before.is_some() && last != Scope::Present => match own.contains(" or ") {
                true => last,
                false => Scope::Doubtful,
            },
            None => Scope::Present,
        };
        let next = spans.get(index + 1).map_or(lower.len(), |next| next.start);
        let behind = || self.behind(lower.get(span.end..next).unwrap_or_default(), next < lower.len());
        match said {
            Scope::Present => behind(),
            Scope::Doubtful if behind() == Scope::RuledOut => Scope::RuledOut,
            said => said,
        }
    }

    /// What words say that begin with a cue: "rule out radiculopathy", "no fracture", "history of low back pain".
    pub(in crate::rules) fn opens(&self, words: &str) -> Scope {
        let lower = words.trim_start().to_ascii_lowercase();
        let opens = |cue: &str| {
            let rest = lower.strip_prefix(cue);
            rest.is_some_and(|rest| rest.chars().next().is_none_or(|next| !next.is_alphanumeric()))
        };
        let longest = self.before.iter().filter(|(cue, _)| opens(cue)).max_by_key(|(cue, _)| cue.len());
        // "history of a fall, neck pain"
        let one = !lower.contains([',', ';']);
        match longest.map(|(_, cue)| *cue) {
            Some(Cue::RulesOut | Cue::Suspects) => Scope::RuledOut,
            Some(Cue::Denies) if one => Scope::RuledOut,
            Some(Cue::Past) if one => Scope::History,
            _ if lower.starts_with('?') => Scope::Doubtful,
            _ => Scope::Present,
        }
    }

    /// Words without the cue at their end, which speaks of what follows: "Cervicalgia, R/O".
    pub(in crate::rules) fn without_cue<'a>(&self, words: &'a str) -> &'a str {
        let lower = words.to_ascii_lowercase();
        let last = self.search_before.find_overlapping_iter(&lower).filter(|cue| cue.end() == lower.len());
        let cut = last.map(|cue| cue.start()).min();
        let alone =
            |at: &usize| !lower.get(..*at).is_some_and(|lead| lead.ends_with(|letter: char| letter.is_alphanumeric()));
        match cut.filter(alone).and_then(|at| words.get(..at)) {
            Some(rest) => rest.trim_end_matches(|letter: char| !letter.is_alphanumeric()),
            None => words,
        }
    }

    fn by_cue(
        &self,
        cue: Cue,
        lead: &str,
        between: &str,
        title: Option<&str>,
        is_title: &impl Fn(&str) -> bool,
    ) -> Scope {
        let mut words = between.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let direct = words.all(|word| self.fillers.iter().any(|filler| filler == word));
        let named = !direct && is_title(between);
        match cue {
            Cue::RulesOut if direct || named => Scope::RuledOut,
            Cue::RulesOut => Scope::Doubtful,
            Cue::Past if direct || named => Scope::History,
            Cue::Suspects if direct || named => Scope::Doubtful,
            // "2 No", "Yes/No": an answer
            Cue::Denies if direct && lead.trim_end().ends_with(['/', '?', '#']) => Scope::Present,
            Cue::Denies if direct => Scope::RuledOut,
            Cue::Denies if named && !title.is_some_and(negates) => match lead.chars().any(char::is_alphabetic) {
                true => Scope::Doubtful,
                false => Scope::RuledOut,
            },
            Cue::Past | Cue::Suspects | Cue::Denies => Scope::Present,
        }
    }

    /// What is said behind a code, up to the next one or the end of the clause. `goes_on`: another code follows, to which words that
    /// stand directly before it belong.
    fn behind(&self, rest: &str, goes_on: bool) -> Scope {
        // no end reaches over a line's
        let line = rest.find('\n').map_or(rest, |at| rest.get(..=at).unwrap_or(rest));
        let end = self.ends.find_overlapping_iter(line).map(|end| end.start()).min();
        let goes_on = goes_on && end.is_none();
        let clause = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let closed = clause.trim_end().ends_with([',', ')']);
        let words = clause.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        // "ruled out by MRI of 9/12": how it is known may follow
        let cues = self.search_behind.find_overlapping_iter(words).filter(|cue| ends(words, cue.range()));
        let cue = cues.map(|cue| cue.pattern().as_usize()).min().and_then(|at| self.behind.get(at));
        cue.filter(|_| !goes_on || closed).map_or(Scope::Present, |(_, scope)| *scope)
    }

    fn behind_last_end<'a>(&self, text: &'a str) -> &'a str {
        // no end reaches over a line's
        let text = text.rsplit('\n').next().unwrap_or_default();
        let from = self.ends.find_overlapping_iter(text).map(|end| end.end()).max();
        text.get(from.unwrap_or(0)..).unwrap_or_default()
    }

    /// The cue that ends last before the end of `clause`, of two the longer: what stands before it, and between it and the end.
    fn nearest<'a>(&self, clause: &'a str) -> Option<(Cue, &'a str, &'a str)> {
        let cues = self.search_before.find_overlapping_iter(clause).filter(|cue| is_cue(clause, cue.range()));
        let last = cues.max_by_key(|cue| (cue.end(), cue.len(), cue.pattern()))?;
        let (_, kind) = self.before.get(last.pattern().as_usize())?;
        Some((*kind, clause.get(..last.start())?, clause.get(last.end()..)?))
    }
}

/// Whether a cue ends a clause, or only how it is known stands behind it.
fn ends(words: &str, place: Range<usize>) -> bool {
    const HOW: [&str; 5] = ["", "by", "on", "per", "with"];
    let (lead, rest) = (words.get(..place.start).unwrap_or_default(), words.get(place.end..).unwrap_or_default());
    !lead.ends_with(|letter: char| letter.is_alphanumeric())
        && (rest.is_empty() || rest.starts_with(' '))
        && HOW.contains(&rest.split_whitespace().next().unwrap_or_default())
}

/// A search for any of some words.
fn search_for(words: impl Iterator<Item = String>) -> AhoCorasick {
    AhoCorasick::new(words).unwrap_or_else(|error| unreachable!("a few dozen words always build: {error}"))
}

/// "? M79.7", "M79.7?": whoever wrote it did not know.
fn is_asked(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).map(str::trim_end).and_then(|before| before.strip_suffix('?'));
    let alone = |before: &str| before.is_empty() || before.ends_with([' ', ':', '(', ',', ';', '\n']);
    before.is_some_and(alone) || text.get(span.end..).is_some_and(|behind| behind.starts_with('?'))
}

/// "without aura", "not intractable": a title that itself says what is absent.
fn negates(title: &str) -> bool {
    let title = title.to_ascii_lowercase();
    ["without", "w/o", "not "].iter().any(|word| title.contains(word))
}

/// Whether a place of a clause that reads like a cue is one: words of their own, and no answer or number.
fn is_cue(clause: &str, place: Range<usize>) -> bool {
    let before = clause.get(..place.start).unwrap_or_default();
    let behind = clause.get(place.end..).unwrap_or_default();
    // "No. 2" and "No: ___"
    let number = clause.get(place) == Some("no") && behind.starts_with(['.', ':', '#']);
    !before.ends_with(|letter: char| letter.is_alphanumeric())
        && !behind.starts_with(|letter: char| letter.is_alphanumeric())
        && !number
        && !behind.starts_with([',', ')'])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rules::Book;
    use crate::rules::codes::{Agreement, CodeList, find_codes};

    #[test]
    fn what_is_ruled_out_is_told_from_what_a_title_lacks() {
        use Scope::*;
        for (text, wanted) in [
            ("R/O M50.20", &[RuledOut][..]),
            ("rule out M50.20", &[RuledOut]),
            ("denies M54.50", &[RuledOut]),
            ("no M54.16", &[RuledOut]),
            ("negative for M54.16", &[RuledOut]),
            ("without M54.16", &[RuledOut]),
            ("Family history of M79.7", &[RuledOut]),
            ("Family history of fibromyalgia (M79.7)", &[RuledOut]),
            ("h/o M54.50", &[History]),
            ("history of low back pain M54.50", &[History]),
            ("history of MVA, M54.2", &[Present]),
            ("M54.2 Cervicalgia, R/O M50.20", &[Present, RuledOut]),
            ("R/O M50.20; M54.2 Cervicalgia", &[RuledOut, Present]),
            ("R/O M50.20 or M54.12", &[RuledOut, RuledOut]),
            ("R/O M50.20, M54.2", &[RuledOut, Doubtful]),
            ("M50.20 ruled out, M54.2", &[RuledOut, Present]),
            ("M50.20 (r/o), M54.2", &[RuledOut, Present]),
            ("A herniation (M50.20) has been ruled out by MRI dated April 10", &[RuledOut]),
            ("M50.20 excluded on x-ray; M54.2", &[RuledOut, Present]),
            ("F43.10 PTSD (managed elsewhere); M54.2", &[RuledOut, Present]),
            ("G43.909 migraine, long before the accident", &[Doubtful]),
            ("M54.2, ruled out M50.20", &[Present, RuledOut]),
            ("M54.2 but no M54.12", &[Present, RuledOut]),
            ("Rule out fracture, M54.2", &[Doubtful]),
            ("possible M50.20", &[Doubtful]),
            ("Migraine, not intractable, without status migrainosus G43.909", &[Present]),
            ("G43.909 Migraine, unspecified, not intractable, without status migrainosus", &[Present]),
            ("Spondylosis without myelopathy or radiculopathy, lumbar region (M47.816)", &[Present]),
            ("no improvement with PT. M54.2", &[Present]),
            ("no improvement M54.2", &[Present]),
            ("Neck pain without radiculopathy M54.2", &[Present]),
            ("Low back pain w/o sciatica M54.50", &[Present]),
            ("Dx No. 1 M54.2", &[Present]),
            ("M54.2 (corrected from M54.6)", &[Present, History]),
            ("M54.2, previously M54.6", &[Present, History]),
            ("previous physician M54.2", &[Present]),
            ("? M79.7 fibromyalgia", &[Doubtful]),
            ("M79.7?", &[Doubtful]),
            ("Pregnant? M54.2", &[Present]),
            ("Pregnant: Yes/No M54.2", &[Present]),
        ] {
            assert_eq!(scopes(text), wanted, "{text}");
        }
        let book = Book::built_in();
        let cues = &book.0.scopes;
        for (words, wanted) in [
            ("Cervicalgia, R/O", "Cervicalgia"),
            ("Family history of", ""),
            ("Myalgia", "Myalgia"),
            ("casino", "casino"),
        ] {
            assert_eq!(cues.without_cue(words), wanted);
        }
        for (words, wanted) in [
            ("R/O radiculopathy", RuledOut),
            ("no cervical fracture", RuledOut),
            ("history of low back pain", History),
            ("history of a fall, neck pain", Present),
            ("? fibromyalgia", Doubtful),
            ("Romberg", Present),
            ("neck pain", Present),
        ] {
            assert_eq!(cues.opens(words), wanted, "{words}");
        }
    }

    fn scopes(text: &str) -> Vec<Scope> {
        let book = Book::built_in();
        let list = CodeList::built_in();
        let hits = find_codes(text, &list, date(2026, 11, 2), true);
        let spans: Vec<Range<usize>> = hits.iter().map(|hit| hit.span.clone()).collect();
        let mut said = Vec::new();
        for (index, hit) in hits.iter().enumerate() {
            let last = said.last().copied().unwrap_or(Scope::Present);
            let is_title = |words: &str| list.agrees_with(&hit.code, words) == Agreement::Agrees;
            said.push(book.0.scopes.of(
                &text.to_ascii_lowercase(),
                &spans,
                index,
                last,
                list.title(&hit.code),
                is_title,
            ));
        }
        said
    }
}
