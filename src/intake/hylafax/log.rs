//! `xferfaxlog`: what HylaFAX writes down of each reception (man xferfaxlog(4F), faxd/FaxAcctInfo.c++).

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Only the end of a long log is read, in bytes: some 20,000 receptions.
const TAIL_BYTES_MAX: u64 = 4 << 20;

/// One received document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Local day and time at which the call began, as the log has it: `MM/DD/YY HH:MM`.
    pub began: String,
    /// How long it lasted.
    pub lasted: SignedDuration,
    /// The file's name in the queue.
    pub file: String,
    /// Pages received.
    pub pages: u32,
    /// The sending machine's own number (TSI).
    pub station: Option<String>,
    /// Why the reception ended early.
    pub error: Option<String>,
    /// The caller's name.
    pub caller_name: Option<String>,
    /// The caller's number.
    pub caller_number: Option<String>,
}

impl Call {
    /// When the call was over, by the clock of this machine.
    pub fn ended_at(&self) -> Option<Timestamp> {
        let began = DateTime::strptime("%m/%d/%y %H:%M", &self.began).ok()?;
        began.to_zoned(TimeZone::system()).ok()?.timestamp().checked_add(self.lasted).ok()
    }
}

/// "1:02:03" or "0:01:12".
fn duration(text: &str) -> Option<SignedDuration> {
    let seconds = text.split(':').try_fold(0_i64, |sum, part| {
        part.parse::<i64>().ok().filter(|part| (0..100).contains(part)).map(|part| 60 * sum + part)
    });
    seconds.map(SignedDuration::from_secs)
}

/// The receptions of a log, oldest first. A log that is not there says nothing.
pub(in crate::intake::hylafax) fn calls(path: &Path) -> Vec<Call> {
    let Ok(mut file) = fs::File::open(path) else { return Vec::new() };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::new();
    let begin = SeekFrom::Start(length.saturating_sub(TAIL_BYTES_MAX));
    if file.seek(begin).and_then(|_| file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    // a line that is just being written has no end yet
    let text = String::from_utf8_lossy(&bytes);
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).filter_map(call).collect()
}

/// The last reception into a file: numbers come round again.
pub(in crate::intake::hylafax) fn of_file<'a>(calls: &'a [Call], path: &Path) -> Option<&'a Call> {
    let name = path.file_name()?.to_string_lossy();
    calls.iter().rev().find(|call| call.file == name)
}

fn call(line: &str) -> Option<Call> {
    let fields: Vec<&str> = line.trim_end().split('\t').map(|field| field.trim().trim_matches('"')).collect();
    if *fields.get(1)? != "RECV" {
        return None;
    }
    let said = |index: usize| fields.get(index).copied().and_then(clean);
    Some(Call {
        began: fields.first()?.to_string(),
        lasted: fields.get(11).and_then(|text| duration(text)).unwrap_or_default(),
        file: fields.get(4)?.rsplit('/').next()?.to_owned(),
        pages: fields.get(10)?.parse().ok()?,
        station: said(8),
        error: said(13),
        caller_name: said(14),
        caller_number: said(15),
    })
}

/// What a calling machine says of itself: printable, short, and not a word for "nothing".
pub(in crate::intake) fn clean(text: &str) -> Option<String> {
    const NOTHING: [&str; 6] = ["", "<unspecified>", "unknown", "unavailable", "anonymous", "none"];
    let text: String = text.chars().filter(|letter| !letter.is_control()).take(80).collect();
    let text = text.trim();
    (!NOTHING.contains(&text.to_lowercase().as_str())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reception_is_read_and_a_half_written_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xferfaxlog");
        let line = |kind: &str, reason: &str| {
            format!(
                "11/02/26 08:14\t{kind}\t000000123\tttyS0\trecvq/fax000000042.tif\t\"\"\tfax\t\"17045550100\"\t\"704 555 0123\"\
                 \t3932160\t2\t0:01:12\t0:01:10\t\"{reason}\"\t\"HILLSIDE MEDICAL\"\t\"7045550123\"\t\"\"\t\"\"\t\"00\"\t\"\"\n"
            )
        };
        let text =
            format!("{}{}{}", line("SEND", ""), line("RECV", "No carrier detected {E002}"), "11/02/26 08:20\tRECV\t");
        fs::write(&path, text).unwrap();
        let calls = calls(&path);
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((call.file.as_str(), call.pages), ("fax000000042.tif", 2));
        assert_eq!(call.lasted.as_secs(), 72);
        assert_eq!(call.error.as_deref(), Some("No carrier detected {E002}"));
        assert_eq!(call.caller_number.as_deref(), Some("7045550123"));
        assert_eq!(of_file(&calls, Path::new("/var/spool/recvq/fax000000042.tif")), Some(call));
        assert_eq!(of_file(&calls, Path::new("fax000000043.tif")), None);
        assert_eq!(clean("<UNSPECIFIED>"), None);
    }
}
