//! In: a code list and the official order file of a fiscal year. Out: the list with what the file says.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::list::{CodeList, Entry, First, fiscal_year};
use super::shape::dotted;
use super::table::{CodeListError, FISCAL_YEARS, FaultyLines, is_shaped, without_mark};

/// A whole order file has 95,358 lines (January 2021), 98,186 (fiscal year 2026) or 98,403 (2027), headings included.
const ORDER_LINES_MIN: usize = 90_000;

impl CodeList {
    /// Takes the official order file of a fiscal year (icd10cm-order, fixed width: order number 1-5, code 7-13, billable 15,
    /// short title 17-76, long title from 78) into this list. The answer is a full list, and so the file must be whole.
    ///
    /// A code that the file heads or lacks is retired where the file is the newest one; an older file says only since when codes
    /// are billable, and takes nothing from what newer ones said. `today` bounds the years of which there can be a file.
    ///
    /// # Errors
    /// All faulty lines, or why the file or its year is none.
    pub fn import(&self, order_file: &str, year: u16, today: Date) -> Result<Self, CodeListError> {
        // the file of a fiscal year is out in the summer before it
        let latest = fiscal_year(today) + 1;
        if !(*FISCAL_YEARS.start()..=latest).contains(&year) {
            return Err(CodeListError::Year { year, latest });
        }
        let full = self.import_part(order_file, year)?;
        let order_file = without_mark(order_file);
        let lines = order_file.lines().filter(|line| !line.trim().is_empty()).count();
        let begins =
            |with: &str| order_file.lines().any(|line| line.get(6..).is_some_and(|line| line.starts_with(with)));
        // every letter begins a code since U07.1 came in fiscal year 2020, and Z99 is the last category
        let wanted = ('A'..='Z').map(String::from).chain([String::from("Z99")]);
        let lacking: Vec<String> = wanted.filter(|with| !begins(with) && (with != "U" || 2020 <= year)).collect();
        if lines < ORDER_LINES_MIN || !lacking.is_empty() {
            return Err(CodeListError::CutOff { lines, lacking: lacking.join(" "), least: ORDER_LINES_MIN });
        }
        Ok(full)
    }

    /// The same, of as many lines as there are.
    fn import_part(&self, order_file: &str, year: u16) -> Result<Self, CodeListError> {
        let billable = read(order_file)?;
        let mut codes: BTreeMap<String, Entry> = BTreeMap::new();
        for (code, entry) in &self.codes {
            let entry = match billable.get(code) {
                Some(title) => Some(self.billed(entry, title, year)),
                None => self.not_billed(entry, year),
            };
            codes.extend(entry.map(|entry| (code.clone(), entry)));
        }
        for (code, title) in billable {
            codes.entry(code).or_insert_with(|| self.unknown(title, year));
        }
        let newest = if self.full { self.fiscal_year.max(year) } else { year };
        Ok(Self::of(codes, true, newest))
    }

    /// A code of the list that the file bills.
    fn billed(&self, known: &Entry, title: &str, year: u16) -> Entry {
        let first = match known.first {
            First::In(first) | First::By(first) if year < first => First::By(year),
            first => first,
        };
        let is_newest = self.fiscal_year <= year;
        let title = if is_newest { title.to_owned() } else { known.title.clone() };
        let is_back = known.last_billable_fy.is_some_and(|last| last < year);
        let (last_billable_fy, successors) =
            if is_back { (None, Vec::new()) } else { (known.last_billable_fy, known.successors.clone()) };
        Entry { title, first, last_billable_fy, successors, ..Entry::default() }
    }

    /// A code of the list that the file heads or lacks; None where it was to begin in this very year.
    fn not_billed(&self, known: &Entry, year: u16) -> Option<Entry> {
        let since = |first: u16| if first == year + 1 { First::In(first) } else { First::By(first) };
        Some(match (known.first, known.last_billable_fy) {
            // its year is still to come
            (First::In(first), _) if year < first => known.clone(),
            (First::By(first), _) if year < first => Entry { first: since(first), ..known.clone() },
            (_, Some(_)) => known.clone(),
            // what the list bills in a later year came in between
            _ if year < self.fiscal_year => Entry { first: since(self.fiscal_year), ..known.clone() },
            (First::In(first) | First::By(first), None) if first == year => return None,
            _ => Entry { last_billable_fy: Some(year - 1), ..known.clone() },
        })
    }

    /// A code that the list does not know and the file bills.
    fn unknown(&self, title: String, year: u16) -> Entry {
        let was_looked_at = self.full && self.fiscal_year + 1 == year;
        let first = if was_looked_at { First::In(year) } else { First::By(year) };
        let is_over = self.full && year < self.fiscal_year;
        Entry { title, first, last_billable_fy: is_over.then_some(year), ..Entry::default() }
    }
}

/// The billable codes of an order file with their titles.
fn read(order_file: &str) -> Result<BTreeMap<String, String>, CodeListError> {
    let mut codes = BTreeMap::new();
    let mut faults = FaultyLines::default();
    for (index, line) in without_mark(order_file).lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let mut fault = |what| faults.add(index + 1, what);
        let Some(code) = line.get(6..13).map(str::trim).filter(|code| is_shaped(code)) else {
            fault("columns 7 to 13 hold no code");
            continue;
        };
        let long = line.get(77..).map(str::trim).filter(|title| !title.is_empty());
        let title = long.or_else(|| line.get(16..).map(str::trim)).filter(|title| !title.is_empty());
        match (line.get(14..15), title) {
            (Some("0" | "1"), None) => fault("it ends before its title"),
            (Some("0"), _) => {}
            (Some("1"), Some(title)) => {
                if codes.insert(dotted(code), title.to_owned()).is_some_and(|before| before != title) {
                    fault("its code stands in an earlier line with another title");
                }
            }
            _ => fault("column 15 is neither 0 (a heading) nor 1 (billable)"),
        }
    }
    faults.into_result()?;
    if codes.is_empty() { Err(CodeListError::Empty) } else { Ok(codes) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rules::CodeStatus;

    const BEFORE: Date = date(2026, 9, 15);
    const AFTER: Date = date(2026, 11, 2);

    /// An order file of billable codes.
    fn file(codes: &[&str]) -> String {
        codes.iter().map(|code| format!("00001 {code:<7} 1 {:<60} Title of {code}\n", "Title")).collect()
    }

    fn taken(list: &CodeList, codes: &[&str], year: u16) -> CodeList {
        list.import_part(&file(codes), year).unwrap()
    }

    #[test]
    fn the_official_file_makes_a_full_list() {
        let heading = format!("00001 {:<7} 0 {:<60} Dorsalgia\n", "M54", "Dorsalgia");
        let some = heading + &file(&["M542", "S134XXA"]);
        let built_in = CodeList::built_in();
        let cut_off = built_in.import(&some, 2027, AFTER);
        assert!(
            matches!(cut_off, Err(CodeListError::CutOff { lines: 3, lacking, .. }) if lacking.starts_with("A B C"))
        );
        let full = built_in.import_part(&some, 2027).unwrap();
        assert!(full.is_full() && full.fiscal_year() == 2027);
        assert_eq!(full.look_up("M54.2", AFTER), CodeStatus::Billable);
        assert!(matches!(full.look_up("M54.6", AFTER), CodeStatus::Retired { last_billable_fy: 2026, .. }));
        let again = CodeList::from_tsv(&full.to_tsv()).unwrap();
        assert!(again.is_full() && again.to_tsv() == full.to_tsv());
        assert!(matches!(built_in.import("hello", 2027, AFTER), Err(CodeListError::Lines(_))));
        assert!(matches!(built_in.import("", 2027, AFTER), Err(CodeListError::Empty)));
        assert!(built_in.import_part(&format!("\u{feff}{some}"), 2027).is_ok(), "a mark of an editor");
        let twice = format!("{some}{}", file(&["M542"]).replace("Title", "Another title"));
        assert!(matches!(built_in.import_part(&twice, 2027), Err(CodeListError::Lines(_))), "one code, two titles");
        let (cut, _) = some.rsplit_once("Title  ").unwrap();
        assert!(matches!(built_in.import_part(cut, 2027), Err(fault) if fault.to_string().starts_with("line 3: ")));
    }

    #[test]
    fn there_is_no_file_of_some_years() {
        for year in [27, 1850, 2015, 2029, 2099] {
            let refused = CodeList::built_in().import(&file(&["M542"]), year, AFTER);
            assert!(matches!(refused, Err(CodeListError::Year { latest: 2028, .. })), "{year}");
        }
    }

    #[test]
    fn an_older_file_takes_nothing_from_what_is_known() {
        let built_in = CodeList::built_in();
        // M72.2 was billable until FY2026, M67.A01 is since FY2027
        let list = taken(&built_in, &["M542", "M722"], 2026);
        assert!(matches!(list.look_up("M72.2", AFTER), CodeStatus::Retired { last_billable_fy: 2026, .. }));
        assert_eq!(list.look_up("M67.A01", AFTER), CodeStatus::Billable);
        assert_eq!(list.look_up("M67.A01", BEFORE), CodeStatus::NotYetValid { first_fy: 2027 });

        let newer = taken(&built_in, &["M542", "Q9900", "Q9901"], 2027);
        assert_eq!(newer.look_up("Q99.00", BEFORE), CodeStatus::Unsettled { known_from_fy: 2027 });
        let both = taken(&newer, &["M542", "M722", "Q9901", "Q9902"], 2026);
        assert_eq!(both.fiscal_year(), 2027);
        for code in ["M54.2", "Q99.00", "Q99.01"] {
            assert_eq!(both.look_up(code, AFTER), CodeStatus::Billable, "{code}");
        }
        assert_eq!(both.look_up("Q99.00", BEFORE), CodeStatus::NotYetValid { first_fy: 2027 });
        assert_eq!(both.look_up("Q99.01", BEFORE), CodeStatus::Billable);
        assert_eq!(both.look_up("Q99.01", date(2024, 11, 2)), CodeStatus::Unsettled { known_from_fy: 2026 });
        assert_eq!(both.look_up("Q99.02", BEFORE), CodeStatus::Billable);
        for code in ["M72.2", "Q99.02"] {
            assert!(matches!(both.look_up(code, AFTER), CodeStatus::Retired { last_billable_fy: 2026, .. }), "{code}");
        }
    }

    #[test]
    fn both_orders_of_two_files_say_the_same() {
        let (older, newer) = (["M542", "M722", "Q9901", "Q9902"], ["M542", "Q9900", "Q9901"]);
        let built_in = CodeList::built_in();
        let forth = taken(&taken(&built_in, &older, 2026), &newer, 2027);
        let back = taken(&taken(&built_in, &newer, 2027), &older, 2026);
        for on in [date(2024, 11, 2), BEFORE, AFTER] {
            for code in ["M54.2", "M72.2", "M67.A01", "Q99.00", "Q99.01", "Q99.02"] {
                assert_eq!(forth.look_up(code, on), back.look_up(code, on), "{code} on {on}");
            }
        }
    }
}
