//! A real Dovecot in a scratch folder, on loopback.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) const USER: &str = "fax";
pub(crate) const PASSWORD: &str = "correct horse";
/// Debian's user without rights: Dovecot gives no mail to root.
const NOBODY: u32 = 65_534;
/// A server that does not answer by then is broken.
const START_MAX: Duration = Duration::from_secs(30);

/// A server with one user and one mailbox.
pub(crate) struct Dovecot {
    folder: TempDir,
    server: Child,
    pub(crate) port: u16,
    tls_port: u16,
    owner: u32,
}

impl Dovecot {
    pub(crate) fn start() -> Self {
        Self::start_with(Certificate::Good)
    }

    pub(crate) fn start_with(kind: Certificate) -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path().to_owned();
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
        certificate(&at, kind);
        let me = fs::metadata(&at).unwrap().uid();
        let owner = if me == 0 { NOBODY } else { me };
        fs::create_dir_all(at.join("home")).unwrap();
        chown(at.join("home"), Some(owner), None).unwrap();
        fs::write(at.join("users"), format!("{USER}:{{PLAIN}}{PASSWORD}\n")).unwrap();
        let (port, tls_port) = (free_port(), free_port());
        // as root the server changes to the users of its package, else everything is ours
        let users = if me == 0 {
            String::new()
        } else {
            let name = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
            let name = name.trim();
            format!(
                "default_internal_user = {name}\ndefault_login_user = {name}\ndefault_internal_group = {name}\n\
                 service anvil {{\n chroot =\n}}\nservice imap-login {{\n chroot =\n}}\n"
            )
        };
        let config = format!(
            "base_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
             ssl = yes\nssl_cert = <{at}/certificate.pem\nssl_key = <{at}/key.pem\ndisable_plaintext_auth = no\n\
             auth_mechanisms = plain login xoauth2\nmail_location = maildir:{at}/home/Maildir\nfirst_valid_uid = 1\n{users}\
             passdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {at}/oauth\n}}\n\
             passdb {{\n driver = passwd-file\n mechanisms = plain login\n args = {at}/users\n}}\n\
             userdb {{\n driver = static\n args = uid={owner} gid={owner} home={at}/home\n}}\n\
             service imap-login {{\n inet_listener imap {{\n  port = {port}\n }}\n inet_listener imaps {{\n  port = {tls_port}\n  ssl = yes\n }}\n}}\n",
            at = at.display()
        );
        fs::write(at.join("dovecot.conf"), config).unwrap();
        let introspection = format!(
            "introspection_mode = post\nintrospection_url = http://127.0.0.1:{}/\nusername_attribute = username\n\
             active_attribute = active\nactive_value = true\n",
            token_server()
        );
        fs::write(at.join("oauth"), introspection).unwrap();
        let server = serve(&at);
        let dovecot = Self { folder, server, port, tls_port, owner };
        dovecot.until_it_answers();
        dovecot
    }

    /// What the daemon's configuration says of this mailbox.
    pub(crate) fn inbox(&self, more: &str) -> String {
        format!(
            "[[inbox]]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"starttls\"\nuser = \"{USER}\"\n\
             password_file = \"secrets/imap\"\nca_file = \"{}\"\n{more}\n",
            self.port,
            self.folder.path().join("certificate.pem").display()
        )
    }

    /// The same at the port that is encrypted from its first byte.
    pub(crate) fn inbox_with_implicit_tls(&self, more: &str) -> String {
        let inbox = self.inbox(more).replace("\"starttls\"", "\"implicit\"");
        inbox.replace(&format!("port = {}", self.port), &format!("port = {}", self.tls_port))
    }

    /// Delivers a mail, as a mail transfer agent does.
    pub(crate) fn deliver(&self, name: &str, mail: &[u8]) {
        let maildir = self.maildir("");
        for part in ["", "tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(part)).unwrap();
            chown(maildir.join(part), Some(self.owner), Some(self.owner)).unwrap();
        }
        let temporary = maildir.join("tmp").join(name);
        fs::write(&temporary, mail).unwrap();
        chown(&temporary, Some(self.owner), Some(self.owner)).unwrap();
        fs::rename(&temporary, maildir.join("new").join(name)).unwrap();
    }

    /// The file names of the messages in a folder; the flags stand behind `:2,`.
    pub(crate) fn messages(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = ["new", "cur"]
            .iter()
            .filter_map(|part| fs::read_dir(self.maildir(folder).join(part)).ok())
            .flatten()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A person removes a message from the inbox.
    pub(crate) fn remove(&self, name: &str) {
        let places = ["new", "cur"].map(|part| self.maildir("").join(part).join(name));
        fs::remove_file(places.iter().find(|path| path.try_exists().unwrap()).unwrap()).unwrap();
    }

    /// Ends the server and every connection.
    pub(crate) fn stop(&mut self) {
        let id = self.server.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts it again on the same port.
    pub(crate) fn start_again(&mut self) {
        self.server = serve(self.folder.path());
        self.until_it_answers();
    }

    /// The mailbox is another one from now on, with the same mails under numbers from 1 (RFC 3501, section 2.3.1.1).
    pub(crate) fn change_uid_validity(&mut self) {
        self.stop();
        for name in ["dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"] {
            fs::remove_file(self.maildir("").join(name)).ok();
        }
        fs::remove_file(self.maildir("").join("dovecot-uidvalidity")).ok();
        self.start_again();
    }

    fn maildir(&self, folder: &str) -> PathBuf {
        let maildir = self.folder.path().join("home/Maildir");
        if folder.is_empty() { maildir } else { maildir.join(format!(".{folder}")) }
    }

    fn until_it_answers(&self) {
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begin.elapsed() < START_MAX, "dovecot does not answer: {log}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What says to the server whether a token is good (RFC 7662).
fn token_server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = String::new();
            let mut piece = [0; 4096];
            while !asked.contains("token=") {
                let read = stream.read(&mut piece).unwrap();
                asked.push_str(&String::from_utf8_lossy(&piece[..read]));
                if read == 0 {
                    break;
                }
            }
            let is_good = asked.contains("token=good-token");
            let body = format!("{{\"active\":{is_good},\"username\":\"{USER}\"}}");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    port
}

/// A port that nobody uses right now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// What a server shows.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Certificate {
    Good,
    /// It ran out four weeks ago.
    Expired,
    /// It is for another server.
    OtherName,
}

/// The library that shows a program another time. Its program of the same name stumbles over what a killed one left behind.
pub(crate) fn faketime() -> PathBuf {
    // /usr/lib/x86_64-linux-gnu/faketime
    let architectures = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut libraries = architectures.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    libraries.find(|path| path.is_file()).expect("faketime is installed by `make test`")
}

/// A key and a certificate for 127.0.0.1, signed by itself.
pub(crate) fn certificate(folder: &Path, kind: Certificate) {
    let name = if kind == Certificate::OtherName { "DNS:mail.elsewhere.example" } else { "IP:127.0.0.1" };
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=127.0.0.1", "-addext", &format!("subjectAltName={name}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder);
    if kind == Certificate::Expired {
        openssl.env("LD_PRELOAD", faketime()).env("FAKETIME", "-30d");
    }
    let made = openssl.output().expect("openssl is installed by `make test`");
    assert!(made.status.success(), "{made:?}");
}

fn serve(folder: &Path) -> Child {
    Command::new("/usr/sbin/dovecot")
        .args(["-F", "-c"])
        .arg(folder.join("dovecot.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("dovecot is installed by `make test`")
}
