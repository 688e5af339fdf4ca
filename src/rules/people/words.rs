//! The words around a name: titles, credentials, labels, organisations; and what OCR does to the name itself.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

pub(super) fn is_title(word: &str) -> bool {
    const TITLES: [&str; 8] = ["dr", "mr", "mrs", "ms", "miss", "prof", "doctor", "mx"];
    TITLES.iter().any(|title| title.eq_ignore_ascii_case(word)) || is_rank(word)
}

/// A rank before the name of somebody who serves or has served.
fn is_rank(word: &str) -> bool {
    const RANKS: [&str; 22] = [
        "SGT", "SSG", "SFC", "MSG", "CPL", "PFC", "PVT", "SPC", "LT", "LTC", "LCDR", "CDR", "CAPT", "CPT", "MAJ",
        "COL", "GEN", "ENS", "CPO", "MSGT", "TSGT", "SSGT",
    ];
    const RANK_LETTERS_MAX: usize = 4;
    let is_shaped = word.starts_with(char::is_uppercase) && word.len() > 1;
    let bare = word.trim_end_matches('.');
    is_shaped && bare.len() <= RANK_LETTERS_MAX && RANKS.iter().any(|rank| rank.eq_ignore_ascii_case(bare))
}

pub(super) fn suffix(word: &str) -> Option<String> {
    match word {
        "Jr" | "JR" | "jr" => Some("Jr.".to_owned()),
        "Sr" | "SR" | "sr" => Some("Sr.".to_owned()),
        "II" | "III" | "IV" => Some(word.to_owned()),
        word if looks_like_three_ones(word) => Some("III".to_owned()),
        _ => None,
    }
}

/// "Ill", "IIl": what OCR makes of "III"; no name is written so ("Lil" is one, and "Il").
fn looks_like_three_ones(word: &str) -> bool {
    word.len() == 3 && !word.starts_with('L') && word.chars().all(|letter| "IlL1|".contains(letter))
}

/// A credential, without its dots; None for words that are none.
pub(super) fn credential(word: &str) -> Option<String> {
    let has_small = || word.bytes().any(|byte| byte.is_ascii_lowercase()) || word.chars().any(char::is_lowercase);
    let shaped = word.contains('.') || !has_small() || matches!(word, "LAc" | "PhD" | "PsyD" | "Pa-C" | "Np-C");
    // none begins with a digit, but for a zero that was an O
    if !shaped || word.starts_with(|letter: char| matches!(letter, '1'..='9')) {
        return None;
    }
    let sign = |sign: char| match sign {
        '–' => '-',
        '0' => 'O',
        sign => sign.to_ascii_uppercase(),
    };
    let upper: String = word.chars().filter(|letter| *letter != '.').map(sign).collect();
    if upper.len() < 2 || !holds(&CREDENTIALS, &upper) {
        return None;
    }
    Some(match upper.as_str() {
        "PAC" => "PA-C".to_owned(),
        "NPC" => "NP-C".to_owned(),
        "FNPC" => "FNP-C".to_owned(),
        "LAC" => "LAc".to_owned(),
        "PHD" => "PhD".to_owned(),
        _ => upper,
    })
}

/// Credentials that are family names too.
pub(super) fn is_assistant(word: &str) -> bool {
    word.starts_with(['M', 'C', 'R']) && matches!(word.replace('.', "").as_str(), "MA" | "CMA" | "RMA")
}

/// Small words inside a family name.
pub(super) fn is_particle(word: &str) -> bool {
    holds(&PARTICLES, word)
}

pub(super) fn is_initial(word: &str) -> bool {
    word.trim_end_matches('.').chars().count() == 1
}

/// Letters, an apostrophe, a hyphen; at most one digit that stands for a letter.
pub(super) fn is_name_word(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let other = word
        .chars()
        .filter(|c| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '‘' | '`' | '-' | '.' | '‐' | '–')))
        .count();
    let first_small = word.chars().next().is_some_and(char::is_lowercase);
    let small = first_small && !is_particle(word) && word.chars().skip(1).any(char::is_uppercase) && letters < 3;
    0 < letters && digits <= 1 && (digits == 0 || 3 <= letters) && other == 0 && letters <= 24 && !small
}

/// OCR and apostrophes: "0'Brien", "O’Brien", "Mar1a".
pub(super) fn mend(word: &str) -> (String, Option<&'static str>) {
    if word.len() > 2
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_uppercase())
        && !may_lack_apostrophe(word)
    {
        return (word.to_owned(), None);
    }
    let straight: String = word
        .chars()
        .map(|c| {
            if matches!(c, '’' | '‘' | '`') {
                '\''
            } else if matches!(c, '‐' | '–') {
                '-'
            } else {
                c
            }
        })
        .collect();
    let straight = if straight.trim_end_matches('.').chars().count() > 1 {
        straight.trim_end_matches('.').to_owned()
    } else {
        straight
    };
    let straight = if straight == "St" { "St.".to_owned() } else { straight };
    if straight.chars().any(|c| c.is_ascii_digit()) {
        let capitals = !straight.chars().any(char::is_lowercase);
        let mended: String = straight
            .chars()
            .enumerate()
            .map(|(place, c)| match c {
                '0' if place == 0 || capitals => 'O',
                '0' => 'o',
                '1' if capitals => 'I',
                '1' => 'l',
                '5' if place == 0 || capitals => 'S',
                '5' => 's',
                '8' => 'B',
                c => c,
            })
            .collect();
        return (mended, Some("a digit stands in the name"));
    }
    if may_lack_apostrophe(&straight) {
        return (straight, Some("an apostrophe may be lost in the name"));
    }
    (straight, None)
}

/// "OBrien".
fn may_lack_apostrophe(word: &str) -> bool {
    word.len() > 3
        && word.starts_with('O')
        && word.chars().nth(1).is_some_and(char::is_uppercase)
        && word.chars().skip(2).all(char::is_lowercase)
}

/// "O'BRIEN" → "O'Brien", "MCDONALD" → "McDonald", "SMITH-JONES" → "Smith-Jones".
pub(super) fn title_case(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut start = true;
    let lower: Vec<char> = word.to_lowercase().chars().collect();
    for (place, c) in lower.iter().enumerate() {
        let scottish = place == 2 && lower.starts_with(&['m', 'c']) && 4 < lower.len();
        if start || scottish {
            out.extend(c.to_uppercase())
        } else {
            out.push(*c)
        }
        start = matches!(c, '-') || (*c == '\'' && place <= 2);
    }
    out
}

/// Words that begin a label, not a name.
pub(super) fn is_label(word: &str) -> bool {
    holds(&LABELS, &word.to_lowercase())
}

/// Words that no name holds.
pub(super) fn is_refused(word: &str) -> bool {
    let lower = word.to_lowercase();
    holds(&LABELS, &lower) || holds(&REFUSED, &lower) || holds(&EVERYDAY, word)
}

fn holds(list: &Words, word: &str) -> bool {
    list.contains(word)
}

/// A list of words.
type Words = LazyLock<FxHashSet<&'static str>>;

fn set(list: &'static str) -> FxHashSet<&'static str> {
    list.split_ascii_whitespace().collect()
}

/// Degrees and licences of those who order, and what stands beside them.
static CREDENTIALS: Words = LazyLock::new(|| {
    set("MD DO DC ND NMD NP NP-C NPC ARNP APRN APRN-C CRNP FNP FNP-BC FNP-C FNPC AGNP AGNP-C AGPCNP-BC PMHNP PMHNP-BC \
    ANP ANP-BC ANP-C WHNP PNP CPNP DNP CNM CNP CNS PA PA-C PAC DPM DDS DMD OD LAC EAMP DACM DAOM PT DPT OT OTR \
    OTR/L RN BSN MSN MPAS MMS MPA MHS PHD MPH FAAFP FACP FACS FAAOS FAAPMR FACOG FAAP CCSP DACBSP MBBS MBA MS MHA \
    LMT LMP CMT LPN LVN CCMA CNA PTA OTA ATC DABCO CSCS MSPAS PSYD FACC OCS SCS LM CPM")
});

/// Written small within a name.
static PARTICLES: Words =
    LazyLock::new(|| set("de la del van von der den da di du dos das el al bin ben ter ten le y st san"));

/// Captions of forms.
static LABELS: Words = LazyLock::new(|| {
    set("name patient pt client re dob d.o.b date birth age sex gender phone ph tel fax cell address mrn npi id doi \
    provider physician doctor signature signed by insured claimant print printed ordering referring from to attn \
    lic license email ssn claim first last middle mi born birthdate athlete player")
});

/// Organisations, places, the words of sentences and orders.
static REFUSED: Words = LazyLock::new(|| {
    set(
        "page pages clinic clinics medicine medical family center centre hospital spine sport sports health healthcare care \
 associates group pllc llc inc ltd corp insurance mutual company diagnosis treatment therapy therapist massage \
 street road avenue ave drive suite ste blvd highway box the and is was has have for with who been are \
 this that your my our under of orthopedic orthopedics orthopaedic chiropractic rehab rehabilitation \
 physical pain wellness institute department dept practice primary urgent internal neurology surgery board \
 certified prescription order orders referral plan frequency duration visits weeks week injury accident auto \
 policy number none unknown n/a na tbd pending same see attached required please on in at as it he she we i'm \
 am be not no yes male female whom concern dear sincerely regards electronically procedure code cpt icd rx \
 fax'd outpatient inpatient university regional community services partners \
 specialists office manual neck back shoulder lumbar cervical thoracic sprain strain myalgia cervicalgia \
 headache january february september october november december monday tuesday wednesday thursday friday \
 contact attending authorizing supervising adjuster employer carrier payer complete all items bodywork massage fill below here form \
 fax return sign check whose bureau only use therapeutics wellbeing department division network claims legal preferred narne after \
 visit summary report letter necessity request renewed renewal record records authorization statement thanks cheers hello hi greetings team substitution permitted dispense",
    )
});

/// Words of sentences that are names too: refused only where they are written small.
static EVERYDAY: Words = LazyLock::new(|| set("will may page lane west north east south march hope grace mark"));
