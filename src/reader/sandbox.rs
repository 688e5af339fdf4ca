//! What the reader child takes from itself before it sees the first paper: files, network, and most system calls.

use std::collections::BTreeMap;
use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};
use rlimit::Resource;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde::{Deserialize, Serialize};

/// Open files: the three standard ones, the trained data, and what a library may hold for a moment.
const FILES_MAX: u64 = 32;

/// What holds the child in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Landlock: no file but the trained data, no TCP.
    pub landlock: Enforced,
    /// Seccomp: only the system calls of reading.
    pub seccomp: bool,
}

/// How much of the landlock rules the kernel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enforced {
    /// All of them.
    Fully,
    /// Those of an older kernel.
    Partly,
    /// None: the kernel is older than 5.13 or has landlock switched off.
    Not,
}

impl Sandbox {
    /// Whether it can open no file but the trained data and make no call but those of reading.
    pub fn is_shut(&self) -> bool {
        self.landlock != Enforced::Not && self.seccomp
    }

    /// A sentence for `doctor` and the log.
    pub fn tell(&self) -> String {
        let files = match self.landlock {
            Enforced::Fully => "sees no file but the trained data (landlock)",
            Enforced::Partly => "sees no file but the trained data (landlock, in part: this kernel is older than 6.12)",
            Enforced::Not => "could open files of this user: this kernel has no landlock (5.13 and later have it)",
        };
        let calls = if self.seccomp {
            "may call only what reading needs (seccomp)"
        } else {
            "may make any system call: this kernel has no seccomp filters"
        };
        format!("the reader child {files} and {calls}")
    }
}

/// Locks this process in. `tessdata` stays readable. `processor_seconds_max` ends a child whose parent is gone.
///
/// # Errors
/// Where the limits cannot be set. A kernel without landlock or seccomp is no error but told in the answer.
pub(in crate::reader) fn enter(
    tessdata: &str,
    memory_max_bytes: u64,
    processor_seconds_max: u64,
) -> io::Result<Sandbox> {
    let limits = [
        (Resource::AS, memory_max_bytes),
        (Resource::CPU, processor_seconds_max),
        (Resource::CORE, 0),
        (Resource::FSIZE, 0),
        (Resource::NOFILE, FILES_MAX),
    ];
    for (resource, limit) in limits {
        let (_, hard) = resource.get()?;
        resource.set(limit.min(hard), limit.min(hard))?;
    }
    let landlock = match shut_files(tessdata) {
        Ok(RulesetStatus::FullyEnforced) => Enforced::Fully,
        Ok(RulesetStatus::PartiallyEnforced) => Enforced::Partly,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Enforced::Not,
    };
    Ok(Sandbox { landlock, seccomp: shut_calls().is_ok() })
}

fn shut_files(tessdata: &str) -> Result<RulesetStatus, RulesetError> {
    let abi = ABI::V6; // what an older kernel does not know of it is left out (the crate's default, best effort)
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules([tessdata], AccessFs::from_read(abi)))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// Every other call is answered with "not permitted". No socket, no exec, no kill of others; `clone` is missing as well: the
/// engine runs on one thread.
fn shut_calls() -> Result<(), seccompiler::Error> {
    let allowed = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_lseek,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_newfstatat,
        libc::SYS_openat,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_clock_gettime,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_tgkill,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> = allowed.iter().map(|call| (*call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    let program: BpfProgram = SeccompFilter::new(rules, refuse, SeccompAction::Allow, machine)?.try_into()?;
    seccompiler::apply_filter(&program)
}
