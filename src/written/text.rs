//! In: the text of a file. Out: its statements, and which of them are TOML.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use toml::de::DeTable;

use crate::written::words::syntax_in_plain_words;
use crate::written::{FAULTS_MAX, Fault, FaultKind, and_more};

/// A file as a person wrote it. Statements that are no TOML are put aside, so that the rest can be read.
pub struct Written<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
    /// The text with blanks in the place of what was put aside: what is left stands where it stood.
    pub(super) left: Cow<'t, str>,
    /// Section and name of what was put aside.
    pub(super) named: BTreeSet<(String, String)>,
    /// Where the blocks begin that lack a statement now.
    pub(super) damaged: BTreeSet<usize>,
    /// Sections that lack something now.
    pub(super) lost: BTreeSet<String>,
}

/// A header, or a key with its value.
pub(super) struct Statement<'t> {
    pub(super) span: Range<usize>,
    pub(super) ink: &'t str,
    /// Another statement begins before its brackets are closed.
    pub(super) is_open: bool,
}

impl<'t> Written<'t> {
    /// Takes up a file and adds a fault for each statement that is no TOML.
    pub fn new(name: &'t str, text: &'t str, faults: &mut Vec<Fault>) -> Self {
        let mut written = Self {
            name,
            text,
            left: Cow::Borrowed(text),
            named: BTreeSet::new(),
            damaged: BTreeSet::new(),
            lost: BTreeSet::new(),
        };
        if DeTable::parse(text).is_ok() {
            return written;
        }
        if let Some(at) = bare_return(text) {
            let what = "the lines of this file end as those of old Macs: save it with the line ends of Windows or Unix";
            faults.push(Fault::at(FaultKind::Syntax, name, text, at, what.to_owned()));
            written.put_aside_all();
            return written;
        }
        let statements = statements_of(text);
        // where a text of several lines has no end, nobody can say what stands inside
        let is_endless = ["\"\"\"", "'''"].iter().any(|quotes| text.matches(quotes).count() % 2 == 1);
        for count in 1.. {
            let (_, errors) = DeTable::parse_recoverable(&written.left);
            let first = errors.iter().map(|error| (error.span().map_or(0, |span| span.start), error.message())).min();
            let Some((at, message)) = first else { break };
            let own = statements.iter().rposition(|statement| statement.span.start <= at).unwrap_or(0);
            // a bracket that is not closed is noticed in the next statement
            let before = own.checked_sub(1).filter(|before| statements[*before].is_open && message.contains("array"));
            let single = single_bracket(&statements, own).filter(|_| message == "duplicate key");
            let culprit = before.or(single).unwrap_or(own);
            let statement = statements.get(culprit);
            let is_here = culprit == own && !message.contains("multi-line");
            let begin = if is_here { at } else { statement.map_or(at, |statement| statement.span.start) };
            let what = syntax_in_plain_words(message, statement, text.get(at..).unwrap_or_default());
            faults.push(Fault::at(FaultKind::Syntax, name, text, begin, what));
            let goes_on = !is_endless && count < FAULTS_MAX && written.put_aside(&statements, culprit);
            if count == FAULTS_MAX {
                faults.push(and_more(name, FaultKind::Syntax));
            }
            if !goes_on {
                written.put_aside_all();
                break;
            }
        }
        written
    }

    /// Puts a statement aside, and with a header its whole block. False where nothing was left of it.
    fn put_aside(&mut self, statements: &[Statement], nth: usize) -> bool {
        let Some(statement) = statements.get(nth) else { return false };
        let own = keys(statement.ink);
        let header = statements[..=nth].iter().rfind(|statement| statement.is_header());
        let mut names = header.map(|header| keys(header.ink)).unwrap_or_default();
        let mut end = statement.span.end;
        if statement.is_header() {
            let rest = &statements[nth + 1..];
            let block = rest.iter().take_while(|statement| !statement.is_header());
            end = block.last().map_or(end, |last| last.span.end);
        } else {
            self.damaged.extend(header.map(|header| header.span.start));
            names.extend(own);
        }
        let mut names = names.into_iter();
        self.lost.extend(names.clone().take(1));
        self.named.extend(names.next().zip(names.next()));
        let span = statement.span.start..end;
        let Some(ink) = self.left.get(span.clone()) else { return false };
        let is_blank = ink.trim().is_empty();
        let blanks: String = ink.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
        self.left.to_mut().replace_range(span, &blanks);
        !is_blank
    }

    fn put_aside_all(&mut self) {
        let sections =
            statements_of(self.text).into_iter().filter_map(|statement| keys(statement.ink).into_iter().next());
        self.lost.extend(sections);
        self.left = Cow::Borrowed("");
    }
}

/// A carriage return that no line feed follows.
fn bare_return(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| text.as_bytes().get(at + 1) != Some(&b'\n'))
}

impl Statement<'_> {
    pub(super) fn is_header(&self) -> bool {
        self.ink.starts_with('[')
    }
}

/// `[NAME]` before the `[[NAME]]` of a statement, or this header where it stands a second time.
fn single_bracket(statements: &[Statement], nth: usize) -> Option<usize> {
    let own = statements.get(nth).filter(|statement| statement.is_header())?;
    let is_single = |statement: &Statement| statement.is_header() && !statement.ink.starts_with("[[");
    statements.iter().position(|other| is_single(other) && keys(other.ink) == keys(own.ink)).filter(|_| !is_single(own))
}

/// The keys of a header, or of what stands before an equals sign.
fn keys(ink: &str) -> Vec<String> {
    static KEY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"^[\[\s.]*(?:"([^"\n]*)"|'([^'\n]*)'|([\w-]+))"#).expect("a fixed pattern"));
    let (mut keys, mut rest) = (Vec::new(), ink);
    while let Some(found) = KEY.captures(rest) {
        keys.extend((1..4).filter_map(|nth| found.get(nth)).map(|key| key.as_str().to_owned()));
        rest = rest.split_at(found.get(0).map_or(rest.len(), |all| all.end())).1;
        if !rest.trim_start_matches(' ').starts_with('.') {
            break;
        }
    }
    keys
}

/// Cuts a text where its statements begin: in each line that is neither inside brackets nor inside a text of several lines, and
/// where a line looks like a statement although a bracket is open.
fn statements_of(text: &str) -> Vec<Statement<'_>> {
    static LOOKS_LIKE_ONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^\s*(?:\[{1,2}[\w."' -]+\]{1,2}\s*(?:#.*)?$|[\w."'-]+\s*=[^=])"#).expect("a fixed pattern")
    });
    let mut statements: Vec<Statement> = Vec::new();
    let (mut at, mut depth, mut quotes) = (0, 0, None);
    for line in text.split_inclusive('\n') {
        let ink = line.trim_ascii_end();
        let begin = at + ink.len() - ink.trim_ascii_start().len();
        let is_open = depth > 0 && quotes.is_none() && LOOKS_LIKE_ONE.is_match(ink);
        let says_something = !ink.trim_ascii_start().is_empty() && !ink.trim_ascii_start().starts_with('#');
        if is_open || depth == 0 && quotes.is_none() && says_something {
            if let Some(before) = statements.last_mut() {
                before.is_open = is_open;
            }
            depth = 0;
            statements.push(Statement { span: begin..begin, ink: "", is_open: false });
        }
        let is_header = depth == 0 && quotes.is_none() && ink.trim_ascii_start().starts_with('[');
        if !is_header {
            scan(ink, &mut depth, &mut quotes);
        }
        at += line.len();
        if let Some(last) = statements.last_mut().filter(|_| says_something || quotes.is_some()) {
            last.span.end = at - (line.len() - ink.len());
        }
    }
    for statement in &mut statements {
        let ink = text.get(statement.span.clone());
        statement.ink = ink.unwrap_or_else(|| unreachable!("a statement begins and ends with a letter"));
    }
    statements
}

/// How deep in brackets, and in which quotes of several lines, a line ends.
fn scan(line: &str, depth: &mut usize, quotes: &mut Option<&'static str>) {
    let mut rest = line;
    loop {
        if let Some(open) = *quotes {
            let Some((_, behind)) = rest.split_once(open) else { return };
            (rest, *quotes) = (behind, None);
            continue;
        }
        let begun = ["\"\"\"", "'''"].into_iter().find_map(|open| Some((rest.strip_prefix(open)?, open)));
        if let Some((behind, open)) = begun {
            (rest, *quotes) = (behind, Some(open));
            continue;
        }
        let mut letters = rest.chars();
        let Some(first) = letters.next() else { return };
        rest = letters.as_str();
        match first {
            '#' => return,
            '[' | '{' => *depth += 1,
            ']' | '}' => *depth = depth.saturating_sub(1),
            '"' | '\'' => {
                let mut is_escaped = false;
                let behind = rest.split_once(|letter| {
                    let is_end = letter == first && !is_escaped;
                    is_escaped = letter == '\\' && first == '"' && !is_escaped;
                    is_end
                });
                let Some((_, behind)) = behind else { return };
                rest = behind;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Written;

    /// What is wrong with a file, by line, and what is left of it.
    fn check(text: &str, wanted: &[(usize, &str)], left: &str) {
        let mut faults = Vec::new();
        let written = Written::new("x.toml", text, &mut faults);
        let told: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.line(), fault.what.as_str())).collect();
        assert_eq!(told.len(), wanted.len(), "{told:?} in:\n{text}");
        for ((line, what), (wanted_line, wanted)) in told.iter().zip(wanted) {
            assert!(line == wanted_line && what.contains(wanted), "{told:?} in:\n{text}");
        }
        let lines: Vec<&str> = written.left.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.join("|"), left, "{text}");
    }

    #[test]
    fn every_statement_that_is_no_toml_is_told_and_no_other() {
        let rest = "\n[[b]]\nc = 5\n";
        let with = |text: &str| format!("{text}{rest}");
        check(&with("[[a]]\non = no\nd = “x”\n"), &[(2, "true or false"), (3, "curly")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nl = [\n \"x\",\n “y”]\nd = 1\n"), &[(4, "curly")], "[[a]]|d = 1|[[b]]|c = 5");
        check(&with("[[a]]\nl = [\"x\", \"y\"\nd = 1\n"), &[(2, "no closing bracket")], "[[a]]|d = 1|[[b]]|c = 5");
        check(&with("[[a]]\nl = [\"x\" \"y\"]\n"), &[(2, "comma")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]\nd = 1\n"), &[(1, "bracket")], "[[b]]|c = 5");
        check(&with("[a]\n\u{a0}d = 1\ne = 2\n"), &[(2, "U+00A0")], "[a]|e = 2|[[b]]|c = 5");
        check(&with("[[a]]\nd = \"x\u{7}y\"\n"), &[(2, "U+0007")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nd: 1\n"), &[(2, "colon")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nd = \"\\d\"\n"), &[(2, "single quotes")], "[[a]]|[[b]]|c = 5");
        check(&with("// mine\n"), &[(1, "begins with #")], "[[b]]|c = 5");
        check(&with("[a.“b”]\nd = 1\n"), &[(1, "curly")], "[[b]]|c = 5");
        check(&with("[a] mine\nd = 1\n"), &[(1, "for itself")], "[[b]]|c = 5");
        check("[a]\rd = 1\re = 2\r", &[(1, "old Macs")], "");
        check(&with("[b]\nd = 1\n"), &[(1, "[[b]]")], "[[b]]|c = 5");
        check(&with("[a]\nd = 1\n[a]\nd = 2\n"), &[(3, "[[a]]")], "[a]|d = 1|[[b]]|c = 5");
        check(&with("[[a]]\nd = \"x\n"), &[(2, "closing quote")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nl = [\"x\", \"y]\nd = 1\n"), &[(2, "clos")], "[[a]]|d = 1|[[b]]|c = 5");
        check(&with("[[a]]\nd \"x\"\nd = 1\n"), &[(2, "equals sign")], "[[a]]|d = 1|[[b]]|c = 5");
        check(&with("[[a]]\nd\n"), &[(2, "equals sign")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nd = \n"), &[(2, "a value is missing")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nd = x y\n"), &[(2, "in quotes")], "[[a]]|[[b]]|c = 5");
        check(&with("[[a]]\nd = 1\nd = 2\n"), &[(3, "twice")], "[[a]]|d = 1|[[b]]|c = 5");
        check(&with("[[a]]\nd = \"\"\"x\ne = 1\n"), &[(2, "\"\"\"")], "");
        check(
            &with("[[a]]\nd = \"\"\"\nx = y\n[b]\n\"\"\"\ne = yes\n"),
            &[(6, "true or false")],
            "[[a]]|d = \"\"\"|x = y|[b]|\"\"\"|[[b]]|c = 5",
        );
    }
}
