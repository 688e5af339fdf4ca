//! Which files of a folder some process on this machine has open for writing, where that can be known.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// File systems that other machines write to as well (linux/magic.h, and the sources of those that are not in it): NFS, SMB, CIFS,
/// SMB2, FUSE, 9P, AFS, Ceph, CODA, NCP, OCFS2, GFS2, VirtualBox.
const SHARED: [u32; 13] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x6573_5546,
    0x0102_1997,
    0x5346_414f,
    0x00c3_6400,
    0x7375_7245,
    0x564c,
    0x7461_636f,
    0x0116_1970,
    0x786f_4256,
];
/// The access mode in `flags:` of `/proc/PID/fdinfo/FD`, octal (man proc(5)): 0 is reading only.
const ACCESS_MODE: u32 = 0o3;
/// Whoever may write: the group or all.
const OTHERS_WRITE: u32 = 0o022;

/// Whether somebody may still be writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake) enum Writer {
    /// Whoever wrote has closed the file, or renamed it when it was done.
    Gone,
    /// It is open for writing.
    There,
    /// Nobody can say: a share, another user's processes.
    Unknown,
}

/// What one pass over `/proc` saw of the files of a folder.
#[derive(Debug)]
pub(in crate::intake) struct Writers {
    /// Device and inode of what is open for writing.
    open: BTreeSet<(u64, u64)>,
    /// Whether every process of this user could be looked into.
    is_complete: bool,
    /// Whether only this machine writes to the folder.
    is_local: bool,
    /// This user.
    user: u32,
}

impl Writers {
    /// Looks which of the files called `names` are open for writing.
    pub(in crate::intake) fn look(folder: &Path, names: &BTreeSet<OsString>) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let kind = rustix::fs::statfs(folder).map(|disk| disk.f_type as u32); // the magic numbers have 32 bits
        let is_local = kind.is_ok_and(|kind| !SHARED.contains(&kind));
        let mut writers = Self { open: BTreeSet::new(), is_complete: true, is_local, user };
        let processes = fs::read_dir("/proc").map(|entries| entries.filter_map(Result::ok));
        let Ok(processes) = processes else { return Self { is_complete: false, ..writers } };
        for process in processes.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)) {
            let seen = writers.look_into(&process.path(), names);
            // one that ended meanwhile has nothing open; one of another user can only be looked into by root
            let is_hidden = seen.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
            if is_hidden && process.metadata().is_ok_and(|metadata| metadata.uid() == user || user == 0) {
                writers.is_complete = false;
            }
        }
        writers
    }

    fn look_into(&mut self, process: &Path, names: &BTreeSet<OsString>) -> io::Result<()> {
        for entry in fs::read_dir(process.join("fd"))?.filter_map(Result::ok) {
            // first by name, which asks no file system: a dead share would hold the look
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            if !target.file_name().is_some_and(|name| names.contains(name)) {
                continue;
            }
            let info = process.join("fdinfo").join(entry.file_name());
            if !fs::read_to_string(info).is_ok_and(|info| writes(&info)) {
                continue;
            }
            if let Ok(metadata) = fs::metadata(entry.path()) {
                self.open.insert((metadata.dev(), metadata.ino()));
            }
        }
        Ok(())
    }

    /// Whether somebody has this file open for writing.
    pub(in crate::intake) fn of(&self, file: &Metadata) -> Writer {
        // what only this user may write, only this user's processes (and root's, on his behalf) have open
        let is_ours = file.uid() == self.user && file.permissions().mode() & OTHERS_WRITE == 0;
        if self.open.contains(&(file.dev(), file.ino())) {
            Writer::There
        } else if self.is_local && self.is_complete && (self.user == 0 || is_ours) {
            Writer::Gone
        } else {
            Writer::Unknown
        }
    }
}

fn writes(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & ACCESS_MODE != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};

    #[test]
    fn who_writes_is_seen_and_who_reads_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.tif");
        let writer = File::create(&path).unwrap();
        let names = BTreeSet::from([OsString::from("scan.tif")]);
        let seen = || Writers::look(folder.path(), &names).of(&fs::metadata(&path).unwrap());
        assert_eq!(seen(), Writer::There);
        drop(writer);
        let reader = File::open(&path).unwrap();
        assert_ne!(seen(), Writer::There);
        drop(reader);
        let _appends = OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(seen(), Writer::There);
        assert!(writes("pos:\t0\nflags:\t0100002\n") && !writes("pos:\t0\nflags:\t0100000\n") && !writes(""));
    }
}
