//! For `fuzz/`, which stands outside this crate: bytes from anywhere, heard as either side of the protocol hears them.

use futures_util::FutureExt;

use crate::model::Reading;
use crate::reader::protocol::{Answer, answer, receive, request};
use crate::reader::sound;

/// How many requests a child understands before it would end.
pub fn heard_by_child(mut bytes: &[u8]) -> usize {
    let mut heard = 0;
    while let Ok(Some(asked)) = request(&mut bytes) {
        heard += 1;
        if asked.brings_paper() && !matches!(receive(&mut bytes), Ok(Some(_))) {
            break;
        }
    }
    heard
}

/// The readings of pages 1, 2 and so on that the daemon believes where a child answers with `bytes`.
pub fn believed_by_daemon(mut bytes: &[u8]) -> Vec<Reading> {
    let mut believed = Vec::new();
    // bytes in memory are always there, so nothing is waited for
    while let Some(Ok(said)) = answer(&mut bytes).now_or_never() {
        let number = u32::try_from(believed.len()).map_or(u32::MAX, |before| before + 1);
        match said {
            Answer::Read(reading) if sound::is_sound(&reading, number) => believed.push(*reading),
            _ => {}
        }
    }
    believed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bodies: &[&str]) -> Vec<u8> {
        let frame = |body: &&str| [&u32::try_from(body.len()).unwrap().to_le_bytes(), body.as_bytes()].concat();
        bodies.iter().flat_map(frame).collect()
    }

    #[test]
    fn both_sides_understand_what_is_said_and_no_more() {
        let open = r#"{"Open":{"limits":{}}}"#;
        assert_eq!(
            heard_by_child(&frames(&[open, "the paper", r#"{"Page":{"number":1,"band":null}}"#, "\"Close\""])),
            3
        );
        assert_eq!(heard_by_child(&frames(&[open])), 1, "the paper is missing");
        assert_eq!(heard_by_child(&frames(&["nonsense", "\"Close\""])), 0);

        let read = |word: &str| {
            format!(
                r#"{{"Read":{{"page":1,"width":100,"height":100,"source":"ocr","rotated":0,"marks":[],"fax_header":null,"trouble":null,
                "lines":[{{"words":[{{"text":"{word}","area":[1,2,30,40],"confidence":1}}]}}]}}}}"#
            )
        };
        assert_eq!(believed_by_daemon(&frames(&["\"Closed\"", &read("Rx")])).len(), 1);
        assert_eq!(believed_by_daemon(&frames(&[&read("")])).len(), 0, "an empty word");
    }
}
