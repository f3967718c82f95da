//! PAC files: the split of names as a script for browsers.
//!
//! The script decides as [`Split::host`](crate::Split::host) does, and in the order that Microsoft asks for (spec 05,
//! 7.2): first names of the Internet within names of the circuit, then the names of the circuit, then the rest. Where
//! names nest deeper than that, further layers of the two kinds follow. Names that go where the rest goes, and lie
//! within nothing else, are left out. The script is ECMAScript 3, which every engine of a PAC file understands.

use crate::{Pattern, Way};
use model::PacStep;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a script answers for each way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// For the circuit, most often `DIRECT`.
    pub circuit: String,
    /// For what goes straight to the Internet.
    pub internet: String,
    /// For the rest, like `PROXY proxy.example.net:8080`.
    pub proxy: String,
}

/// Answers that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    /// The circuit's answer is another's too.
    #[error(
        "`{0}` stands for the circuit and for {1}; one of them has to be another, or names of the Internet would take the circuit"
    )]
    Same(String, Way),
    /// No answer that a browser takes.
    #[error("`{0}` is no answer of a PAC file; wanted `DIRECT` or `PROXY host:port`, several with `;` between")]
    Form(String),
}

impl Answers {
    /// Whether they can be used.
    ///
    /// # Errors
    /// One has no right form, or the circuit's is another's too.
    pub fn check(&self) -> Result<(), AnswersError> {
        const WORDS: [&str; 6] = ["PROXY", "HTTPS", "HTTP", "SOCKS", "SOCKS4", "SOCKS5"];
        for answer in [&self.circuit, &self.internet, &self.proxy] {
            let well = |part: &str| match part.trim().split_once(' ') {
                None => part.trim() == "DIRECT",
                Some((word, host)) => {
                    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
                    WORDS.contains(&word) && host.contains(':') && host.chars().all(plain)
                }
            };
            if !answer.split(';').all(well) {
                return Err(AnswersError::Form(answer.clone()));
            }
        }
        for (way, answer) in [(Way::Internet, &self.internet), (Way::Proxy, &self.proxy)] {
            if *answer == self.circuit {
                return Err(AnswersError::Same(answer.clone(), way));
            }
        }
        Ok(())
    }
}

/// One name in the script.
#[derive(Debug, Clone, Copy)]
struct Entry<'n> {
    pattern: &'n Pattern,
    way: Way,
}

impl Entry<'_> {
    fn is_circuit(&self) -> bool {
        self.way == Way::Circuit
    }
}

/// The names in layers, by turns of the Internet and of the circuit; the first may be empty.
fn layers(names: &BTreeMap<Pattern, Way>) -> Vec<Vec<Entry<'_>>> {
    let mut entries: Vec<Entry<'_>> = names.iter().map(|(pattern, way)| Entry { pattern, way: *way }).collect();
    // The most specific first; of equals the Internet, so that in doubt nothing takes the circuit.
    let rank = |way: Way| match way {
        Way::Internet => 0,
        Way::Proxy | Way::Blocked => 1,
        Way::Circuit => 2,
    };
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.pattern.weight()), rank(entry.way), entry.pattern));
    // Names that can wait for the rest: no wider name of the circuit would catch them before.
    let mut waits = vec![false; entries.len()];
    for index in (0..entries.len()).rev() {
        let wider = |other: usize| entries[other].pattern.meets(entries[index].pattern);
        let free = (index + 1..entries.len()).all(|other| waits[other] || !wider(other));
        waits[index] = !entries[index].is_circuit() && free;
    }
    let mut level = vec![0usize; entries.len()];
    for index in 0..entries.len() {
        let own = usize::from(entries[index].is_circuit());
        let mut least = own;
        for other in (0..index).filter(|other| !waits[*other]) {
            if entries[other].pattern.meets(entries[index].pattern) {
                let turn = usize::from(entries[other].is_circuit() != entries[index].is_circuit());
                least = least.max(level[other] + turn);
            }
        }
        level[index] = least;
    }
    let depth = level.iter().zip(&waits).filter(|(_, waits)| !**waits).map(|(level, _)| *level + 1).max().unwrap_or(0);
    // The rest is a layer of the Internet, which stands at an even place.
    let rest = depth + depth % 2;
    let mut layers = vec![Vec::new(); rest + 1];
    for (index, entry) in entries.iter().enumerate() {
        // What goes where the rest goes needs no word, unless a wider name would catch it.
        let within = |other: &Entry<'_>| other.way != Way::Proxy && other.pattern.meets(entry.pattern);
        let silent = waits[index] && entry.way != Way::Internet && !entries[index + 1..].iter().any(within);
        if !silent {
            layers[if waits[index] { rest } else { level[index] }].push(*entry);
        }
    }
    layers
}

/// The order of decisions of the script for these names, in the words of a design.
pub fn order(names: &BTreeMap<Pattern, Way>) -> Vec<PacStep> {
    let layers = layers(names);
    let mut steps = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        if index + 1 == layers.len() {
            steps.push(PacStep::Rest);
        } else if index % 2 == 1 {
            steps.push(PacStep::ExpressRoute);
        } else if !layer.is_empty() || index == 0 {
            // An empty first layer decides nothing wrong: no name of the Internet lies within one of the circuit.
            steps.push(PacStep::InternetOnly);
        }
    }
    if steps.len() == 1 {
        return vec![PacStep::InternetOnly, PacStep::ExpressRoute, PacStep::Rest];
    }
    steps
}

/// Writes the script.
///
/// # Errors
/// The answers cannot be used.
pub fn script(names: &BTreeMap<Pattern, Way>, answers: &Answers, title: &str) -> Result<String, AnswersError> {
    answers.check()?;
    let mut out = String::new();
    // A line break in a title would end the comment.
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(out, "// {title}");
    let _ = writeln!(out, "var ways = [\"{}\", \"{}\", \"{}\"];", answers.circuit, answers.internet, answers.proxy);
    out.push_str("// Each layer: names, suffixes, other patterns with their weight; 0 is the circuit, 1 the Internet, 2 the proxy.\n");
    out.push_str("var layers = [\n");
    for layer in layers(names).iter().filter(|layer| !layer.is_empty()) {
        let part = |keep: &dyn Fn(&Entry<'_>) -> bool, key: &dyn Fn(&Entry<'_>) -> String| {
            let entries: Vec<String> = layer
                .iter()
                .filter(|entry| keep(entry))
                .map(|entry| format!("\"{}\":{}", key(entry), code(entry.way)))
                .collect();
            format!("{{{}}}", entries.join(","))
        };
        let exact = part(&|entry| entry.pattern.is_exact(), &|entry| entry.pattern.to_string());
        let suffix = |entry: &Entry<'_>| entry.pattern.suffix().map(str::to_owned);
        let suffixes = part(&|entry| suffix(entry).is_some(), &|entry| suffix(entry).unwrap_or_default());
        let globs: Vec<String> = layer
            .iter()
            .filter(|entry| !entry.pattern.is_exact() && suffix(entry).is_none())
            .map(|entry| format!("[\"{}\",{},{}]", entry.pattern, entry.pattern.weight().1, code(entry.way)))
            .collect();
        let _ = writeln!(out, "[{exact},\n{suffixes},\n[{}]],", globs.join(","));
    }
    // Old engines count a comma at the end as one more item.
    if out.ends_with(",\n") {
        out.truncate(out.len() - 2);
        out.push('\n');
    }
    out.push_str(SCRIPT);
    Ok(out)
}

fn code(way: Way) -> u8 {
    match way {
        Way::Circuit => 0,
        Way::Internet => 1,
        Way::Proxy | Way::Blocked => 2,
    }
}

const SCRIPT: &str = r#"];
function has(map, key) {
    return Object.prototype.hasOwnProperty.call(map, key);
}
function decide(layer, host) {
    if (has(layer[0], host)) return layer[0][host];
    var way = -1, weight = -1, at = host.indexOf(".");
    while (at >= 0) {
        var rest = host.substring(at);
        if (has(layer[1], rest)) { way = layer[1][rest]; weight = rest.length; break; }
        at = host.indexOf(".", at + 1);
    }
    for (var i = 0; i < layer[2].length; i++) {
        var glob = layer[2][i];
        if (glob[1] < weight) break;
        if (shExpMatch(host, glob[0]) && (glob[1] > weight || glob[2] < way)) return glob[2];
    }
    return way;
}
function FindProxyForURL(url, host) {
    host = host.toLowerCase();
    if (host.charAt(host.length - 1) === ".") host = host.substring(0, host.length - 1);
    for (var i = 0; i < layers.length; i++) {
        var way = decide(layers[i], host);
        if (way >= 0) return ways[way];
    }
    return ways[2];
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[(&str, Way)]) -> BTreeMap<Pattern, Way> {
        list.iter().map(|(text, way)| (Pattern::parse(text).unwrap(), *way)).collect()
    }

    #[test]
    fn an_answer_for_both_paths_is_refused() {
        let mut answers = Answers { circuit: "DIRECT".into(), internet: "DIRECT".into(), proxy: "PROXY p:1".into() };
        assert!(matches!(answers.check(), Err(AnswersError::Same(_, Way::Internet))));
        answers.internet = "PROXY evil\"; alert(1)//".into();
        assert!(matches!(answers.check(), Err(AnswersError::Form(_))));
        answers.internet = "PROXY i:1; SOCKS5 i:2".into();
        assert_eq!(answers.check(), Ok(()));
    }

    #[test]
    fn names_stand_from_the_narrow_to_the_wide() {
        let names = names(&[
            ("*.a.net", Way::Circuit),
            ("cdn.a.net", Way::Proxy),
            ("*.b.net", Way::Proxy),
            ("mail.b.net", Way::Circuit),
            ("*.deep.a.net", Way::Internet),
            ("x.deep.a.net", Way::Circuit),
        ]);
        let layers: Vec<Vec<&str>> =
            layers(&names).iter().map(|layer| layer.iter().map(|entry| entry.pattern.as_str()).collect()).collect();
        assert_eq!(
            layers,
            [vec!["cdn.a.net"], vec!["x.deep.a.net", "mail.b.net"], vec!["*.deep.a.net"], vec!["*.a.net"], vec![]]
        );
        assert_eq!(order(&names).len(), 5);
    }
}
