//! Tables of slots and sentences, and the names in them.

use super::*;

#[test]
fn a_slot_gives_the_given_name_first() {
    for (text, full, credentials, doubtful) in [
        ("Lopez, Maria", "Maria Lopez", "", false),
        ("Alan Pierce, MD", "Alan Pierce", "MD", false),
        ("Dr. Alan Pierce", "Alan Pierce", "", false),
        ("PIERCE, ALAN MD", "Alan Pierce", "MD", false),
        ("Denise Walker NP-C", "Denise Walker", "NP-C", false),
        ("Eric Lund, PA-C, MPAS", "Eric Lund", "PA-C MPAS", false),
        ("Rebecca Stone D.C.", "Rebecca Stone", "DC", false),
        ("Victor Ramos, D.O.", "Victor Ramos", "DO", false),
        ("O'BRIEN, GRACE", "Grace O'Brien", "", false),
        ("Grace O’Brien", "Grace O'Brien", "", false),
        ("Grace 0'Brien", "Grace O'Brien", "", true),
        ("Grace OBrien", "Grace OBrien", "", true),
        ("MCDONALD, IAN", "Ian McDonald", "", false),
        ("Smith-Jones, Ana M.", "Ana M. Smith-Jones", "", false),
        ("De La Cruz, Maria", "Maria De La Cruz", "", false),
        ("Juan de la Cruz", "Juan de la Cruz", "", false),
        ("John Smith Jr.", "John Smith Jr.", "", false),
        ("Leandro McAllister Ill", "Leandro McAllister III", "", false),
        ("Park Il Sung", "Park Il Sung", "", false),
        ("BIRDSONG, LIL", "Lil Birdsong", "", false),
        ("Smith, John Jr", "John Smith Jr.", "", false),
        ("Pierce MD, Alan", "Alan Pierce", "MD", false),
        ("| Maria Lopez _____", "Maria Lopez", "", false),
        ("Maria Lopez   DOB: 3/2/84", "Maria Lopez", "", false),
        ("Maria Lopez (F)", "Maria Lopez", "", false),
        ("Maria Lopez, DOB 3/2/84", "Maria Lopez", "", false),
        ("Dr. Pierce", "Pierce", "", true),
        ("Maria LOPEZ", "Maria Lopez", "", false),
        ("Alan Pierce, M.D., Board Certified", "Alan Pierce", "MD", false),
        ("VAN DYKE, MARY-ANN", "Mary-Ann Van Dyke", "", false),
        ("Lucia D'Angelo", "Lucia D'Angelo", "", false),
        ("D'ANGELO, LUCIA", "Lucia D'Angelo", "", false),
        ("Thomas J. Greer, PA-C", "Thomas J. Greer", "PA-C", false),
        ("Joan Whitaker ARNP", "Joan Whitaker", "ARNP", false),
        ("Boyle, Katherine, FNP-BC", "Katherine Boyle", "FNP-BC", false),
        ("Dr. Hiroshi Sato ND", "Hiroshi Sato", "ND", false),
        ("Mai Li", "Mai Li", "", false),
        ("Will West", "Will West", "", false),
        ("Patient Name Maria Lopez", "Maria Lopez", "", false),
        ("Maria Elena Garcia Lopez", "Maria Elena Garcia Lopez", "", false),
        ("John Q. Public, M.D., F.A.C.P.", "John Q. Public", "MD FACP", false),
        ("Nguyen, Hannah T", "Hannah T Nguyen", "", false),
        ("Tyrone Freeman 03/02/1984", "Tyrone Freeman", "", false),
        ("María Núñez", "María Núñez", "", false),
        ("Jo Do", "Jo Do", "", false),
        ("Name: Maria Lopez", "Maria Lopez", "", false),
        ("Alan Pierce, MD Piedmont Family Medicine", "Alan Pierce", "MD", false),
    ] {
        let hit = read_name(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(hit.name.full.reveal(), full, "{text}");
        assert_eq!(hit.credentials.join(" "), credentials, "{text}");
        assert_eq!(!hit.doubts.is_empty(), doubtful, "{text}: {:?}", hit.doubts);
    }
}

#[test]
fn what_is_no_name_is_refused() {
    for text in [
        "",
        "____",
        "Piedmont Family Medicine",
        "Southpark Spine & Sport",
        "410 Providence Road",
        "Date of Birth:",
        "DOB",
        "The patient is under my care",
        "Signature",
        "MD",
        "N/A",
        "Massage Therapy",
        "Lopez",
        "State Farm Insurance",
        "704-555-0148",
        "To Whom It May Concern",
        "Patient Name",
        "Sprain of ligaments",
        "Carolina Orthopedic Associates",
    ] {
        assert_eq!(read_name(text), None, "{text}");
    }
}

#[test]
fn names_stand_in_running_words_behind_a_cue() {
    for (text, names) in [
        ("RE: Maria Lopez, DOB 3/2/84", &["Maria Lopez"][..]),
        ("I am treating Maria Lopez for neck pain.", &["Maria Lopez"]),
        ("Electronically signed by Alan Pierce, MD on 11/2/26", &["Alan Pierce"]),
        ("Sincerely,\nAlan Pierce, MD", &["Alan Pierce"]),
        ("Ms. Lopez was seen by Dr. Alan Pierce.", &["Lopez", "Alan Pierce"]),
        ("Please fax the completed form to the clinic.", &[]),
        ("410 Providence Road, Charlotte, NC 28207", &[]),
        ("She is under my care for Low Back Pain.", &[]),
    ] {
        let hits = find_names(text);
        let found: Vec<&str> = hits.iter().map(|hit| hit.name.full.reveal().as_str()).collect();
        assert_eq!(found, names, "{text}");
        for hit in &hits {
            assert!(text.get(hit.span.clone()).is_some());
        }
    }
}

#[test]
fn a_credential_is_seen_wherever_a_name_with_it_is_read() {
    for text in [
        "Alan Pierce, MD",
        "victor ramos, D.O.",
        "Victor Ramos, D0",
        "Alan Pierce LAc",
        "Ana Diaz, Pa-C",
        "Tina Ray, MA",
    ] {
        assert!(names_credential(text), "{text}");
        let last = text.rsplit(' ').next().expect("a word");
        assert!(names_credential(last), "{last}");
    }
    for text in ["Maria Lopez", "97124", "2x per week", "Patient:", ""] {
        assert!(!names_credential(text), "{text}");
    }
}
