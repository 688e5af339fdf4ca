//! A real mail server (Exim) in a scratch folder, on loopback. What it accepted lies in its spool.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::clinic::files;
use crate::dovecot::{Certificate, certificate, free_port};

pub(crate) const USER: &str = "rxintake";
pub(crate) const PASSWORD: &str = "battery staple";
/// A server that does not answer by then is broken.
const START_MAX: Duration = Duration::from_secs(30);

/// A server that takes mail only encrypted and from whoever logged in.
pub(crate) struct Exim {
    folder: TempDir,
    server: Child,
    pub(crate) port: u16,
}

impl Exim {
    pub(crate) fn start() -> Self {
        Self::start_with(Certificate::Good)
    }

    pub(crate) fn start_with(kind: Certificate) -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path().to_owned();
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
        certificate(&at, kind);
        fs::create_dir(at.join("spool")).unwrap();
        let name = if fs::metadata(&at).unwrap().uid() == 0 { "Debian-exim" } else { "" };
        let user = if name.is_empty() { String::new() } else { format!("exim_user = {name}\nexim_group = {name}\n") };
        if let Some(id) = id_of(name) {
            for part in ["spool", "key.pem", "certificate.pem"] {
                chown(at.join(part), Some(id), None).unwrap();
            }
        }
        let port = free_port();
        let config = format!(
            "primary_hostname = mail.clinic.example\n{user}spool_directory = {at}/spool\nlog_file_path = {at}/spool/%slog\n\
             local_interfaces = 127.0.0.1\ndaemon_smtp_ports = {port}\nqueue_only = true\ntls_advertise_hosts = *\n\
             tls_certificate = {at}/certificate.pem\ntls_privatekey = {at}/key.pem\nacl_smtp_rcpt = rcpt\n\
             begin acl\nrcpt:\n  deny message = log in first\n       !authenticated = *\n\
             \u{20} deny message = encryption is required\n       !encrypted = *\n\
             \u{20} deny message = no such user here\n       local_parts = gone\n\
             \u{20} defer message = come back later\n        condition = ${{if exists{{{at}/busy}}}}\n  accept\n\
             begin authenticators\nxoauth2:\n  driver = plaintext\n  public_name = XOAUTH2\n\
             \u{20} server_advertise_condition = ${{if def:tls_in_cipher}}\n\
             \u{20} server_condition = ${{if match{{$auth1}}{{user={USER}.auth=Bearer good-token}}}}\n\
             \u{20} server_set_id = xoauth2\nplain:\n  driver = plaintext\n  public_name = PLAIN\n\
             \u{20} server_advertise_condition = ${{if def:tls_in_cipher}}\n\
             \u{20} server_condition = ${{if and {{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}\n",
            at = at.display()
        );
        fs::write(at.join("exim.conf"), config).unwrap();
        let server = Command::new("/usr/sbin/exim4")
            .args(["-bdf", "-C"])
            .arg(at.join("exim.conf"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(at.join("stderr")).unwrap())
            .spawn()
            .expect("exim4 is installed by `make test`");
        let mut exim = Self { folder, server, port };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = fs::read_to_string(at.join("stderr")).unwrap_or_default();
            let ended = exim.server.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < START_MAX, "exim does not answer: {said}");
            std::thread::yield_now();
        }
        exim
    }

    /// What the configuration says of this server.
    pub(crate) fn alerts(&self) -> String {
        format!(
            "[alerts]\nfrom = \"rxintake@clinic.example\"\n[alerts.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"starttls\"\n\
             user = \"{USER}\"\npassword_file = \"secrets/smtp\"\nca_file = \"{}\"\nfirst_retry_seconds = 1\n",
            self.port,
            self.folder.path().join("certificate.pem").display()
        )
    }

    /// Whether it puts everybody off (451).
    pub(crate) fn be_busy(&self, busy: bool) {
        let sign = self.folder.path().join("busy");
        if busy { fs::write(sign, "").unwrap() } else { fs::remove_file(sign).unwrap() }
    }

    /// The Message-IDs of the accepted mails, in the order in which they came.
    pub(crate) fn order(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("spool/mainlog")).unwrap();
        let accepted = log.lines().filter(|line| line.contains(" <= "));
        accepted.map(|line| line.split(" id=").nth(1).unwrap().split(' ').next().unwrap().to_owned()).collect()
    }

    /// The heads of the accepted mails.
    pub(crate) fn accepted(&self) -> Vec<String> {
        accepted_in(&self.spool())
    }

    /// Where the accepted mails lie.
    pub(crate) fn spool(&self) -> PathBuf {
        self.folder.path().join("spool/input")
    }
}

/// The heads of the accepted mails in a spool. A mail lies there before its sender gets an answer.
pub(crate) fn accepted_in(spool: &Path) -> Vec<String> {
    let spool = files(spool);
    let heads = spool.iter().filter(|path| path.to_string_lossy().ends_with("-H"));
    heads.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
}

impl Drop for Exim {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

fn id_of(user: &str) -> Option<u32> {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.split(':').next() == Some(user))?;
    line.split(':').nth(2)?.parse().ok()
}
