//! Places to sign, and whether there is a pen's ink on them. The ink decides, not what was read in it.

use crate::model::{Area, Line, Mark, MarkKind, MarkState, Word};
use crate::ocr::ink::{Ink, Piece};

/// A line with more words than this is a sentence about signatures, not a place for one.
const CAPTION_WORDS: usize = 9;
/// A letter's closing has no more words than this.
const CLOSING_WORDS: usize = 4;
/// A rule over this share of the page is a table's.
const TABLE_SHARE: f32 = 0.5;
/// A printed name has at most so many words before its credential, and its line at most so many in all.
const NAME_WORDS: usize = 5;
const NAME_LINE_WORDS: usize = 9;
/// Shortest rule to sign on, in inches.
const RULE_INCHES: f32 = 0.9;
/// How high over its rule a signature may rise, and how far below it may hang, in inches.
const OVER_INCHES: f32 = 0.34;
const UNDER_INCHES: f32 = 0.12;
/// A cell to sign in is no higher than this, in inches.
const CELL_INCHES: f32 = 1.6;
/// How far over its caption a signature may rise, in inches.
const OVER_CAPTION_INCHES: f32 = 0.55;
/// A word that is this sure is print, and no ink.
const SURE_PRINT: f32 = 0.6;
/// How far under a letter's closing somebody signs, in inches.
const CLOSING_INCHES: f32 = 1.3;
/// How far before a printed name somebody signs, in inches.
const BEFORE_NAME_INCHES: f32 = 3.0;
/// Between two cells of a line lie so many heights of a word.
const APART: u32 = 3;
/// Words before a line on which a provider signs.
const PROVIDER_WORDS: usize = 4;
/// A pen's stroke is at least this many usual words high, or this many wide.
const TALL: f32 = 1.45;
const WIDE: f32 = 2.6;

/// A place where a signature is expected.
struct Place {
    area: Area,
    /// What an empty place is shown by: its rule or its cell.
    shown: Area,
    /// Nothing but a caption says that this is a place: no ink, no mark.
    bare: bool,
}

/// The places to sign of a page; `height` is that of a usual word.
pub(super) fn find(page: &Ink, lines: &[Line], rules: &[Area], height: f32) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let captioned = captions(lines).map(|(line, words)| places(page, lines, rules, line, words));
    let closed = closings(lines).map(|line| vec![under_closing(page, rules, line)]);
    for choice in captioned.chain(closed) {
        // of the places that one caption may mean, the one with a pen's ink
        let found: Vec<Mark> = choice.iter().filter_map(|place| mark(page, lines, rules, height, place)).collect();
        let signed = found.iter().find(|mark| mark.state == MarkState::Ticked);
        let Some(mark) = signed.or(found.first()) else { continue };
        if !marks.iter().any(|other| super::touch(&other.area, &mark.area)) {
            marks.push(mark.clone());
        }
    }
    let lines_of_providers = printed_names(lines).filter_map(|name| beside_provider(page, lines, rules, name));
    let signed = lines_of_providers.filter_map(|place| mark(page, lines, rules, height, &place));
    let is_new = |mark: &Mark| !marks.iter().any(|other| super::touch(&other.area, &mark.area));
    let signed: Vec<Mark> = signed.filter(is_new).collect();
    marks.extend(signed);
    if marks.is_empty() {
        // no place to sign is named: a pen's ink over a printed name is one, or before it
        let near = printed_names(lines).filter_map(|name| {
            let places = [over_name(page, lines, name), before_name(page, lines, name), behind_name(page, lines, name)];
            places.iter().find_map(|place| mark(page, lines, rules, height, place))
        });
        marks.extend(near);
    }
    marks
}

/// "Prescribing provider ______" right over a printed name: who orders signs there, though nothing says so.
fn beside_provider(page: &Ink, lines: &[Line], rules: &[Area], name: Area) -> Option<Place> {
    const PROVIDERS: [&str; 6] = ["provider", "physician", "prescriber", "practitioner", "doctor", "clinician"];
    let near = |line: &&Line| {
        let bottom = line.area().bottom;
        bottom <= name.top
            && name.top - bottom <= page.inches(0.3)
            && line.area().left.abs_diff(name.left) <= page.inches(0.5)
    };
    let line = lines.iter().filter(near).max_by_key(|line| line.area().bottom)?;
    let named = line
        .words
        .iter()
        .take(PROVIDER_WORDS)
        .rposition(|word| PROVIDERS.contains(&letters(word.text.reveal()).as_str()))?;
    let written = line.words.iter().skip(named + 1).any(|word| word.confidence >= SURE_PRINT);
    let caption = line.words[named].area;
    let rule = rules.iter().filter(|rule| rule.width() >= page.inches(RULE_INCHES)).find(|rule| {
        let level = rule.center_y().abs_diff(caption.bottom) <= page.inches(0.14);
        level && caption.right <= rule.left + page.inches(0.05) && rule.left <= caption.right + page.inches(0.5)
    });
    rule.filter(|_| !written).map(|rule| Place { bare: true, ..on_rule(page, rule) })
}

/// Where in the second half of a page's lines one begins with a name and a credential, so that somebody may sign over it. A page
/// may be half empty.
fn printed_names(lines: &[Line]) -> impl Iterator<Item = Area> {
    let credentials = [
        "md", "do", "dc", "nd", "nmd", "np", "pa", "pac", "arnp", "aprn", "crnp", "fnp", "dpm", "dnp", "lac", "fnpc",
        "fnpbc", "anp", "dds", "dmd", "od", "cnm", "cpm", "lm", "cnp", "agnp", "pmhnp", "cns",
    ];
    let mut tops: Vec<u32> = lines.iter().map(|line| line.area().top).collect();
    tops.sort_unstable();
    let middle = tops.get(tops.len() / 2).copied().unwrap_or(0);
    lines.iter().filter(move |line| line.area().top >= middle).filter_map(move |line| {
        let lead = usize::from(line.words.first().is_some_and(|word| word.text.reveal().ends_with(':')));
        let first = line.words.get(lead).filter(|word| word.text.reveal().starts_with(char::is_uppercase))?;
        let credential = line.words.iter().skip(lead + 1).take(NAME_WORDS).find(|word| {
            let text = word.text.reveal();
            text.starts_with(char::is_uppercase) && credentials.contains(&letters(text).as_str())
        })?;
        (line.words.len() <= NAME_LINE_WORDS).then(|| first.area.union(&credential.area))
    })
}

/// The space between a printed name and the words above it.
fn over_name(page: &Ink, lines: &[Line], own: Area) -> Place {
    let reach = own.top.saturating_sub(page.inches(CLOSING_INCHES));
    let words = lines.iter().flat_map(|line| &line.words).map(|word| word.area);
    let above = words.filter(|area| area.bottom <= own.top && area.overlap_x(&own) > 0);
    let top = above.map(|area| area.bottom).max().unwrap_or(0).max(reach);
    let area = Area::new(own.left.saturating_sub(page.inches(0.2)), top, own.right + page.inches(1.0), own.top);
    Place { area, shown: area, bare: true }
}

/// The empty part of the line before a printed name.
fn before_name(page: &Ink, lines: &[Line], own: Area) -> Place {
    let words = lines.iter().flat_map(|line| &line.words).map(|word| word.area);
    let left = words.filter(|area| area.overlap_y(&own) > 0 && area.right <= own.left).map(|area| area.right).max();
    let reach = own.left.saturating_sub(page.inches(BEFORE_NAME_INCHES));
    let area = Area::new(
        left.unwrap_or(0).max(reach),
        own.top.saturating_sub(page.inches(OVER_INCHES)),
        own.left.saturating_sub(4),
        own.bottom + page.inches(UNDER_INCHES),
    );
    Place { area, shown: area, bare: true }
}

/// The empty part of the line behind a printed name.
fn behind_name(page: &Ink, lines: &[Line], own: Area) -> Place {
    let words = lines.iter().flat_map(|line| &line.words).map(|word| word.area);
    let right = words.filter(|area| area.overlap_y(&own) > 0 && area.left >= own.right).map(|area| area.left).min();
    let area = Area::new(
        own.right + page.inches(0.1),
        own.top.saturating_sub(page.inches(OVER_INCHES)),
        right.unwrap_or(page.width),
        own.bottom + page.inches(OVER_INCHES),
    );
    Place { area, shown: area, bare: true }
}

/// Words that name a place to sign, with the line that they stand on.
fn captions(lines: &[Line]) -> impl Iterator<Item = (&Line, &[Word])> {
    lines.iter().flat_map(|line| {
        (0..line.words.len()).filter(move |at| is_caption(line, *at)).map(move |at| (line, &line.words[at..]))
    })
}

fn is_caption(line: &Line, at: usize) -> bool {
    let text = line.words[at].text.reveal();
    let word = letters(text);
    let next = line.words.get(at + 1).map(|word| letters(word.text.reveal())).unwrap_or_default();
    let before = at.checked_sub(1).map(|before| letters(line.words[before].text.reveal())).unwrap_or_default();
    let named = word.chars().count() >= 7
        && ["signature", "signatures"].iter().any(|name| strsim::damerau_levenshtein(&word, name) <= 2);
    let waiting = ["pending", "required", "on", "file", "stamp"].contains(&next.as_str())
        || ["awaiting", "electronic", "digital"].contains(&before.as_str());
    // alone in its cell, with a place behind it
    let alone = is_apart(line, at) && is_apart(line, at + 1);
    let asked = match word.as_str() {
        "sign" => next == "here" || text.ends_with(':') || alone,
        "signed" => {
            let waits =
                text.ends_with(':') || next == "by" && line.words.len() == at + 2 || alone || is_dated(line, at);
            waits && !["date", "electronically", "digitally"].contains(&before.as_str())
        }
        // "X____"
        "x" => at == 0 && line.words.len() <= 3 && text.chars().all(|letter| letter.is_alphabetic() || letter == '_'),
        _ => false,
    };
    // the words of its own cell
    let first = (0..=at).rev().find(|at| is_apart(line, *at)).unwrap_or(0);
    let behind = (at + 1..line.words.len()).find(|at| is_apart(line, *at)).unwrap_or(line.words.len());
    (named && !waiting && behind - first <= CAPTION_WORDS) || asked
}

/// "Signed on: 10/20/2026" at the beginning of a line.
fn is_dated(line: &Line, at: usize) -> bool {
    let on = line.words.get(at + 1).is_some_and(|word| letters(word.text.reveal()) == "on");
    let date =
        line.words.get(at + 2).is_some_and(|word| word.text.reveal().starts_with(|first: char| first.is_ascii_digit()));
    at == 0 && on && date
}

/// Whether a word begins its line, or stands far behind the word before it; so does the end of a line.
fn is_apart(line: &Line, at: usize) -> bool {
    let (Some(before), Some(word)) = (at.checked_sub(1).and_then(|at| line.words.get(at)), line.words.get(at)) else {
        return true;
    };
    word.area.left.saturating_sub(before.area.right) > APART * word.area.height()
}

fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// Lines that end a letter.
fn closings(lines: &[Line]) -> impl Iterator<Item = &Line> {
    let words = [
        "sincerely",
        "regards",
        "respectfully",
        "truly",
        "thanks",
        "thank",
        "yours",
        "cordially",
        "wishes",
        "gratefully",
        "faithfully",
        "warmly",
    ];
    let middle = lines.iter().map(|line| line.area().bottom).max().unwrap_or(0) / 3;
    lines.iter().filter(move |line| {
        line.words.len() <= CLOSING_WORDS
            && line.area().top > middle
            && line.words.iter().any(|word| words.contains(&letters(word.text.reveal()).as_str()))
    })
}

/// Where the signature for a caption may belong: on the rule beside it, on the rule above or below it, in its cell, or just
/// behind it.
fn places(page: &Ink, lines: &[Line], rules: &[Area], line: &Line, words: &[Word]) -> Vec<Place> {
    let Some(caption) = words.first().map(|word| word.area) else { return Vec::new() };
    let own = line.area();
    let inch = |inches: f32| page.inches(inches);
    let long = |rule: &&Area| rule.width() >= inch(RULE_INCHES);
    let beside = rules.iter().filter(long).find(|rule| {
        let level = rule.center_y().abs_diff(caption.bottom) <= inch(0.14) && rule.center_y() > caption.center_y();
        level
            && rule.left <= caption.right + inch(1.3)
            && rule.right >= caption.right + inch(0.7)
            && rule.left + inch(0.3) >= own.left
    });
    let crosses = |rule: &&Area| rule.left <= caption.right && rule.right >= caption.left;
    let above = rules
        .iter()
        .filter(long)
        .filter(crosses)
        .filter(|rule| rule.center_y() <= caption.center_y() && caption.top <= rule.bottom + inch(0.3))
        .filter(|rule| !is_behind_a_label(page, lines, rule))
        .max_by_key(|rule| rule.bottom);
    let below = rules
        .iter()
        .filter(long)
        .filter(crosses)
        .filter(|rule| {
            rule.top >= caption.bottom.saturating_sub(inch(0.02)) && rule.top <= caption.bottom + inch(CELL_INCHES)
        })
        .min_by_key(|rule| rule.top);
    if let Some(rule) = beside {
        let left = rule.left.max(next_free(words, rule.left));
        let right = rule.right.min(next_label(words, left));
        return vec![on_rule(page, &Area::new(left, rule.top, right.max(left), rule.bottom))];
    }
    match (above, below) {
        (Some(above), Some(below)) if is_cell(page, above, below) => {
            let area = Area::new(
                above.left.max(below.left),
                above.bottom + 2,
                above.right.min(below.right),
                below.top.saturating_sub(2).max(above.bottom + 2),
            );
            vec![Place { area, shown: area, bare: false }]
        }
        (above, below) if above.is_some() || below.is_some() => {
            let under = below.map(|rule| {
                // the next cell of the row is another's
                let right = rule.right.min(next_cell(words)).max(caption.right);
                let area = Area::new(rule.left, caption.bottom, right, rule.bottom + inch(UNDER_INCHES));
                Place { area, shown: *rule, bare: false }
            });
            let over = above.map(|rule| on_rule(page, rule));
            // a line across the page is a table's: the caption stands in the cell under it, and over it is another's
            let is_table = above.is_some_and(|rule| rule.width() as f32 > TABLE_SHARE * page.width as f32);
            match under {
                Some(under) if is_table => vec![under],
                // the rule over a lone caption may be lost in the ink on it
                Some(under) if over.is_none() => over_caption(page, lines, line).into_iter().chain([under]).collect(),
                under => over.into_iter().chain(under).collect(),
            }
        }
        _ => {
            let left = caption.right;
            let right = next_label(words, left).min(left + inch(4.0)).min(page.width);
            let top = caption.top.saturating_sub(inch(0.15));
            let area = Area::new(left + 2, top, right.max(left + 2), caption.bottom + inch(0.15));
            let behind = Place { area, shown: area, bare: true };
            over_caption(page, lines, line).into_iter().chain([behind]).collect()
        }
    }
}

/// The empty space over a caption that stands alone on its line, without a colon: no printed word may stand in it.
fn over_caption(page: &Ink, lines: &[Line], line: &Line) -> Option<Place> {
    let own = line.area();
    let colon = line.words.iter().any(|word| word.text.reveal().ends_with(':'));
    let alone = line.words.len() <= CLOSING_WORDS && (!colon || is_dated(line, 0));
    let area = Area::new(
        own.left.saturating_sub(page.inches(2.0)),
        own.top.saturating_sub(page.inches(OVER_CAPTION_INCHES)),
        own.right + page.inches(1.0),
        own.top.saturating_sub(2),
    );
    let in_it = |word: &Word| word.area.overlap_x(&area) > 0 && word.area.overlap_y(&area) > 0;
    let mut words = lines.iter().flat_map(|line| &line.words);
    let free = !words.any(|word| word.confidence >= SURE_PRINT && in_it(word));
    (alone && free).then_some(Place { area, shown: area, bare: true })
}

/// "DOI: ______": the rule is another label's to be filled in.
fn is_behind_a_label(page: &Ink, lines: &[Line], rule: &Area) -> bool {
    let near = page.inches(0.3);
    lines.iter().flat_map(|line| &line.words).any(|word| {
        let text = word.text.reveal();
        let level = word.area.top < rule.top && rule.top < word.area.bottom + page.inches(0.1);
        let beside = word.area.right <= rule.left + page.inches(0.05) && rule.left <= word.area.right + near;
        level && beside && text.ends_with([':', '#', '.'])
    })
}

/// Rules of one table, one above the other: of one width, with an edge between them.
fn is_cell(page: &Ink, above: &Area, below: &Area) -> bool {
    let near = page.inches(0.12);
    let left = above.left.max(below.left);
    let side = |x: u32| {
        let rows = above.bottom..below.top;
        let reach = page.inches(0.05);
        let inked =
            rows.clone().filter(|y| (x.saturating_sub(reach)..x + reach).any(|x| page.at(i64::from(x), i64::from(*y))));
        inked.count() * 10 >= rows.len() * 8
    };
    let same = above.left.abs_diff(below.left) <= near || above.right.abs_diff(below.right) <= near;
    same && (side(left) || side(above.right.min(below.right)))
}

fn on_rule(page: &Ink, rule: &Area) -> Place {
    let top = rule.top.saturating_sub(page.inches(OVER_INCHES));
    Place {
        area: Area::new(rule.left, top, rule.right, rule.bottom + page.inches(UNDER_INCHES)),
        shown: *rule,
        bare: false,
    }
}

/// Where the caption's own words end, where they stand on the rule's left.
fn next_free(words: &[Word], left: u32) -> u32 {
    let mut end = left;
    for word in words.iter().take(2) {
        let named = letters(word.text.reveal());
        // "Signature: ______ Signed on: ____": the second is another caption
        if word.area.left > left {
            break;
        }
        if named.starts_with("sig") || named == "here" || named == "x" {
            end = end.max(word.area.right);
        }
    }
    end
}

/// Where the next cell of a caption's line begins: behind a gap.
fn next_cell(words: &[Word]) -> u32 {
    let apart = |pair: &&[Word]| pair[1].area.left.saturating_sub(pair[0].area.right) > APART * pair[1].area.height();
    words.windows(2).find(apart).map_or(u32::MAX, |pair| pair[1].area.left.saturating_sub(4))
}

/// Where the next label on the same line begins.
fn next_label(words: &[Word], left: u32) -> u32 {
    let label = words.iter().skip(1).find(|word| {
        let text = word.text.reveal();
        let named = letters(text);
        word.area.left > left && ((text.ends_with(':') && named.len() >= 2) || named == "date" || named == "dated")
    });
    label.map_or(u32::MAX, |word| word.area.left.saturating_sub(4))
}

fn under_closing(page: &Ink, rules: &[Area], line: &Line) -> Place {
    let own = line.area();
    let top = own.bottom + 2;
    let area = Area::new(
        own.left.saturating_sub(page.inches(0.4)),
        top,
        own.left + page.inches(4.5),
        top + page.inches(CLOSING_INCHES),
    );
    let rule = rules.iter().find(|rule| {
        rule.width() >= page.inches(RULE_INCHES)
            && rule.overlap_x(&area) > 0
            && area.top < rule.top
            && rule.bottom < area.bottom
    });
    Place { area, shown: rule.copied().unwrap_or(area), bare: rule.is_none() }
}

fn mark(page: &Ink, lines: &[Line], rules: &[Area], height: f32, place: &Place) -> Option<Mark> {
    let area = page.clip(&place.area);
    let mut white: Vec<Area> = rules.iter().map(|rule| grown(rule, 2)).collect();
    white.extend(
        lines
            .iter()
            .flat_map(|line| &line.words)
            .filter(|word| is_printed(word, height))
            .map(|word| grown(&word.area, 1)),
    );
    let left = page.cut(&area, &white);
    let pieces: Vec<Piece> = left.pieces(1);
    let pen: Vec<&Piece> = pieces.iter().filter(|piece| is_pen(piece, height, &area)).collect();
    let all = left.count(&Area::new(0, 0, left.width, left.height)) as f32;
    let drawn = pen.iter().map(|piece| piece.area).reduce(|all, piece| all.union(&piece));
    let Some(drawn) = drawn.filter(|drawn| drawn.width() as f32 >= 1.2 * height) else {
        // other ink, of the size of print: somebody typed a name, or wrote small
        let doubt = (all / (3.0 * height * height)).min(1.0);
        let mark = Mark {
            kind: MarkKind::Signature,
            area: place.shown,
            state: MarkState::Empty,
            confidence: 0.95 - 0.45 * doubt,
        };
        return (!place.bare).then_some(mark);
    };
    let share = drawn.width() as f32 / (4.0 * height);
    let ink = Area::new(drawn.left + area.left, drawn.top + area.top, drawn.right + area.left, drawn.bottom + area.top);
    let confidence = (0.6 + 0.38 * share.min(1.0)).min(0.97);
    Some(Mark { kind: MarkKind::Signature, area: ink, state: MarkState::Ticked, confidence })
}

/// Words of the usual size that the engine is sure of are print.
fn is_printed(word: &Word, height: f32) -> bool {
    let text = word.text.reveal();
    let caption = strsim::damerau_levenshtein(&letters(text), "signature") <= 2;
    let low = (word.area.height() as f32) < 1.3 * height;
    caption || (low && word.confidence >= 0.8 && text.chars().count() > 1)
}

/// A stroke that print does not have: higher than its letters, or longer than they are wide, and no streak.
fn is_pen(piece: &Piece, height: f32, place: &Area) -> bool {
    let (wide, tall) = (piece.area.width() as f32, piece.area.height() as f32);
    let dense = piece.pixels as f32 / (wide * tall);
    let large = tall >= TALL * height && wide >= 0.35 * height;
    let long = wide >= WIDE * height && tall >= 0.6 * height;
    let streak = tall >= 0.95 * place.height() as f32 && wide < 0.4 * height
        || wide >= 0.95 * place.width() as f32 && tall < 0.5 * height;
    (large || long) && dense < 0.7 && !streak
}

fn grown(area: &Area, by: u32) -> Area {
    Area::new(
        area.left.saturating_sub(by),
        area.top.saturating_sub(by),
        area.right.saturating_add(by),
        area.bottom.saturating_add(by),
    )
}
