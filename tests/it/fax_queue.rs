//! The door to HylaFAX: receive folders written the way faxd writes them.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clinic::{Clinic, ORDER};

/// The spool of a HylaFAX server.
struct Spool {
    folder: PathBuf,
}

impl Spool {
    fn new(clinic: &Clinic) -> Self {
        let folder = clinic.path("hylafax");
        fs::create_dir_all(folder.join("recvq")).unwrap();
        fs::create_dir_all(folder.join("etc")).unwrap();
        fs::write(folder.join("recvq/seqf"), "43\n").unwrap();
        let path = clinic.path("rxintake.toml");
        let text = fs::read_to_string(&path).unwrap();
        let door = format!("[[inbox]]\nkind = \"hylafax\"\npath = \"{}\"\n\n# Alerts", folder.join("recvq").display());
        fs::write(&path, text.replacen("# Alerts", &door, 1)).unwrap();
        Self { folder }
    }

    fn fax(&self, number: u32) -> PathBuf {
        self.folder.join(format!("recvq/fax{number:09}.tif"))
    }

    /// In place under its final name, mode 0600, locked while pages come in (faxd/FaxRecv.c++).
    fn begin(&self, number: u32, bytes: &[u8]) -> File {
        let mut open = OpenOptions::new();
        let mut file = open.write(true).create_new(true).mode(0o600).open(self.fax(number)).unwrap();
        file.lock().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// The lock falls, the log is written, and at the end of the call the mode is that of RecvFileMode.
    fn end(&self, number: u32, file: File, pages: u32, reason: &str) {
        drop(file);
        let mut log = OpenOptions::new().create(true).append(true).open(self.folder.join("etc/xferfaxlog")).unwrap();
        writeln!(
            log,
            "11/23/26 08:14\tRECV\t000000123\tttyS0\trecvq/fax{number:09}.tif\t\"\"\tfax\t\"17045550100\"\t\"704 555 0123\"\t3932160\
             \t{pages}\t0:01:12\t0:01:10\t\"{reason}\"\t\"HILLSIDE MEDICAL\"\t\"7045550123\"\t\"\"\t\"\"\t\"00\"\t\"\""
        )
        .unwrap();
        fs::set_permissions(self.fax(number), fs::Permissions::from_mode(0o640)).unwrap();
    }
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new("samples").join(name)).unwrap()
}

#[test]
fn a_fax_is_taken_when_its_call_is_over_and_stays_where_it_is() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let bytes = sample("16-clearance-fax-fine.tif");
    let file = spool.begin(42, &bytes);
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 0, "it is still being received");
    spool.end(42, file, 1, "");
    for _ in 0..2 {
        assert!(clinic.run_once().status.success());
        let records = clinic.records();
        let [record] = records.as_slice() else { panic!("{} records of one fax", records.len()) };
        assert_eq!(record["origin"]["kind"], "hylafax");
        assert_eq!(record["origin"]["name"], "fax000000042.tif");
        assert_eq!(record["error"], serde_json::Value::Null);
    }
    assert_eq!(fs::read(spool.fax(42)).unwrap(), bytes, "the queue is only read");
}

#[test]
fn a_reception_that_broke_off_is_told() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let bytes = sample("16-clearance-fax-fine.tif");
    for (number, pages, reason) in [(42, 1, "No carrier detected {E002}"), (43, 3, "")] {
        let file = spool.begin(number, &bytes);
        spool.end(number, file, pages, reason);
    }
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    let message = |name: &str| {
        let record = records.iter().find(|record| record["origin"]["name"] == name).unwrap();
        assert_eq!(record["error"]["code"], "truncated");
        record["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(message("fax000000042.tif").contains("No carrier detected"));
    assert!(message("fax000000043.tif").contains("says 3 pages, but only 1 came"));
}

#[test]
fn a_number_that_comes_round_again_is_another_fax() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    for name in ["16-clearance-fax-fine.tif", "17-advert-fax-standard.tif"] {
        let file = spool.begin(42, &sample(name));
        spool.end(42, file, 1, "");
        assert!(clinic.run_once().status.success());
        fs::remove_file(spool.fax(42)).unwrap();
    }
    assert_eq!(clinic.records().len(), 2);
}

#[test]
fn doctor_says_how_the_queue_is_opened() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let said = || String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
    assert!(said().contains("faxes in"), "{}", said());
    fs::remove_dir_all(&spool.folder).unwrap();
    assert!(said().contains("TROUBLE  fax queue") && said().contains("usermod"), "{}", said());
}

/// A fax in reception is closed to everybody, whatever RecvFileMode says; a finished one must not be.
#[test]
fn doctor_tells_a_fax_in_reception_from_one_that_is_kept_from_us() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let file = spool.begin(42, &sample("16-clearance-fax-fine.tif"));
    let close = |mode| fs::set_permissions(spool.fax(42), fs::Permissions::from_mode(mode)).unwrap();
    let said = || {
        let mut daemon = clinic.start_bound_by_modes(&["doctor"]);
        let lines: Vec<String> = std::iter::from_fn(|| daemon.line()).collect();
        lines.into_iter().find(|line| line.contains("fax queue")).unwrap()
    };
    close(0o000);
    assert!(said().contains("1 more coming in") && !said().contains("TROUBLE"), "{}", said());
    close(0o040); // its group may read it, and we are not in it
    assert!(said().contains("TROUBLE") && said().contains("RecvFileMode"), "{}", said());
    let mut daemon = clinic.start_bound_by_modes(&["run"]);
    let told = daemon.until("TROUBLE");
    assert!(told.contains("cannot read a fax (") && told.contains("RecvFileMode"), "{told}");
    daemon.stop();
    drop(file);
}

/// The modes of all documents change at the end of the call (faxd/FaxRecv.c++).
#[test]
fn several_documents_of_one_call_are_several_papers() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let [first, second] = ["16-clearance-fax-fine.tif", "17-advert-fax-standard.tif"].map(sample);
    let one = spool.begin(42, &first);
    drop(one); // the first document is whole, the call goes on: its mode is still 0600
    let two = spool.begin(43, &second);
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 0);
    spool.end(43, two, 1, "");
    spool.end(42, OpenOptions::new().write(true).open(spool.fax(42)).unwrap(), 1, "");
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 2);
}

/// Two faxes in the log, one of them never seen: somebody printed it and threw it away.
#[test]
fn pages_are_held_against_the_log_and_a_missing_fax_is_told() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap().replace("digest_at = \"17:00\"", "digest_at = \"00:00\"");
    fs::write(&path, text).unwrap();
    for number in [42, 43] {
        let file = spool.begin(number, &sample("16-clearance-fax-fine.tif"));
        spool.end(number, file, 1, "");
    }
    fs::remove_file(spool.fax(43)).unwrap();
    // both calls were over an hour ago
    let log = spool.folder.join("etc/xferfaxlog");
    let began =
        jiff::Zoned::now().checked_sub(jiff::Span::new().hours(1)).unwrap().strftime("%m/%d/%y %H:%M").to_string();
    let lines = fs::read_to_string(&log).unwrap().replace("11/23/26 08:14", &began);
    fs::write(&log, lines).unwrap();
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 1);
    for name in ["Adler", "Baker"] {
        let mut daemon = clinic.start(&["run"]);
        clinic.drop_mail(name, &ORDER.replace("Zebra", name));
        daemon.until("mailed: "); // it is up
        daemon.until_file(&clinic.path("outbox"), "missing");
        daemon.until_file(&clinic.path("outbox"), "digest");
        daemon.stop();
    }
    let alerts = clinic.alerts();
    let missing: Vec<&String> =
        alerts.iter().filter(|(name, _)| name.starts_with("missing")).map(|(_, letter)| letter).collect();
    let [missing] = missing.as_slice() else { panic!("{} letters about one fax", missing.len()) };
    assert!(missing.contains("fax000000043.tif") && missing.contains("7045550123"), "{missing}");
    let (_, digest) = alerts.iter().find(|(name, _)| name.starts_with("digest")).unwrap();
    assert!(digest.contains("2 pages received, 1 accounted for"), "{digest}");
}

/// Without a line in the log the tags of the TIFF say who called, and what broke off; what they say begins no line of a head.
#[test]
fn the_tags_of_a_fax_say_who_called_and_what_broke_off() {
    let clinic = Clinic::new();
    let spool = Spool::new(&clinic);
    let tagged = |number: u32, description: &str, name: &str| {
        let file = spool.begin(number, &sample("07-clinic-form-fax-fine.tif"));
        // the lines that came damaged (RFC 2306, BadFaxLines)
        for (tag, text) in [("270", description), ("269", name), ("326", "12")] {
            let set = Command::new("tiffset").args(["-s", tag, text]).arg(spool.fax(number)).output();
            assert!(set.expect("libtiff-tools is installed by `make test`").status.success());
        }
        drop(file);
        fs::set_permissions(spool.fax(number), fs::Permissions::from_mode(0o640)).unwrap();
    };
    // CallIDLabels, then without them; the station's own number comes first (faxd/CopyQuality.c++)
    tagged(51, "HILLSIDE\nCallID1\t7045550123\nCallID2\tHILLSIDE MED", "recvq/fax000000051.tif");
    tagged(52, "704 555 0199", "recvq/fax000000052.tif: RSPREC error/got DCN {E100}");
    tagged(53, "\n7045550177\rBcc: thief@evil.example", "recvq/fax000000053.tif");
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    let alerts = clinic.alerts();
    let told = |number: u32| {
        let name = format!("fax{number:09}.tif");
        let record = records.iter().find(|record| record["origin"]["name"] == name.as_str()).unwrap();
        let id = &record["id"].as_str().unwrap()[..8];
        let shown = clinic.command(&["records", "show", id]).output().unwrap();
        let mut told = String::from_utf8(shown.stdout).unwrap();
        alerts.iter().filter(|(name, _)| name.starts_with(id)).for_each(|(_, alert)| told.push_str(alert));
        (told.replace("=\r\n", ""), record["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    let (told51, error51) = told(51);
    assert!(told51.contains("7045550123") && error51.is_empty(), "{told51} {error51}");
    assert!(told51.contains("12 lines of the fax came damaged"), "{told51}");
    assert!(told51.contains("who called says it is HILLSIDE MED"), "{told51}");
    let (told52, error52) = told(52);
    assert!(told52.contains("704 555 0199"), "{told52}");
    assert!(error52.contains("The fax broke off while it came in (RSPREC error/got DCN {E100})"), "{error52}");
    let (told53, _) = told(53);
    assert!(!told53.lines().any(|line| line.starts_with("Bcc")), "{told53}");
}
