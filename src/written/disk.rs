//! In: the path of a file that a person keeps. Out: its text, or in plain words why there is none.

use std::fs::{File, metadata, read_dir};
use std::io::{self, Read};
use std::path::Path;
use std::string::FromUtf8Error;

use crate::written::{Fault, FaultKind};

/// Whether a file in a folder of rules is read, by its name. Those that begin with a dot are an editor's.
pub fn is_rule_file(name: &str) -> bool {
    name.ends_with(".toml") && !name.starts_with('.')
}

/// Names and texts of the rule files of a folder, sorted by name; `below` is put before the names ("senders/"). A fault for each
/// that cannot be read, and for each that looks like one by its name and is none ("66-mine.toml.txt", "66-MINE.TOML").
///
/// # Errors
/// The folder cannot be read.
pub fn read_folder(
    folder: &Path,
    below: &str,
    bytes_max: u64,
    faults: &mut Vec<Fault>,
) -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for name in names_in(folder)? {
        let shown = format!("{below}{name}");
        if is_rule_file(&name) {
            match read_bytes(&folder.join(&name), bytes_max) {
                Ok(bytes) => match String::from_utf8(bytes) {
                    Ok(text) => files.push((shown, text)),
                    Err(error) => faults.push(not_utf8(&shown, &error)),
                },
                Err(what) => faults.push(Fault::of_file(FaultKind::Unreadable, &shown, what)),
            }
        } else if was_meant_to_be_one(&name) {
            let what = "is not read, and looks like a rule file: give it a name that ends in .toml, in small letters";
            faults.push(Fault::of_file(FaultKind::Unreadable, &shown, what.to_owned()));
        }
    }
    Ok(files)
}

/// What lies in a folder of rules and is not read, though somebody may think so: copies and an editor's files.
///
/// # Errors
/// The folder cannot be read.
pub fn unread(folder: &Path) -> io::Result<Vec<String>> {
    let is_passed_over = |name: &String| !is_rule_file(name) && !was_meant_to_be_one(name) && name.contains(".toml");
    Ok(names_in(folder)?.into_iter().filter(is_passed_over).collect())
}

/// The names of what lies in a folder, sorted.
///
/// # Errors
/// The folder cannot be read.
pub fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let names = read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}

/// Whether a file looks like a rule file by its name and is none: a fault of the folder.
pub fn was_meant_to_be_one(name: &str) -> bool {
    let lower = name.to_lowercase();
    !name.starts_with('.') && !is_rule_file(name) && (lower.ends_with(".toml") || lower.ends_with(".toml.txt"))
}

/// The text of a file of at most `bytes_max` bytes. A link is followed; nothing but a plain file is opened.
///
/// # Errors
/// What is wrong and what to do: it is no plain file (a pipe would never end), is too large, or is not UTF-8.
pub fn read_file(path: &Path, bytes_max: u64) -> Result<String, String> {
    let read = String::from_utf8(read_bytes(path, bytes_max)?);
    read.map_err(|error| {
        let Fault { place, what, .. } = not_utf8("", &error);
        place.map_or_else(|| what.clone(), |(line, column, _)| format!("line {line}, column {column}: {what}"))
    })
}

fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let about = metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        let kind = if about.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(format!("cannot be read: it is {kind}, not a file; move it out of the folder of rules"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("is larger than {bytes_max} bytes; take it apart"));
    }
    Ok(bytes)
}

/// The first letter that is none.
fn not_utf8(file: &str, error: &FromUtf8Error) -> Fault {
    let bytes = error.as_bytes();
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let text = String::from_utf8_lossy(bytes);
    let what = format!("this is not UTF-8{}; {SAVE}", if is_utf16 { " but UTF-16" } else { "" });
    Fault::at(FaultKind::Unreadable, file, &text, error.utf8_error().valid_up_to(), what)
}

const SAVE: &str = "save the file as UTF-8 (in Notepad: File, Save as, and at the bottom beside Encoding choose UTF-8)";
