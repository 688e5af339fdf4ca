//! Files that were moved away lately: what still changes then was taken too early, and is another version of the paper.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use crate::intake::Receipt;
use crate::intake::settle::{Look, look};

/// How many are watched, the last ones: at each look the file system is asked of each.
const WATCHED_MAX: usize = 64;

/// The last files that were moved away.
#[derive(Debug, Default)]
pub(in crate::intake) struct Taken(VecDeque<File>);

#[derive(Debug)]
struct File {
    path: PathBuf,
    name: OsString,
    look: Look,
}

impl Taken {
    /// A file was moved to `target`.
    pub(in crate::intake) fn add(&mut self, receipt: &Receipt, target: PathBuf) {
        let name = receipt.path.file_name().unwrap_or_default().to_owned();
        self.0.push_back(File { path: target, name, look: receipt.look.clone() });
        if self.0.len() > WATCHED_MAX {
            self.0.pop_front();
        }
    }

    /// Those that have changed since they were taken.
    pub(in crate::intake) fn grown(&mut self) -> Vec<(PathBuf, Look)> {
        let mut grown = Vec::new();
        // what somebody tidied away is not watched
        self.0.retain(|file| {
            let now = fs::symlink_metadata(&file.path).ok().filter(fs::Metadata::is_file);
            let now = now.map(|metadata| look(&metadata));
            grown.extend(now.clone().filter(|now| *now != file.look).map(|now| (file.path.clone(), now)));
            now.is_some()
        });
        grown
    }

    /// How a file was called before it was moved to `path`.
    pub(in crate::intake) fn name(&self, path: &Path) -> Option<&OsStr> {
        self.0.iter().find(|file| file.path == path).map(|file| file.name.as_os_str())
    }

    /// Whether this is a new version of one of them; from here on it is the one that is known.
    pub(in crate::intake) fn is_known_as(&mut self, receipt: &Receipt) -> bool {
        let Some(file) = self.0.iter_mut().find(|file| file.path == receipt.path) else { return false };
        file.look = receipt.look.clone();
        true
    }
}
