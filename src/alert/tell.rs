//! Who is told what: the `[[tell]]` rules of the configuration, or, where none is written, the built-in ones.

use std::collections::BTreeSet;

use serde::de::{SeqAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::alert::compose::Staff;
use crate::model::{Field, OriginKind, PayerKind, Prescription, Record, Role};

/// What somebody can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// A gap without which nobody may treat.
    Stop,
    /// A gap that hinders the bill.
    Warn,
    /// What a payer is known to refuse.
    Note,
    /// A value to be checked against the picture.
    Doubt,
    /// A paper or page that could not be read, that broke off, or that came before.
    Unreadable,
    /// A prescription is ready to treat.
    Ready,
    /// A prescription is ready to treat but not to bill.
    Bill,
    /// A record that cannot be used was left alone for `escalate_after_hours`.
    Overdue,
    /// The fax machine received a fax that never came here.
    MissingFax,
    /// Something does not work.
    Trouble,
}

impl Matter {
    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Warn => "warn",
            Self::Note => "note",
            Self::Doubt => "doubt",
            Self::Unreadable => "unreadable",
            Self::Ready => "ready",
            Self::Bill => "bill",
            Self::Overdue => "overdue",
            Self::MissingFax => "missing_fax",
            Self::Trouble => "trouble",
        }
    }

    fn is_of_prescription(self) -> bool {
        matches!(self, Self::Stop | Self::Warn | Self::Note | Self::Doubt | Self::Ready | Self::Bill)
    }

    fn is_of_record(self) -> bool {
        !matches!(self, Self::MissingFax | Self::Trouble)
    }

    fn is_of_field(self) -> bool {
        matches!(self, Self::Stop | Self::Warn | Self::Note | Self::Doubt)
    }

    /// What is told at once or not at all.
    fn is_urgent(self) -> bool {
        matches!(self, Self::Overdue | Self::MissingFax | Self::Trouble)
    }
}

/// Every matter, in the order in which the built-in rules name them.
const MATTERS: [Matter; 10] = [
    Matter::Stop,
    Matter::Warn,
    Matter::Doubt,
    Matter::Unreadable,
    Matter::Note,
    Matter::Ready,
    Matter::Bill,
    Matter::MissingFax,
    Matter::Overdue,
    Matter::Trouble,
];

/// When somebody is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// By a letter of its own.
    #[default]
    #[serde(rename = "at once", alias = "at_once")]
    AtOnce,
    /// Once a day, at `digest_at`.
    #[serde(rename = "digest")]
    Digest,
}

/// A `[[tell]]` block.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tell {
    /// What is told: one word or a list.
    #[serde(deserialize_with = "one_or_several")]
    pub what: Vec<Matter>,
    /// Only of prescriptions with one of these payers.
    #[serde(default, deserialize_with = "one_or_several")]
    pub payer: Vec<PayerKind>,
    /// Only of papers that came through one of these doors.
    #[serde(default, deserialize_with = "one_or_several")]
    pub door: Vec<OriginKind>,
    /// Only of gaps and doubts of these fields.
    #[serde(default, deserialize_with = "one_or_several")]
    pub field: Vec<Field>,
    /// Roles, and addresses of `[[staff]]`.
    #[serde(deserialize_with = "one_or_several")]
    pub to: Vec<String>,
    /// When.
    #[serde(default)]
    pub when: When,
}

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellFault {
    /// Which of the rules, from 0; None where it is all of them.
    pub rule: Option<usize>,
    /// The word in it that is at fault.
    pub word: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// Who reads a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::alert) enum Target {
    /// Everybody with a role.
    Role(Role),
    /// One address.
    Address(String),
}

impl Target {
    fn parse(word: &str, staff: &[Staff]) -> Result<Self, String> {
        let roles = [Role::FrontDesk, Role::Therapist, Role::Biller, Role::Operator];
        if let Some(role) = roles.into_iter().find(|role| role_word(*role) == word) {
            let has_role = |person: &Staff| person.roles.contains(&role);
            return match staff.iter().any(has_role) {
                true => Ok(Self::Role(role)),
                false => Err(format!("nobody under [[staff]] has the role {word}; add it to the roles of somebody")),
            };
        }
        let is_reached = |person: &&Staff| person.email.eq_ignore_ascii_case(word);
        if let Some(person) = staff.iter().find(is_reached) {
            return Ok(Self::Address(person.email.clone()));
        }
        let near = |known: &&str| strsim::jaro_winkler(word, known);
        let known = roles.iter().map(|role| role_word(*role)).chain(staff.iter().map(|person| person.email.as_str()));
        let nearest = known.max_by(|a, b| near(a).total_cmp(&near(b))).filter(|known| near(known) > 0.8);
        let meant = nearest.map(|known| format!("; did you mean \"{known}\"?")).unwrap_or_default();
        Err(if word.contains('@') {
            format!("nobody under [[staff]] has the address \"{word}\"; add a [[staff]] entry with it{meant}")
        } else {
            format!(
                "\"{word}\" is no role (front_desk, therapist, biller, operator) and no address of [[staff]]{meant}"
            )
        })
    }

    /// What stands for it in a Message-ID: letters and figures alone.
    pub(in crate::alert) fn key(&self) -> String {
        match self {
            Self::Role(role) => format!("{role:?}").to_lowercase(),
            Self::Address(address) => {
                let digest = Sha256::digest(address);
                digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }

    pub(in crate::alert) fn role(&self) -> Option<Role> {
        match self {
            Self::Role(role) => Some(*role),
            Self::Address(_) => None,
        }
    }
}

/// The word of the configuration.
fn role_word(role: Role) -> &'static str {
    match role {
        Role::FrontDesk => "front_desk",
        Role::Therapist => "therapist",
        Role::Biller => "biller",
        Role::Operator => "operator",
    }
}

#[derive(Debug, Clone)]
struct Rule {
    what: Vec<Matter>,
    payer: Vec<PayerKind>,
    door: Vec<OriginKind>,
    field: Vec<Field>,
    to: Vec<Target>,
    when: When,
}

impl Rule {
    fn new(what: &[Matter], to: &[Role], when: When) -> Self {
        let to = to.iter().map(|role| Target::Role(*role)).collect();
        Self { what: what.to_vec(), payer: Vec::new(), door: Vec::new(), field: Vec::new(), to, when }
    }

    fn is_for_all(&self) -> bool {
        self.payer.is_empty() && self.door.is_empty() && self.field.is_empty()
    }
}

/// What is true of every clinic that writes no rules of its own.
fn built_in() -> Vec<Rule> {
    use Matter::{Bill, Doubt, MissingFax, Note, Overdue, Ready, Stop, Trouble, Unreadable, Warn};
    vec![
        Rule::new(&[Stop, Warn, Doubt, Unreadable], &[Role::FrontDesk], When::AtOnce),
        Rule::new(&[Note], &[Role::FrontDesk], When::Digest),
        Rule::new(&[Ready], &[Role::Therapist], When::AtOnce),
        Rule::new(&[Bill], &[Role::Biller], When::AtOnce),
        Rule::new(&[MissingFax], &[Role::FrontDesk, Role::Operator], When::AtOnce),
        Rule::new(&[Overdue, Trouble], &[Role::Operator], When::AtOnce),
    ]
}

/// The people of the clinic, and who of them is told what.
#[derive(Debug, Clone)]
pub struct People {
    staff: Vec<Staff>,
    rules: Vec<Rule>,
}

impl Default for People {
    fn default() -> Self {
        Self { staff: Vec::new(), rules: built_in() }
    }
}

impl People {
    /// The staff with the rules `tell`; with the built-in ones where there are none. `has_digest`: a time is set for the digest.
    ///
    /// # Errors
    /// The first rule that cannot be followed, or that nobody would be told what must not stay untold.
    pub fn new(staff: Vec<Staff>, tell: &[Tell], has_digest: bool) -> Result<Self, TellFault> {
        if tell.is_empty() {
            return Ok(Self { staff, rules: built_in() });
        }
        let mut rules = Vec::new();
        for (number, tell) in tell.iter().enumerate() {
            let fault = |word: &str, what: String| TellFault { rule: Some(number), word: word.to_owned(), what };
            check(tell, has_digest).map_err(|(word, what)| fault(word, what))?;
            let target = |word: &String| Target::parse(word, &staff).map_err(|what| fault(word, what));
            let to = tell.to.iter().map(target).collect::<Result<Vec<_>, _>>()?;
            let Tell { what, payer, door, field, when, .. } = tell.clone();
            rules.push(Rule { what, payer, door, field, to, when });
        }
        let people = Self { staff, rules };
        let must = [Matter::Stop, Matter::Unreadable];
        if let Some(matter) = must.into_iter().find(|matter| people.untold().contains(matter)) {
            let word = matter.word();
            let what = format!(
                "no [[tell]] names \"{word}\" for every payer, door and field, so nobody might be told of it: the rules that are \
                 written take the place of the built-in ones. Add [[tell]] what = [\"{word}\"] to = [\"front_desk\"]"
            );
            return Err(TellFault { rule: None, word: word.to_owned(), what });
        }
        Ok(people)
    }

    /// Everybody who may be told.
    pub fn staff(&self) -> &[Staff] {
        &self.staff
    }

    /// What reaches nobody, or only where a payer, door or field is the right one.
    pub fn untold(&self) -> Vec<Matter> {
        let is_told = |matter: &Matter| {
            let rules = self.rules.iter().filter(|rule| rule.what.contains(matter) && rule.is_for_all());
            rules.flat_map(|rule| &rule.to).any(|target| !self.addresses(target).is_empty())
        };
        MATTERS.into_iter().filter(|matter| !is_told(matter)).collect()
    }

    /// The addresses of everybody with a role.
    pub fn with_role(&self, role: Role) -> Vec<String> {
        let has_role = |person: &&Staff| person.roles.contains(&role);
        self.staff.iter().filter(has_role).map(|person| person.email.clone()).collect()
    }

    /// Whether somebody is reached at this address.
    pub fn is_reached_at(&self, address: &str) -> bool {
        self.staff.iter().any(|person| person.email == address)
    }

    pub(in crate::alert) fn addresses(&self, target: &Target) -> Vec<String> {
        match target {
            Target::Role(role) => self.with_role(*role),
            Target::Address(address) => vec![address.clone()],
        }
    }

    /// Everybody whom a rule names and who can be reached, with their addresses.
    pub(in crate::alert) fn targets(&self) -> Vec<(&Target, Vec<String>)> {
        let targets: BTreeSet<&Target> = self.rules.iter().flat_map(|rule| &rule.to).collect();
        let with_addresses = targets.into_iter().map(|target| (target, self.addresses(target)));
        with_addresses.filter(|(_, to)| !to.is_empty()).collect()
    }

    /// Those whom a rule names for what is no prescription's.
    pub(in crate::alert) fn of_clinic(&self, matter: Matter) -> Vec<&Target> {
        let rules = self.rules.iter().filter(|rule| rule.what.contains(&matter));
        let targets: BTreeSet<&Target> = rules.flat_map(|rule| &rule.to).collect();
        targets.into_iter().collect()
    }

    /// When a target is told of a matter; None for never. At once where one rule says so.
    pub(in crate::alert) fn when(
        &self,
        target: &Target,
        matter: Matter,
        record: &Record,
        of: Option<(&Prescription, Option<Field>)>,
    ) -> Option<When> {
        let prescriptions = &record.paper.prescriptions;
        let is_payer = |rule: &Rule| {
            let has_payer = |it: &Prescription| it.payer.kind.is_some_and(|kind| rule.payer.contains(&kind));
            rule.payer.is_empty() || of.map_or_else(|| prescriptions.iter().any(has_payer), |(it, _)| has_payer(it))
        };
        let is_field = |rule: &Rule| {
            rule.field.is_empty() || of.and_then(|(_, field)| field).is_some_and(|field| rule.field.contains(&field))
        };
        let applies = |rule: &&Rule| {
            rule.what.contains(&matter)
                && rule.to.contains(target)
                && (rule.door.is_empty() || rule.door.contains(&record.arrival.origin.kind))
                && is_payer(rule)
                && is_field(rule)
        };
        let whens = self.rules.iter().filter(applies).map(|rule| rule.when);
        whens.reduce(|first, next| if first == When::AtOnce { first } else { next })
    }

    /// Whether something reaches a target by the digest.
    pub(in crate::alert) fn has_digest(&self, target: &Target) -> bool {
        self.rules.iter().any(|rule| {
            rule.when == When::Digest
                && rule.to.contains(target)
                && rule.what.iter().any(|matter| *matter != Matter::Ready)
        })
    }
}

/// The word at fault, and what is wrong with it.
fn check(tell: &Tell, has_digest: bool) -> Result<(), (&'static str, String)> {
    if tell.what.is_empty() {
        return Err(("what", "what = [] tells nothing; name at least one matter, or take the block out".to_owned()));
    }
    if tell.to.is_empty() {
        return Err(("to", "to = [] tells nobody; name at least one role or address".to_owned()));
    }
    for matter in &tell.what {
        let word = matter.word();
        let refused = |what: String| Err((word, what));
        if !tell.payer.is_empty() && !matter.is_of_prescription() && *matter != Matter::Overdue {
            return refused(format!("\"{word}\" has no payer; take payer out, or give it a [[tell]] of its own"));
        }
        if !tell.door.is_empty() && !matter.is_of_record() {
            return refused(format!(
                "\"{word}\" came through no door; take door out, or give it a [[tell]] of its own"
            ));
        }
        if !tell.field.is_empty() && !matter.is_of_field() {
            return refused(format!("\"{word}\" is of no field; take field out, or give it a [[tell]] of its own"));
        }
        if tell.when == When::Digest && matter.is_urgent() {
            return refused(format!(
                "\"{word}\" cannot wait for a digest; take when out, or give it a [[tell]] of its own"
            ));
        }
    }
    if tell.when == When::Digest && !has_digest {
        return Err(("digest", "there is no digest: set digest_at = \"17:00\" under [alerts]".to_owned()));
    }
    Ok(())
}

/// `"stop"` or `["stop", "warn"]`.
fn one_or_several<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct OneOrSeveral<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrSeveral<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a word or a list of words")
        }

        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Vec<T>, E> {
            Ok(vec![T::deserialize(value::StrDeserializer::new(word))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(value::SeqAccessDeserializer::new(words))
        }
    }

    deserializer.deserialize_any(OneOrSeveral(std::marker::PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAFF: &str = r#"
[[staff]]
name = "Desk"
email = "desk@clinic.example"
roles = ["front_desk"]
[[staff]]
name = "Ann"
email = "ann@clinic.example"
roles = ["biller"]
"#;

    #[derive(Deserialize)]
    struct Clinic {
        staff: Vec<Staff>,
        #[serde(default)]
        tell: Vec<Tell>,
    }

    fn people(tell: &str, has_digest: bool) -> Result<People, String> {
        let clinic: Clinic = toml::from_str(&format!("{STAFF}{tell}")).map_err(|error| error.to_string())?;
        People::new(clinic.staff, &clinic.tell, has_digest).map_err(|fault| format!("{}: {}", fault.word, fault.what))
    }

    const ALL: &str = "[[tell]]\nwhat = [\"stop\", \"unreadable\"]\nto = \"front_desk\"\n";

    #[test]
    fn a_rule_that_cannot_be_followed_is_refused() {
        for (tell, words) in [
            ("what = \"stop\"\nto = \"therapist\"", "nobody under [[staff]] has the role therapist"),
            ("what = \"stop\"\nto = \"frontdesk\"", "did you mean \"front_desk\"?"),
            ("what = \"stop\"\nto = \"an@clinic.example\"", "did you mean \"ann@clinic.example\"?"),
            ("what = \"trouble\"\nto = \"biller\"\nwhen = \"digest\"", "cannot wait"),
            ("what = \"unreadable\"\nto = \"biller\"\npayer = \"auto\"", "has no payer"),
            ("what = \"ready\"\nto = \"biller\"\nfield = \"diagnoses\"", "is of no field"),
            ("what = \"trouble\"\nto = \"biller\"\ndoor = \"imap\"", "came through no door"),
            ("what = []\nto = \"biller\"", "tells nothing"),
            ("what = \"stop\"\nto = []", "tells nobody"),
            ("what = \"stopp\"\nto = \"biller\"", "unknown variant `stopp`"),
            ("what = \"note\"\nto = \"biller\"\nwhen = \"digest\"", "set digest_at"),
        ] {
            let fault = people(&format!("{ALL}[[tell]]\n{tell}\n"), false).expect_err(tell);
            assert!(fault.contains(words), "{tell}: {fault}");
        }
    }

    #[test]
    fn what_stops_a_treatment_must_reach_somebody() {
        for tell in [
            "[[tell]]\nwhat = \"ready\"\nto = \"biller\"\n",
            "[[tell]]\nwhat = [\"stop\", \"warn\"]\npayer = \"auto\"\nto = \"biller\"\n",
        ] {
            let fault = people(tell, true).expect_err(tell);
            assert!(fault.starts_with("stop: no [[tell]] names \"stop\""), "{fault}");
        }
        let people = people(ALL, true).unwrap();
        assert!(!people.untold().contains(&Matter::Stop) && people.untold().contains(&Matter::Ready));
    }

    #[test]
    fn without_rules_all_is_told_by_role() {
        let people = people("", false).unwrap();
        assert_eq!(people.untold(), [Matter::Ready, Matter::Overdue, Matter::Trouble]);
        assert_eq!(people.targets().len(), 2);
    }
}
