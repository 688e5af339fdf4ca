//! In: the code of a fault ("R012"). Out: what it means, why it is one, and what to do.

/// The page of a fault's code, in whatever case it is written; None for one that there is not.
pub fn help(code: &str) -> Option<&'static str> {
    let page = PAGES.iter().find(|page| page.get(..4).is_some_and(|own| own.eq_ignore_ascii_case(code.trim())));
    page.copied()
}

/// A page for each code; the first four letters of a page are its code.
const PAGES: [&str; 21] = [
    "R001: a file cannot be read.
It is missing, too large (1 MB is the most), locked, no plain file, not UTF-8, or its name does not end in .toml. Save it as UTF-8 in a plain text editor; the line that is
named holds the first letter that is at fault.",
    "R002: this is not TOML.
A quote, a bracket or an equals sign is missing, at or before the place that is named. Text stands in double quotes, a list in
square brackets with commas between: labels = [\"Claim #\", \"Claim No\"].",
    "R003: a key that is not known.
Only the keys that rules/schema.json lists have a meaning; a misspelt one would silently do nothing. Take the one that is
proposed, or delete the line.",
    "R004: a value of the wrong shape, or a name that is not known.
A number where a list belongs, a field, payer or fact that does not exist. What is expected stands in the sentence.",
    "R005: the same thing is said twice.
Lists go on from file to file: labels, words, signs and the like may be added in a file of your own. A form, a sentence, a demand, a
threshold or a title may stand in one place only, or nobody could say which counts. Delete one; the other place is named.",
    "R006: a phrase without a letter or digit.
Signs are not compared, so that it would be nothing. Write the words that stand on the paper.",
    "R007: a label with two meanings.
Two fields claim the same label, and the paper could not be read either way. Take it from one of the two, or put one of them under
a heading: under.patient = [\"Phone\"].",
    "R008: a rule or a test that can never do anything.
A sign without words or weight, a test that expects nothing, a block in which what it needs is missing. Fill it in or delete it.",
    "R009: the table of codes is at fault.
`rxintake rules codes import FILE` writes codes/icd10cm.tsv anew from the official order file; without it the built-in list counts.",
    "R010: a form that nothing tells, that names no place, or whose days are turned round.
A form needs `all`, `any`, `sender_fax` or `sender_email`, and for each field one of right_of, below, between and box.",
    "R011: two forms that are told by the same.
Neither would ever be used. Give one of them a phrase that stands only on it.",
    "R012: a form without a test.
Put a [[test]] with form = \"NAME\" and a made sample into its file: `rxintake rules new-form FILE` drafts both.",
    "R013: what a payer asks for, without its source.
Say in `because` where that is said and when you read it: rules of payers change, and somebody will have to look it up again.",
    "R014: what no book can work without is not there.
A file was emptied or deleted. `rxintake init` writes the shipped files into a new folder; copy the one that is named.",
    "R015: a pattern that cannot be used.
It is no pattern (see https://docs.rs/regex for the signs; there is no look-around), puts in a {piece} that is not there, goes in a
circle, or is too large. Write it in single quotes: text = '[0-9]{2}-[0-9]{6}'.",
    "R016: a pattern and its examples contradict each other.
It must fit each of `examples` as a whole and none of `counter_examples`. One of the two is wrong.",
    "R017: a pattern that fits anything.
`.*`, or one that fits an empty text, would take whatever stands there. Say what the value is made of.",
    "R018: nothing uses it.
A pattern that no `when` puts in, or a fact that no [[require]] names. Use it or delete it.",
    "R019: a value, a trap, a pattern, a fact or a sender without a test.
Each `say` and `refuse` needs a [[test]] in its file whose text holds words that it fits; a pattern needs examples and
counter-examples; a fact needs a test with it (expect_fact) and one without (expect_no_fact); a sender needs a mail of its.",
    "R020: two rules that are told by the same words.
Words that stand for two kinds of payer tell neither; words in two blocks of one field would be read in the order of chance.
Delete them in one of the two. (A `say` may name words of a `refuse`: it goes before it.)",
    "R021: a form or a rule that can never count.
A phrase that must stand on a form holds one that must not: correct `none`, or `all` and `any`. Or something is asked only on days that
there are not, or only where it is there anyway: correct `effective_until` or `only_when`.",
];
