//! The shape of the rule files.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_spanned::Spanned;

use crate::model::{Field, GapLevel, GapReason, PaperKind, PayerKind};
use crate::rules::phrase::PhraseList;

/// One rule file. Every part may stand in any file; by custom each file has one topic.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct RuleFile {
    /// Kinds of paper and how they are told.
    pub(in crate::rules) document: BTreeMap<PaperKind, DocumentRule>,
    /// Words that stand over a part of a form and say whose it is.
    pub(in crate::rules) heading: BTreeMap<Heading, WordsRule>,
    /// Pieces of which patterns are made, by a name: `{name}` in another pattern puts one in.
    pub(in crate::rules) pattern: BTreeMap<String, PatternRule>,
    /// Facts that no field holds and that a payer may ask for, by a name.
    pub(in crate::rules) fact: BTreeMap<String, FactRule>,
    /// Facts and the labels they stand behind.
    pub(in crate::rules) field: BTreeMap<Field, FieldRule>,
    /// Labels of facts that nobody asks for: where one begins, the value before it ends.
    pub(in crate::rules) other_labels: WordsRule,
    /// How a chart names what the patient has had: codes behind these labels are no diagnosis where others stand on the page.
    pub(in crate::rules) history: WordsRule,
    /// Words around a code which say that the patient does not have it.
    pub(in crate::rules) not_present: NotPresentRule,
    /// Treatments, and the words that forbid one.
    pub(in crate::rules) treatment: TreatmentRule,
    /// Body areas by our word for each, and the words that a plan has for it.
    pub(in crate::rules) areas: BTreeMap<String, Vec<String>>,
    /// When a second frequency on a page counts against the first.
    pub(in crate::rules) second_frequency: SecondFrequencyRule,
    /// Groups of words that labels are made of, by a name of the group; the words of `filler` may stand in any label.
    pub(in crate::rules) words: BTreeMap<String, Vec<String>>,
    /// What groups of words mean together, so that a label is known in whatever words a form puts it.
    pub(in crate::rules) wording: Vec<WordingRule>,
    /// Forms of single clinics and where on them the values stand.
    pub(in crate::rules) form: BTreeMap<String, FormRule>,
    /// Payers and the words by which they are told.
    pub(in crate::rules) payer: BTreeMap<PayerKind, PayerRule>,
    /// What is asked of a prescription.
    pub(in crate::rules) require: Vec<RequireRule>,
    /// How a signature is told from words.
    pub(in crate::rules) signature: SignatureRule,
    /// Sentences for what is wrong with a field, other than its absence.
    pub(in crate::rules) tell: Vec<TellRule>,
    /// Examples that must come out as they say.
    #[schemars(with = "Vec<TestRule>")]
    pub(in crate::rules) test: Vec<Spanned<TestRule>>,
}

/// Whose part of a form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum Heading {
    /// The patient's.
    Patient,
    /// The HCP's.
    Provider,
    /// The payer's.
    Payer,
    /// Somebody else's: an adjuster, a therapist, an employer. A plain "Name" or "Phone" there is nobody's that is asked for.
    Other,
}

/// How a kind of paper is told: its signs add up, and the kind with the highest sum above its threshold wins.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct DocumentRule {
    /// The least sum that counts.
    pub(in crate::rules) threshold: i32,
    /// What speaks for it (or, with a negative weight, against it).
    pub(in crate::rules) sign: Vec<SignRule>,
}

/// Something that speaks for or against a kind of paper.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct SignRule {
    /// Any of these phrases on the page.
    pub(in crate::rules) any: PhraseList,
    /// None of these phrases stands on the page; with `any`, both must be so.
    pub(in crate::rules) lacks: PhraseList,
    /// The phrase must stand in the upper third of the page.
    pub(in crate::rules) at_top: bool,
    /// Instead of phrases: a value was found for this field.
    pub(in crate::rules) found: Option<Field>,
    /// Nothing was found for any of these fields, and no label of them stands on the page; with `any`, both must be so.
    pub(in crate::rules) found_none: Vec<Field>,
    /// What it adds.
    pub(in crate::rules) weight: i32,
}

impl SignRule {
    /// Something can speak for it.
    pub(in crate::rules) fn says_something(&self) -> bool {
        !self.any.is_empty() || !self.lacks.is_empty() || self.found.is_some() || !self.found_none.is_empty()
    }
}

/// A list of phrases.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct WordsRule {
    /// The phrases; upper or lower case, punctuation and plural make no difference.
    pub(in crate::rules) words: Vec<String>,
}

/// The labels behind which a fact stands.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct FieldRule {
    /// What staff call it.
    pub(in crate::rules) title: String,
    /// Labels that mean this field wherever they stand, when a colon, a line or a gap follows; only a colon where they end in one.
    pub(in crate::rules) labels: Vec<String>,
    /// Labels that also count in the middle of a line and without a colon ("DOB 3/2/84").
    pub(in crate::rules) bare_labels: Vec<String>,
    /// Labels that count less than the others: where two name different values, theirs is left.
    pub(in crate::rules) weak_labels: Vec<String>,
    /// Labels that mean this field only under a heading.
    pub(in crate::rules) under: BTreeMap<Heading, Vec<String>>,
    /// Words in running text before the value ("claim number 44-1").
    pub(in crate::rules) prose: PhraseList,
    /// How the value may be written, where the program does not know it by itself; goes before what it knows.
    pub(in crate::rules) say: Vec<SayRule>,
    /// What is not its value, or has two meanings: a person is told to look.
    pub(in crate::rules) refuse: Vec<RefuseRule>,
    /// What the value must stand up to.
    pub(in crate::rules) check: Vec<CheckRule>,
}

/// A piece of a pattern: linear (no look-around, no back-references), upper and lower case alike.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct PatternRule {
    /// The pattern, in single quotes; `{other}` puts another one in.
    pub(in crate::rules) text: String,
    /// Texts that it fits as a whole.
    #[serde(default)]
    pub(in crate::rules) examples: Vec<String>,
    /// Texts that it does not fit as a whole.
    #[serde(default)]
    pub(in crate::rules) counter_examples: Vec<String>,
}

/// A way to write a value.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct SayRule {
    /// A pattern that the value fits, from its first letter or digit behind the label. A date names its parts: `(?<year>…)`,
    /// `(?<month>…)`, `(?<day>…)`.
    pub(in crate::rules) when: Option<String>,
    /// Instead: words that stand for it. Of a frequency only words are told.
    pub(in crate::rules) words: Vec<String>,
    /// What it means: a value, or words that the frequency grammar reads. Without it the value is as it is written.
    pub(in crate::rules) means: Option<String>,
}

/// A trap.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct RefuseRule {
    /// A pattern that the whole value fits.
    pub(in crate::rules) when: Option<String>,
    /// Or words that stand anywhere in it. Of a frequency only words are told.
    pub(in crate::rules) words: Vec<String>,
    /// The sentence for staff.
    pub(in crate::rules) tell: String,
}

/// Something that a value must stand up to; where it does not, a person is told to look.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct CheckRule {
    /// Which.
    pub(in crate::rules) name: CheckName,
    /// Of `range`: not more visits than this.
    #[serde(default)]
    pub(in crate::rules) max: Option<u32>,
    /// Of `one-of`: the values that there are.
    #[serde(default)]
    pub(in crate::rules) values: Vec<String>,
}

/// What can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// An NPI's check digit holds (45 CFR 162.406), and one misread digit is mended by it.
    NpiLuhn,
    /// Birth, accident, writing and receipt come in this order.
    DateOrder,
    /// Not more visits than `max`.
    Range,
    /// One of `values`.
    OneOf,
    /// A diagnosis code is billable on the day of receipt.
    IcdBillableOn,
    /// A diagnosis code and the words beside it say the same.
    WordsAgree,
}

/// A fact that no field holds ("medically necessary"). It is looked for where something that is asked names it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct FactRule {
    /// Any of these words on the page.
    pub(in crate::rules) words: PhraseList,
    /// Or a pattern that fits somewhere on it.
    pub(in crate::rules) when: Option<String>,
}

/// What words of several groups mean in one label.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct WordingRule {
    /// Groups of which a word must stand in the label, in any order.
    pub(in crate::rules) of: Vec<String>,
    /// Groups of which words may stand in it as well.
    pub(in crate::rules) may: Vec<String>,
    /// What it means; without it, a fact that nobody asks for.
    pub(in crate::rules) field: Option<Field>,
    /// Counts only with a colon or question mark: without one the same words are a value ("Health insurance").
    pub(in crate::rules) colon: bool,
    /// The plain label that it stands for, where its own words would be read as a part of the value ("Duration").
    pub(in crate::rules) like: Option<String>,
}

/// The form of one clinic, known by its text or by its sender. Where it fits it is believed before the general labels.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct FormRule {
    /// All of these phrases stand on it.
    pub(in crate::rules) all: PhraseList,
    /// At least one of these phrases stands on it.
    pub(in crate::rules) any: PhraseList,
    /// None of these phrases stands on it, whoever sent it.
    pub(in crate::rules) none: PhraseList,
    /// Fax numbers that send it.
    pub(in crate::rules) sender_fax: Vec<String>,
    /// Addresses that send it; "@clinic.example" is everybody there.
    pub(in crate::rules) sender_email: Vec<String>,
    /// The first day on which it may arrive, as "2026-11-02".
    #[schemars(with = "Option<String>")]
    pub(in crate::rules) valid_from: Option<Date>,
    /// The last day.
    #[schemars(with = "Option<String>")]
    pub(in crate::rules) valid_until: Option<Date>,
    /// Where the value of each field stands.
    pub(in crate::rules) field: BTreeMap<Field, PlaceRule>,
}

/// Where on a form a value stands: one of these, by text that is printed on the form.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct PlaceRule {
    /// Behind this text, on its line.
    pub(in crate::rules) right_of: Option<String>,
    /// Under this text.
    pub(in crate::rules) below: Option<String>,
    /// Behind the first and before the second of these texts.
    pub(in crate::rules) between: Option<[String; 2]>,
    /// Tick boxes stand behind or under this text, and the words beside the ticked one are the value.
    #[serde(rename = "box")]
    pub(in crate::rules) boxes: Option<String>,
    /// `file:line`, filled in when the file is read.
    #[serde(skip)]
    pub(in crate::rules) rule: String,
}

impl PlaceRule {
    /// The texts by which the place is found.
    pub(in crate::rules) fn anchors(&self) -> impl Iterator<Item = &String> {
        let single = [&self.right_of, &self.below, &self.boxes].into_iter().flatten();
        single.chain(self.between.iter().flatten())
    }

    /// How many places are named; one is right.
    pub(in crate::rules) fn places(&self) -> usize {
        [self.right_of.is_some(), self.below.is_some(), self.between.is_some(), self.boxes.is_some()]
            .into_iter()
            .filter(|given| *given)
            .count()
    }
}

/// What treatment is ordered, by its words, and which words say that one is not.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct TreatmentRule {
    /// Codes of massage and manual therapy: a plan with others alone is doubted.
    pub(in crate::rules) codes: Vec<String>,
    /// Massage, in words (97124).
    pub(in crate::rules) massage: Vec<String>,
    /// Manual therapy, in words (97140).
    pub(in crate::rules) manual_therapy: Vec<String>,
    /// What is done beside it: heat, exercise.
    pub(in crate::rules) beside: Vec<String>,
    /// Words that leave the choice to the therapist.
    pub(in crate::rules) delegation: Vec<String>,
    /// Words that ask for care.
    pub(in crate::rules) precautions: Vec<String>,
    /// Therapies of other professions: a plan that names one, and nothing of ours, is doubted.
    pub(in crate::rules) other_therapies: Vec<String>,
    /// Words that forbid the treatment up to four words behind them ("avoid massage").
    pub(in crate::rules) forbids: Vec<String>,
    /// Words that forbid the treatment before them ("massage is contraindicated").
    pub(in crate::rules) forbids_behind: Vec<String>,
    /// Words that take it back ("no contraindications to massage").
    pub(in crate::rules) lifts: Vec<String>,
    /// Words at which another matter begins ("no exercise, but massage").
    pub(in crate::rules) turns: Vec<String>,
    /// Words of a treatment that is then limited and not forbidden ("no deep tissue").
    pub(in crate::rules) limits: Vec<String>,
    /// Words of `manual_therapy` and the like that count only in capitals: "MT", but not "Mt".
    pub(in crate::rules) in_capitals: Vec<String>,
    /// Words of a sentence that orders the treatment it names ("is medically necessary").
    pub(in crate::rules) orders: PhraseList,
    /// What takes the order back: one of three words and more anywhere, a shorter one alone in its line or beside a ticked box.
    pub(in crate::rules) withdrawn: PhraseList,
    /// Words of what was: no veto stands beside them ("no prior massage").
    pub(in crate::rules) past: Vec<String>,
}

/// Words which say that the patient does not have what a code names.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct NotPresentRule {
    /// Before a code: somebody else has it, or nobody ("rule out", "family history of").
    pub(in crate::rules) rules_out: Vec<String>,
    /// The same where it stands directly before the code; elsewhere it may be a part of a title ("not intractable").
    pub(in crate::rules) denies: Vec<String>,
    /// Before a code: the patient had it.
    pub(in crate::rules) past: Vec<String>,
    /// Before a code: it is only supposed.
    pub(in crate::rules) suspects: Vec<String>,
    /// Behind a code: nobody has it.
    pub(in crate::rules) ruled_out_behind: Vec<String>,
    /// Behind a code: it may be that nobody has it.
    pub(in crate::rules) doubtful_behind: Vec<String>,
    /// Words at which the reach of all these ends, as it does at the end of a line or sentence.
    pub(in crate::rules) ends: Vec<String>,
    /// Words that say nothing between one of these and the code.
    pub(in crate::rules) fillers: Vec<String>,
}

/// A second frequency on the page makes the first doubtful where its line orders treatment and does not tell what was.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct SecondFrequencyRule {
    /// Words of a line that orders treatment.
    pub(in crate::rules) orders: PhraseList,
    /// Words of a line that tells what was.
    pub(in crate::rules) past: PhraseList,
    /// Words of what is no treatment of ours: other therapies, exercises, complaints. A frequency behind one is none of ours.
    pub(in crate::rules) something_else: PhraseList,
}

/// A kind of payer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PayerRule {
    /// Words in a payer slot or beside a ticked box.
    pub(in crate::rules) words: PhraseList,
    /// Words in running text that tell it ("motor vehicle accident").
    pub(in crate::rules) prose: PhraseList,
    /// Words of a question that tells it when it is answered with yes ("result of employment").
    pub(in crate::rules) questions: PhraseList,
    /// Labels that only this kind has; filled in, they tell it where nothing else does.
    pub(in crate::rules) labels: PhraseList,
    /// Insurers who write nothing else; in a payer's slot they tell it where nothing else does.
    pub(in crate::rules) insurers: PhraseList,
    /// Credentials from which it takes an order; from all where the list is empty. Another one is told as a note.
    pub allowed_credentials: Vec<String>,
    /// How long it takes an order that does not say until when it is good, in days from its date. Older is told as a note.
    pub valid_days: Option<u32>,
    /// Words of a plan for which it is known to refuse the bill; told as a note.
    pub refused_words: Vec<String>,
    /// Where these three are said, and when that was read.
    pub because: String,
}

/// Something that is asked of a prescription.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequireRule {
    /// The field.
    pub field: Field,
    /// How grave its absence is.
    pub level: GapLevel,
    /// Only for these payers; for all where the list is empty.
    #[serde(default)]
    pub payers: Vec<PayerKind>,
    /// Not the field but this fact is asked for, and told at the field.
    #[serde(default)]
    pub fact: Option<String>,
    /// Any of these fields will do as well.
    #[serde(default)]
    pub accept: Vec<Field>,
    /// Only where all of these fields are there.
    #[serde(default)]
    pub only_when: Vec<Field>,
    /// From this day of receipt on, as "2026-11-02".
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub effective_from: Option<Date>,
    /// To this day.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub effective_until: Option<Date>,
    /// Whether it is asked at all: what a clinic may want is shipped with `on = false`.
    #[serde(default = "asked")]
    pub on: bool,
    /// Where that is said, and when it was read.
    #[serde(default)]
    pub because: String,
    /// The sentence for staff.
    pub tell: String,
    /// Its `file:line`.
    #[serde(skip)]
    pub place: String,
}

fn asked() -> bool {
    true
}

impl RequireRule {
    /// Whether it is asked on a day.
    pub fn is_asked_on(&self, day: Date) -> bool {
        self.on
            && self.effective_from.is_none_or(|from| from <= day)
            && self.effective_until.is_none_or(|until| day <= until)
    }
}

/// The sentence for something wrong.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TellRule {
    /// What is wrong, by name.
    pub fault: String,
    /// How grave it is.
    pub level: GapLevel,
    /// The sentence for staff.
    pub tell: String,
}

/// How a signature is told from words.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct SignatureRule {
    /// Words of an electronic signature.
    pub(in crate::rules) signed: PhraseList,
    /// Words that say that it is not signed.
    pub(in crate::rules) unsigned: PhraseList,
    /// Words in the place of a signature that are none ("pending", "stamp").
    pub(in crate::rules) no_signature: PhraseList,
    /// Words right before those of an electronic signature that take it back ("to be", "not").
    pub(in crate::rules) not_yet: PhraseList,
    /// Captions of somebody else's signature.
    pub(in crate::rules) not_the_provider: PhraseList,
    /// Words beside a signer's name that say that it is not the HCP ("patient", "witness").
    pub(in crate::rules) somebody_else: PhraseList,
    /// Credentials of those who may not order; who has no other orders nothing.
    pub(in crate::rules) orders_nothing: Vec<String>,
    /// Words that say that a signature lies elsewhere: it counts, and somebody must look.
    pub(in crate::rules) on_file: PhraseList,
    /// How a letter closes, before the signature.
    pub(in crate::rules) closings: PhraseList,
}

/// An example: a page of text, and what must and must not be found on it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct TestRule {
    /// What it shows.
    pub(in crate::rules) name: String,
    /// The page.
    pub(in crate::rules) text: String,
    /// The day on which it arrives, as "2026-11-02"; that day where it says none.
    #[schemars(with = "Option<String>")]
    pub(in crate::rules) on: Option<Date>,
    /// Who sent it: a fax number or an address.
    pub(in crate::rules) sender: Option<String>,
    /// The kind of paper.
    pub(in crate::rules) document: Option<PaperKind>,
    /// The clinic's own form that it is.
    pub(in crate::rules) form: Option<String>,
    /// Fields and the value that is taken for them, as `parse` prints it; of a diagnosis its code or words, of the plan one of its
    /// codes or its words, of a frequency its status and visits ("ok, 12 visits"), of a signature "signed" or "not signed".
    pub(in crate::rules) expect: BTreeMap<Field, String>,
    /// Fields of which nothing may be found.
    pub(in crate::rules) expect_none: Vec<Field>,
    /// Fields of which a person is told to look.
    pub(in crate::rules) expect_doubt: Vec<Field>,
    /// Fields that are found, and of which nobody need look.
    pub(in crate::rules) expect_sure: Vec<Field>,
    /// Fields of which staff are told, and why: "missing", "not_billable".
    pub(in crate::rules) expect_gap: BTreeMap<Field, GapReason>,
    /// Fields of which staff are told nothing.
    pub(in crate::rules) expect_no_gap: Vec<Field>,
    /// Facts that stand on it.
    pub(in crate::rules) expect_fact: Vec<String>,
    /// Facts that do not.
    pub(in crate::rules) expect_no_fact: Vec<String>,
}

impl TestRule {
    /// It can never fail.
    pub(in crate::rules) fn is_idle(&self) -> bool {
        let fields = [&self.expect_none, &self.expect_doubt, &self.expect_sure, &self.expect_no_gap];
        self.document.is_none()
            && self.form.is_none()
            && self.expect.is_empty()
            && self.expect_gap.is_empty()
            && fields.iter().all(|list| list.is_empty())
            && self.expect_fact.is_empty()
            && self.expect_no_fact.is_empty()
    }
}
