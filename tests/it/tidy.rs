//! Properties of the code itself, checked like any other property.

use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom. A room may name only the rooms in its list, and a list may hold only rooms from rows above it: no
/// circle can be written down.
const KNOWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    // passwords and tokens: both doors and letters log in somewhere, and neither may know the other
    ("secret", &["model"]),
    // rule book and sender profiles lie in one folder, written by one person: neither room may know the other
    ("written", &["model"]),
    ("intake", &["model", "secret", "written"]),
    ("pages", &["model"]),
    ("ocr", &["model"]),
    ("rules", &["model", "written"]),
    ("store", &["model"]),
    ("alert", &["model", "secret"]),
    ("decide", &["model", "rules"]),
    ("reader", &["model", "pages", "ocr"]),
    ("pipeline", &["model", "reader", "rules", "decide"]),
    (
        "config",
        &["model", "secret", "written", "intake", "pages", "ocr", "reader", "rules", "decide", "store", "alert"],
    ),
    (
        "daemon",
        &[
            "model", "secret", "written", "intake", "pages", "ocr", "reader", "rules", "decide", "store", "alert",
            "pipeline", "config",
        ],
    ),
    (
        "cli",
        &[
            "model", "secret", "written", "intake", "pages", "ocr", "reader", "rules", "decide", "store", "alert",
            "pipeline", "config", "daemon",
        ],
    ),
];

/// A file a reader takes in at one sitting.
const FILE_LINES_MAX: usize = 600;

/// What only one place may do: words, the places where they may stand, why.
const ONLY_HERE: &[(&str, &[&str], &str)] = &[
    // a token_command is asked for an OAuth 2.0 token
    ("Command::new", &["src/reader/", "src/secret/"], "only `reader` and `secret` start a process"),
    ("Timestamp::now", &["src/daemon/clock.rs"], "only `daemon/clock.rs` reads the time"),
    ("SystemTime::now", &["src/daemon/clock.rs"], "only `daemon/clock.rs` reads the time"),
    ("Zoned::now", &["src/daemon/clock.rs"], "only `daemon/clock.rs` reads the time"),
];

#[test]
fn knowledge_runs_one_way() {
    for (index, (room, known)) in KNOWS.iter().enumerate() {
        for name in *known {
            let row = KNOWS.iter().position(|(other, _)| other == name);
            assert!(row.is_some_and(|row| row < index), "`{room}` lists `{name}`, which is not above it");
        }
    }
}

#[test]
fn files_are_tidy() {
    let mut faults = Vec::new();
    for path in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&path).unwrap();
        check_file(&path, &text, &mut faults);
    }
    for path in rust_files(Path::new("tests")).iter().chain(&rust_files(Path::new("benches"))) {
        let lines = fs::read_to_string(path).unwrap().lines().count();
        if FILE_LINES_MAX < lines {
            faults.push(format!("{}: more than {FILE_LINES_MAX} lines", path.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn check_file(path: &Path, text: &str, faults: &mut Vec<String>) {
    let place = path.display().to_string();
    if !text.starts_with("//!") {
        faults.push(format!("{place}: begin with `//!`: what comes in, what goes out"));
    }
    if FILE_LINES_MAX < text.lines().count() {
        faults.push(format!("{place}: more than {FILE_LINES_MAX} lines"));
    }
    let own = top_room(path);
    let known = KNOWS.iter().find(|(room, _)| Some(*room) == own.as_deref()).map(|(_, known)| *known);
    if own.is_some() && known.is_none() {
        faults.push(format!("{place}: `{}` has no row in KNOWS", own.as_deref().unwrap_or_default()));
    }
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap();
        let place = format!("{place}:{}", index + 1);
        for (words, places, why) in ONLY_HERE {
            if code.contains(words) && !places.iter().any(|allowed| path.starts_with(allowed)) {
                faults.push(format!("{place}: {why}"));
            }
        }
        let (Some(own), Some(known)) = (&own, known) else { continue };
        if code.contains("super::super") || code.contains("crate::{") {
            faults.push(format!("{place}: write `use crate::room::…`, one per room"));
        }
        for named in code.split("crate::").skip(1) {
            let end = named.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(named.len());
            let (named, _) = named.split_at(end);
            if !named.is_empty() && named != own && !known.contains(&named) {
                faults.push(format!("{place}: `{own}` may not know `{named}`"));
            }
        }
    }
}

/// `src/ocr/lines.rs` belongs to `ocr`; the crate roots and the binaries to nobody.
fn top_room(path: &Path) -> Option<String> {
    let first = path.strip_prefix("src").unwrap().iter().next().unwrap();
    let name = first.to_str().unwrap().trim_end_matches(".rs");
    (!matches!(name, "lib" | "main" | "bin")).then(|| name.to_owned())
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
