//! In: a mail and the name of the server that received it. Out: whether that server could verify the sender, in the words of
//! its `Authentication-Results` headers (RFC 8601).
//!
//! A sender can write such a header himself. Each server puts its lines above those of the server before it, so only headers
//! above the first `Received` of a foreign server count, and of those only the topmost that stand together. Below the receiving
//! server's own `Received` line a forged header can still follow the real one; RFC 8601, section 5, has that server remove it.

use mail_parser::{Header, HeaderName, Host, Message, MessageParser, Received};

/// Microsoft 365 writes the header without a name; it is named here by the domain of its servers.
const NAMELESS: &str = "outlook.com";

/// What the receiving server says of a mail's sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake) enum Verdict {
    /// The domain of the From line stands behind the mail: DMARC passed, or SPF or DKIM for that domain.
    Verified,
    /// It does not, or it is not known.
    NotVerified,
    /// The server says nothing.
    NoWord,
}

/// One result: `dkim=pass header.d=efax.com`.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// `spf`, `dkim`, `dmarc`; small letters.
    method: String,
    /// `pass`, `fail`, `none`; small letters.
    result: String,
    /// `header.d` and what stands behind it; names in small letters.
    properties: Vec<(String, String)>,
}

/// What the server `authserv_id`, or one below that name, says of the sender of `raw`.
pub(in crate::intake) fn sender(raw: &[u8], authserv_id: &str) -> Verdict {
    let Some(message) = MessageParser::default().parse_headers(raw) else { return Verdict::NoWord };
    let Some(outcomes) = of_server(&message, authserv_id) else { return Verdict::NoWord };
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address());
    match from.and_then(domain) {
        Some(domain) if stands_behind(&outcomes, &domain) => Verdict::Verified,
        _ => Verdict::NotVerified,
    }
}

/// The results that the server itself wrote; None where it wrote none.
fn of_server(message: &Message<'_>, authserv_id: &str) -> Option<Vec<Outcome>> {
    let mut found = None;
    for header in message.headers() {
        match &header.name {
            // headers of one server stand together: what comes below another line of the way is not its
            HeaderName::Received if found.is_some() => break,
            HeaderName::Received if is_foreign(header.value.as_received(), authserv_id) => break,
            HeaderName::AuthenticationResults => {
                let Some((name, outcomes)) = text(message, header).map(read) else { continue };
                let is_nameless = || name.is_empty() && is_at(NAMELESS, authserv_id);
                if is_at(&name, authserv_id) || is_nameless() {
                    found.get_or_insert_with(Vec::new).extend(outcomes);
                }
            }
            _ => {}
        }
    }
    found
}

fn text<'a>(message: &'a Message<'_>, header: &Header<'_>) -> Option<&'a str> {
    let bytes = message.raw_message.get(header.offset_start as usize..header.offset_end as usize)?;
    std::str::from_utf8(bytes).ok()
}

/// Whether a line of the way was written by somebody else's server. One without a `from` is a hand-over inside a machine.
fn is_foreign(received: Option<&Received<'_>>, authserv_id: &str) -> bool {
    let Some(received) = received else { return true };
    let is_ours = |host: &Host<'_>| match host {
        Host::Name(name) => is_at(name, authserv_id) || name.eq_ignore_ascii_case("localhost"),
        Host::IpAddr(address) => address.is_loopback(),
    };
    received.from.is_some() && !received.from.iter().chain(&received.by).any(is_ours)
}

/// Whether a host is `domain` or below it.
fn is_at(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.trim_end_matches('.').to_lowercase(), domain.trim_end_matches('.').to_lowercase());
    host == domain || host.strip_suffix(&domain).is_some_and(|before| before.ends_with('.'))
}

/// Whether the results speak for `domain` (RFC 7489, section 3.1).
fn stands_behind(outcomes: &[Outcome], domain: &str) -> bool {
    let of = |method: &'static str| outcomes.iter().filter(move |outcome| outcome.method == method);
    if of("dmarc").any(|outcome| outcome.result == "fail") {
        return false;
    }
    let is_for_it = |outcome: &Outcome| {
        outcome.property("header.from").is_none_or(|from| self::domain(from).as_deref() == Some(domain))
    };
    let passed = |outcome: &&Outcome| outcome.result == "pass";
    of("dmarc").filter(passed).any(is_for_it)
        || of("dkim").filter(passed).filter_map(Outcome::signer).any(|signer| is_aligned(signer, domain))
        || of("spf").filter(passed).filter_map(Outcome::envelope_sender).any(|sender| is_aligned(sender, domain))
}

/// Whether an address or domain belongs to the same house as `domain`: the same, above it, or below it.
fn is_aligned(address: &str, domain: &str) -> bool {
    let Some(other) = self::domain(address) else { return false };
    let shorter = if other.len() < domain.len() { &other } else { domain };
    shorter.contains('.') && (is_at(&other, domain) || is_at(domain, &other))
}

/// The domain of `name@domain`, `@domain` or `domain`.
fn domain(address: &str) -> Option<String> {
    let domain = address.rsplit('@').next()?.trim_end_matches('.').to_lowercase();
    (!domain.is_empty()).then_some(domain)
}

impl Outcome {
    /// Whose key signed the mail (DKIM).
    fn signer(&self) -> Option<&str> {
        self.property("header.d").or_else(|| self.property("header.i"))
    }

    /// The address or domain whose servers may send (SPF).
    fn envelope_sender(&self) -> Option<&str> {
        self.property("smtp.mailfrom")
    }

    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The server's name, empty where the header has none, and its results (RFC 8601, section 2.2).
fn read(text: &str) -> (String, Vec<Outcome>) {
    let mut statements = statements(text);
    let is_name = |words: &Vec<String>| words.first().is_none_or(|word| !word.contains('='));
    let name = if statements.first().is_some_and(is_name) { statements.remove(0) } else { Vec::new() };
    let name = name.into_iter().next().unwrap_or(String::new());
    (name, statements.into_iter().filter_map(outcome).collect())
}

/// `dkim/1 = pass header.d=efax.com` as a method, its result and properties.
fn outcome(words: Vec<String>) -> Option<Outcome> {
    let mut pairs = words.iter().filter_map(|word| word.split_once('='));
    let (method, result) = pairs.next()?;
    let method = method.split('/').next()?.to_lowercase();
    let properties = pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Some(Outcome { method, result: result.to_lowercase(), properties })
}

/// The words between the semicolons. A comment is white space, what is quoted belongs to its word, and so does white space
/// around an equals sign.
fn statements(text: &str) -> Vec<Vec<String>> {
    let mut statements = vec![Vec::new()];
    let (mut word, mut depth, mut is_quoted) = (String::new(), 0_u32, false);
    let mut end = |word: &mut String, ends_statement: bool| {
        let words: &mut Vec<String> = match statements.last_mut() {
            Some(words) => words,
            None => unreachable!("there is a statement from the beginning"),
        };
        if !word.is_empty() {
            let is_open = |last: &&mut String| word.starts_with('=') || last.find('=') == Some(last.len() - 1);
            match words.last_mut().filter(is_open) {
                Some(last) => last.push_str(word),
                None => words.push(word.clone()),
            }
            word.clear();
        }
        if ends_statement {
            statements.push(Vec::new());
        }
    };
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // the next letter stands for itself
            '\\' if is_quoted => word.extend(letters.next()),
            '\\' if depth > 0 => {
                letters.next();
            }
            '"' if depth == 0 => is_quoted = !is_quoted,
            _ if is_quoted => word.push(letter),
            '(' => {
                end(&mut word, false);
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' => end(&mut word, true),
            _ if letter.is_whitespace() => end(&mut word, false),
            _ => word.push(letter),
        }
    }
    end(&mut word, false);
    statements
}

#[cfg(test)]
mod tests;
