//! A snapshot: one answer of the endpoint service, read and judged.
//!
//! What cannot be trusted is refused as a whole, with its place: half a list would send traffic the wrong way, while
//! the last good one only ages. What is merely odd is noted, and the snapshot taken.

use crate::EndpointSet;
use model::{Family, Prefix};
use std::collections::{BTreeMap, BTreeSet};

/// The endpoint sets of one instance at one time, in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The sets.
    pub sets: Vec<EndpointSet>,
}

/// Why an answer is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Nothing came.
    #[error("the answer is empty; wanted a JSON array of endpoint sets")]
    Empty,
    /// A page came.
    #[error("line 1: the answer is HTML, as a proxy's or a login page is; wanted a JSON array of endpoint sets")]
    Html,
    /// The text ends too soon.
    #[error("line {line}, column {column}: the text ends within a value; the download is cut short")]
    Truncated {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A value is wrong.
    #[error("line {line}, column {column}, at {path}: {reason}")]
    Value {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Where in the document, like `[3].ips[2]`.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The list holds nothing, which no instance has ever been.
    #[error("the list holds no endpoint set; taken as it stands it would send everything to the Internet")]
    NoSets,
    /// A number stands twice.
    #[error("set {0} stands twice; changes could not be told apart")]
    Twice(u32),
}

impl Snapshot {
    /// Reads an answer of `/endpoints`. The second value holds what was odd.
    ///
    /// # Errors
    /// The answer cannot be trusted; the last good one stays in force.
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), SnapshotError> {
        let mut notes = Vec::new();
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => {
                notes.push("the text begins with a byte order mark, which is left out".to_owned());
                rest
            }
            None => text,
        };
        match text.trim_start().chars().next() {
            None => return Err(SnapshotError::Empty),
            Some('<') => return Err(SnapshotError::Html),
            Some(_) => {}
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let mut sets: Vec<EndpointSet> = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            wrong(error.inner(), path)
        })?;
        reader.end().map_err(|error| wrong(&error, ".".to_owned()))?;
        if sets.is_empty() {
            return Err(SnapshotError::NoSets);
        }
        sets.sort_by_key(|set| set.id);
        if let Some(pair) = sets.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(SnapshotError::Twice(pair[0].id));
        }
        let snapshot = Self { sets };
        snapshot.note(&mut notes);
        Ok((snapshot, notes))
    }

    /// The answer again, as the service writes it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.sets).unwrap_or_default()
    }

    /// The set of a number.
    pub fn set(&self, id: u32) -> Option<&EndpointSet> {
        self.sets.binary_search_by_key(&id, |set| set.id).ok().and_then(|index| self.sets.get(index))
    }

    /// Whether any address of a family is in it.
    pub fn has(&self, family: Family) -> bool {
        self.prefixes().any(|prefix| prefix.family() == family)
    }

    /// The same without IPv6, as the service gives it with `NoIPv6=true`.
    pub fn without_ipv6(mut self) -> Self {
        for set in &mut self.sets {
            set.ips.retain(|prefix| prefix.family() == Family::V4);
        }
        self
    }

    /// Every prefix, as often as it is listed.
    pub fn prefixes(&self) -> impl Iterator<Item = Prefix> + '_ {
        self.sets.iter().flat_map(|set| set.ips.iter().copied())
    }

    fn note(&self, notes: &mut Vec<String>) {
        let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
        for set in &self.sets {
            for key in set.unknown.keys() {
                *unknown.entry(key).or_default() += 1;
            }
        }
        for (key, count) in unknown {
            notes.push(format!("the field `{key}` of {count} sets is unknown; it is kept and has no effect"));
        }
        if !self.has(Family::V4) && self.has(Family::V6) {
            notes.push("all addresses are IPv6; no IPv4 route, filter or NAT entry comes of it".to_owned());
        }
        // What a prefix and what it lies in say of ExpressRoute must agree, or routes cannot follow the flags.
        let mut listed: BTreeMap<Prefix, BTreeSet<bool>> = BTreeMap::new();
        for set in &self.sets {
            for prefix in &set.ips {
                listed.entry(*prefix).or_default().insert(set.express_route);
            }
        }
        let both: Vec<String> =
            listed.iter().filter(|(_, flags)| flags.len() > 1).map(|(p, _)| p.to_string()).collect();
        if let Some(first) = both.first() {
            notes.push(format!(
                "{} prefixes, the first {first}, are listed with and without support for ExpressRoute; they go to the \
                 Internet",
                both.len()
            ));
        }
    }
}

fn wrong(error: &serde_json::Error, path: String) -> SnapshotError {
    let (line, column) = (error.line(), error.column());
    if error.is_eof() {
        return SnapshotError::Truncated { line, column };
    }
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
    SnapshotError::Value { line, column, path, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"[{"id":1,"serviceArea":"Exchange","urls":["Outlook.office.com"],"ips":["13.107.6.152/31"],
"tcpPorts":"80, 443","expressRoute":true,"category":"Optimize","required":true}]"#;

    #[test]
    fn an_answer_is_read_and_written() {
        let (snapshot, notes) = Snapshot::parse(ONE).unwrap();
        assert!(notes.is_empty());
        assert_eq!(snapshot.sets[0].urls[0].as_str(), "outlook.office.com");
        assert_eq!(snapshot.sets[0].ports(), "tcp 80,443");
        assert_eq!(Snapshot::parse(&snapshot.to_json()).unwrap().0, snapshot);
    }

    #[test]
    fn bad_answers_say_what_and_where() {
        let text = |bad: &str| Snapshot::parse(bad).unwrap_err().to_string();
        assert!(text("").starts_with("the answer is empty"));
        assert!(text("  <!DOCTYPE html>").contains("HTML"));
        assert!(text("[]").contains("no endpoint set"));
        assert_eq!(text(&ONE[..130]), "line 2, column 39: the text ends within a value; the download is cut short");
        let bad = ONE.replace("13.107.6.152/31", "13.107.6.153/31");
        assert_eq!(
            text(&bad).split(';').next(),
            Some("line 1, column 89, at [0].ips[0]: 13.107.6.153/31 has host bits set")
        );
        assert!(text(&ONE.replace("443", "70000")).contains("`70000` is no port"));
        assert!(text(&ONE.replace("Optimize", "Best")).contains("at [0].category: unknown variant `Best`"));
        assert!(text("{\"error\": 429}").contains("expected a sequence"));
        let twice = format!("[{0},{0}]", ONE.trim_start_matches('[').trim_end_matches(']'));
        assert_eq!(text(&twice), "set 1 stands twice; changes could not be told apart");
        assert!(text(&format!("{ONE} x")).contains("trailing characters"));
    }

    #[test]
    fn odd_answers_are_taken_with_a_note() {
        let odd =
            ONE.replace("\"required\"", "\"colour\":\"red\",\"required\"").replace("13.107.6.152/31", "2603::/40");
        let (snapshot, notes) = Snapshot::parse(&format!("\u{feff}{odd}")).unwrap();
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(snapshot.to_json().contains("\"colour\":\"red\""));
    }
}
