//! The split of the catalogue's snapshots: reviewed, exact at every border, and followed from version to version.
//!
//! Tests may stop at what should not be.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use catalog::Catalog;
use m365::history::{self, History, Version};
use m365::{Outputs, Policy, Split, Way};
use model::{Date, Design, Family, Prefix, Sources};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

fn history() -> History {
    History::of(Catalog::builtin()).unwrap()
}

fn contoso() -> Design {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contoso.design.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let input = design::Input { name: file.into(), text: text.into() };
    design::read_all(vec![input], &mut Sources::default(), &design::Bounds::default()).design
}

fn policies() -> [Policy; 2] {
    let catalog = Catalog::builtin();
    [Policy::of_flags(catalog, "Worldwide"), Policy::of_design(&contoso(), catalog, "Worldwide")]
}

/// Every snapshot of every instance under both policies.
fn splits() -> Vec<Split> {
    let history = history();
    let catalog = Catalog::builtin();
    let mut splits = Vec::new();
    for instance in history.instances() {
        for (_, snapshot) in history.versions(instance) {
            splits.push(Split::new(snapshot.clone(), Policy::of_flags(catalog, instance)));
            splits.push(Split::new(snapshot.clone(), Policy::of_design(&contoso(), catalog, instance)));
        }
    }
    splits
}

#[test]
fn the_newest_worldwide_split_is_the_one_that_was_reviewed() {
    let history = history();
    let (version, snapshot) = history.latest("Worldwide").unwrap();
    let mut page = format!("worldwide {version}\n");
    for (title, policy) in ["by the flags", "Contoso's design"].into_iter().zip(policies()) {
        let _ = writeln!(page, "\n{title}");
        for (set, decision) in Split::new(snapshot.clone(), policy).sets() {
            let flag = if set.express_route { "ER" } else { "--" };
            let _ = writeln!(
                page,
                "{:4} {:10} {:8} {flag} {:2} urls {:2} ips  {:8}  {}",
                set.id,
                set.service_area,
                set.category.to_string(),
                set.urls.len(),
                set.ips.len(),
                decision.way,
                decision.why
            );
        }
    }
    insta::assert_snapshot!(page);
}

#[test]
fn no_set_without_the_flag_takes_the_circuit() {
    for split in splits() {
        for (set, decision) in split.sets() {
            assert!(set.express_route || decision.way != Way::Circuit, "{}", set.id);
        }
        for set in split.snapshot.sets.iter().filter(|set| !set.express_route) {
            for url in &set.urls {
                for sample in ["x", "a.b", "0"] {
                    let answer = split.host(&url.sample(sample), None);
                    // A narrower name of the circuit may lie within a wide one of the Internet.
                    let own = answer.by.as_deref() == Some(url.as_str());
                    assert!(!own || answer.decision.way != Way::Circuit, "{url}");
                }
            }
        }
    }
}

/// The first and last address of a prefix, one before and one after.
fn borders(prefix: Prefix) -> Vec<IpAddr> {
    match prefix.network() {
        IpAddr::V4(network) => {
            let first = u32::from(network);
            let last = first + (prefix.addresses() - 1) as u32;
            let all = [Some(first), Some(last), first.checked_sub(1), last.checked_add(1)];
            all.into_iter().flatten().map(|bits| IpAddr::V4(bits.into())).collect()
        }
        IpAddr::V6(network) => {
            let first = u128::from(network);
            let last = first + (prefix.addresses() - 1);
            let all = [Some(first), Some(last), first.checked_sub(1), last.checked_add(1)];
            all.into_iter().flatten().map(|bits| IpAddr::V6(bits.into())).collect()
        }
    }
}

#[test]
fn a_lookup_equals_the_split_at_every_border_and_each_address_goes_one_way() {
    for split in splits() {
        let of = |way| -> Vec<Prefix> {
            [Family::V4, Family::V6].into_iter().flat_map(|family| split.prefixes_of(way, family)).collect()
        };
        let ways = [Way::Circuit, Way::Internet, Way::Proxy].map(|way| (way, of(way)));
        for prefix in split.snapshot.prefixes() {
            for address in borders(prefix) {
                let answer = split.address(address, None);
                let holding: Vec<Way> = ways
                    .iter()
                    .flat_map(|(way, list)| list.iter().filter(|p| p.contains(address)).map(|_| *way))
                    .collect();
                match answer.by {
                    Some(_) => assert_eq!(holding, [answer.decision.way], "{address}"),
                    None => assert!(holding.is_empty() && answer.decision.way == Way::Proxy, "{address}"),
                }
                // The longest prefix, found the slow way.
                let longest = split.snapshot.prefixes().filter(|p| p.contains(address)).max_by_key(|p| p.length());
                assert_eq!(answer.by, longest.map(|p| p.to_string()), "{address}");
            }
        }
    }
}

#[test]
fn a_port_that_no_set_lists_is_blocked() {
    let history = history();
    let [flags, _] = policies();
    let split = Split::new(history.latest("Worldwide").unwrap().1.clone(), flags);
    let way = |host: &str, port| split.host(host, Some((m365::Protocol::Tcp, port))).decision.way;
    assert_eq!(way("outlook.office365.com", 443), Way::Circuit);
    assert_eq!(way("outlook.office365.com", 993), Way::Circuit);
    assert_eq!(way("outlook.office365.com", 22), Way::Blocked);
    assert_eq!(way("www.example.org", 22), Way::Proxy);
    let old = history.versions("Worldwide").next().unwrap().1.clone();
    let split = Split::new(old, policies()[0].clone());
    let way = |port| split.host("x.outlook.office.com", port).decision.way;
    assert_eq!(way(None), Way::Proxy, "one of its lists has no support");
    assert_eq!(way(Some((m365::Protocol::Tcp, 993))), Way::Circuit, "the list of IMAP has");
    assert_eq!(way(Some((m365::Protocol::Tcp, 443))), Way::Proxy);
}

#[test]
fn without_authorization_or_filter_nothing_takes_the_circuit() {
    let catalog = Catalog::builtin();
    let circuits = |design: &Design| {
        let policy = Policy::of_design(design, catalog, "Worldwide");
        let split = Split::new(history().latest("Worldwide").unwrap().1.clone(), policy);
        split.sets().filter(|(_, decision)| decision.way == Way::Circuit).count()
    };
    let design = contoso();
    assert!(circuits(&design) > 0);
    let mut unauthorized = contoso();
    unauthorized.m365.authorization = model::Fact::default();
    assert_eq!(circuits(&unauthorized), 0);
    let mut unfiltered = contoso();
    for circuit in unfiltered.circuits.values_mut() {
        circuit.microsoft = None;
    }
    assert_eq!(circuits(&unfiltered), 0);
}

#[test]
fn changes_applied_step_by_step_give_the_new_outputs() {
    let history = history();
    for policy in policies() {
        let splits: Vec<Split> =
            history.versions("Worldwide").map(|(_, snapshot)| Split::new(snapshot.clone(), policy.clone())).collect();
        let mut outputs = Outputs::new(&splits[0]);
        for pair in splits.windows(2) {
            let edits = m365::diff(&pair[0], &pair[1], Date::constant(2025, 12, 1), 30, &BTreeMap::new());
            assert!(!edits.is_empty());
            outputs.apply(&edits);
            assert_eq!(outputs, Outputs::new(&pair[1]));
            let back = m365::diff(&pair[1], &pair[0], Date::constant(2025, 12, 1), 30, &BTreeMap::new());
            let mut old = outputs.clone();
            old.apply(&back);
            assert_eq!(old, Outputs::new(&pair[0]));
        }
    }
}

#[test]
fn changes_are_told_as_the_service_tells_them() {
    let history = history();
    let all = history.changes("Worldwide", &Version::parse("2025120100").unwrap(), false, 30);
    let of = |id: u32| all.iter().find(|change| change.endpoint_set_id == id).unwrap();
    assert_eq!(of(33).disposition, "Remove");
    assert_eq!((of(193).disposition.as_str(), of(193).impact.as_deref()), ("Add", Some("MovedIpOrUrl")));
    assert_eq!(of(193).add.as_ref().unwrap().urls.len(), 2);
    assert_eq!(of(193).effective(), Some(Date::constant(2026, 9, 22)));
    assert_eq!(history::effective(&all)[&193], Date::constant(2026, 9, 22));
    let none = history.changes("Worldwide", &Version::parse("2026082300").unwrap(), false, 30);
    assert!(none.is_empty());
    let first = history.changes("China", &Version::parse("0000000000").unwrap(), false, 30);
    assert_eq!(first.len(), 22);
}

#[test]
fn a_caller_gets_the_areas_the_tenant_and_the_family_that_it_asks_for() {
    let history = history();
    let (_, snapshot) = history.versions("Worldwide").nth(1).unwrap();
    let wanted = history::Wanted { areas: vec!["sharepoint".into()], tenant: Some("contoso".into()), no_ipv6: true };
    let sets = history::endpoints(snapshot, &wanted);
    assert!(sets.iter().all(|set| ["Common", "SharePoint"].contains(&set.service_area.as_str())));
    assert!(sets.iter().flat_map(|set| &set.ips).all(|prefix| prefix.family() == Family::V4));
    let urls: Vec<&str> = sets.iter().flat_map(|set| &set.urls).map(m365::Pattern::as_str).collect();
    assert!(urls.contains(&"contoso.sharepoint.com") && urls.contains(&"contoso-my.sharepoint.com"));
    assert!(history::csv(&sets).lines().count() == sets.len() + 1);
}
