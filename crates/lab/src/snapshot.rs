//! What the kernel holds of a lab: links, addresses, routes and rules of every namespace, as text to compare.
//!
//! What only tells one moment or one making from another is left out: numbers of devices and next hops, counters,
//! lifetimes, the order of equal next hops. So two snapshots of a lab are alike when it forwards alike.

use crate::{Error, node};
use std::collections::{BTreeMap, BTreeSet};

/// The lines of each namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, BTreeSet<String>>);

impl Snapshot {
    /// Of the lab that this process is inside of.
    ///
    /// # Errors
    ///
    /// A namespace cannot be read; it may be on its way out.
    pub fn take() -> Result<Self, Error> {
        let folder = "/run/netns";
        let entries = std::fs::read_dir(folder).map_err(Error::io(folder))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.map(|name| Ok((name.clone(), lines(&name)?))).collect::<Result<_, Error>>().map(Self)
    }

    /// The first difference to what was before, in words; nothing when there is none.
    pub fn differs_from(&self, before: &Self) -> Option<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(before.0.keys()).collect();
        names.into_iter().find_map(|name| {
            let (now, then) = match (self.0.get(name), before.0.get(name)) {
                (Some(now), Some(then)) => (now, then),
                (now, _) => {
                    return Some(format!("the namespace {name} is {}", if now.is_some() { "new" } else { "gone" }));
                }
            };
            let missing = then.difference(now).next().map(|line| format!("{name}: missing: {line}"));
            missing.or_else(|| now.difference(then).next().map(|line| format!("{name}: not there before: {line}")))
        })
    }
}

fn lines(name: &str) -> Result<BTreeSet<String>, Error> {
    let asked = "link show\naddress show\nroute show table all\nrule show\n";
    let four = node::run(Some(name), "ip", &["-o", "-batch", "-"], Some(asked))?;
    let six = node::run(Some(name), "ip", &["-o", "-6", "-batch", "-"], Some("route show table all\nrule show\n"))?;
    let rules = node::run(Some(name), "nft", &["-s", "list", "ruleset"], None)?;
    let ip = four.lines().chain(six.lines()).map(plain);
    // What a chain holds is told from what another one holds by its place.
    let rules = rules.lines().enumerate().map(|(number, line)| format!("nft {number}: {}", line.trim()));
    Ok(ip.chain(rules).collect())
}

/// A line of `ip` without what differs from one making to the next.
fn plain(line: &str) -> String {
    let line = match line.split_once(": ") {
        // The number of a device.
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => line,
    };
    let mut parts: Vec<String> = line.split('\\').map(words).collect();
    // Of a route with several next hops: the first part is the route.
    if let Some((_, hops)) = parts.split_first_mut() {
        hops.sort();
    }
    parts.join(" ")
}

/// The words of a part, without pairs of a name and a number that somebody drew.
fn words(part: &str) -> String {
    const DRAWN: [&str; 7] = ["nhid", "id", "valid_lft", "preferred_lft", "expires", "link-netnsid", "qlen"];
    let mut words = Vec::new();
    let mut all = part.split_whitespace();
    while let Some(word) = all.next() {
        match DRAWN.contains(&word) {
            true => drop(all.next()),
            // `eth0@if7:`, the number of the other end.
            false => words.push(word.split_once("@if").map_or(word, |(name, _)| name)),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_moment_gives_is_left_out() {
        let one = plain(
            "12: eth0@if7: <UP> mtu 1500 qdisc noqueue state UP mode DEFAULT qlen 1000\\    link/ether 0a:1b brd ff:ff link-netnsid 3",
        );
        let other = plain(
            "14: eth0@if9: <UP> mtu 1500 qdisc noqueue state UP mode DEFAULT qlen 1000\\    link/ether 0a:1b brd ff:ff link-netnsid 5",
        );
        assert_eq!(one, other);
        assert_eq!(
            plain(
                "10.1.0.0/16 nhid 7 proto 186 \\\tnexthop via 10.0.0.2 dev b weight 1 \\\tnexthop via 10.0.0.1 dev a weight 1 "
            ),
            plain(
                "10.1.0.0/16 nhid 9 proto 186 \\\tnexthop via 10.0.0.1 dev a weight 1 \\\tnexthop via 10.0.0.2 dev b weight 1 "
            )
        );
        assert_ne!(plain("10.1.0.0/16 via 10.0.0.1 dev a"), plain("10.1.0.0/16 via 10.0.0.2 dev a"));
    }

    #[test]
    fn the_first_difference_is_told() {
        let of = |lines: &[&str]| {
            Snapshot([("ce".to_owned(), lines.iter().map(|line| (*line).to_owned()).collect())].into())
        };
        assert_eq!(of(&["a"]).differs_from(&of(&["a"])), None);
        assert_eq!(of(&["a"]).differs_from(&of(&["a", "b"])).unwrap(), "ce: missing: b");
        assert_eq!(of(&["a", "b"]).differs_from(&of(&["a"])).unwrap(), "ce: not there before: b");
        assert_eq!(Snapshot(BTreeMap::new()).differs_from(&of(&[])).unwrap(), "the namespace ce is gone");
    }
}
