//! Mends: what each fault becomes in the text, and that a mended design needs no more of it.

use catalog::Catalog;
use design::{Bounds, Input};
use model::{Design, Sources};
use planner::Mend;
use proptest::prelude::*;
use rules::{Facts, Profile, Stage, Verdict};

fn read(text: &str) -> Design {
    let input = Input { name: "test".to_owned(), text: text.into() };
    let reading = design::read(input, &mut Sources::default(), &Bounds::default());
    assert!(reading.problems.is_empty(), "{:#?}\n{text}", reading.problems);
    reading.design
}

fn mend(text: &str) -> Vec<Mend> {
    planner::mend(&read(text), Catalog::builtin())
}

/// The text with all its mends made, asked for or not.
fn mended(text: &str) -> String {
    let mends = mend(text);
    let edits: Vec<_> = mends.iter().flat_map(|mend| mend.change.clone()).collect();
    design::apply(text, &edits).unwrap_or_else(|error| panic!("{error}\n{mends:#?}\n{text}"))
}

fn findings(text: &str, rule: &str) -> Vec<String> {
    let design = read(text);
    let facts = Facts::new(&design, Catalog::builtin(), testkit::TODAY, Profile::Current, Stage::Design);
    let Some(rule) = rules::find(rule) else { return Vec::new() };
    match facts.verdict(rule) {
        Verdict::Fail { findings, .. } => {
            findings.iter().map(|f| format!("{} {}: {}", rule.id, f.path, f.seen)).collect()
        }
        _ => Vec::new(),
    }
}

/// Circuit `a` of a design with these lines as its peerings, in a company that uses 10.0.0.0/16 on its site.
fn circuit(peerings: &str) -> String {
    format!(
        "sites:\n  s: {{ prefixes: [10.0.0.0/16] }}\nvnets:\n  v: {{ space: [10.1.0.0/16] }}\ncircuits:\n  a:\n{peerings}"
    )
}

#[test]
fn every_rule_that_can_be_mended_says_so() {
    let faults = circuit(
        "    private: { vlan: 1, asn: 65515, remote_as: 1, subnets: 10.0.0.0/29, primary: { customer: 10.0.0.2 } }
    microsoft: { vlan: 1, subnets: 131.107.250.0/28 }
  b:
    private: { subnets: 192.168.9.0/30 }
  c:
    private: { subnets: 192.168.8.0/29, primary: { subnet: 192.168.8.4/30 } }
  d:
    private: { subnets: 192.168.7.0/29, primary: { customer: 192.168.7.2 } }
",
    );
    let mut mended: Vec<_> = mend(&faults).iter().map(|mend| mend.rule).collect();
    mended.sort_unstable();
    let fixable: Vec<_> = rules::rules().iter().filter(|rule| rule.fixable).map(|rule| rule.id).collect();
    assert_eq!(mended, fixable);
}

/// Checks rule ids and the mended text, and that mending ends there.
fn becomes(before: &str, rules: &[&str], after: &str) {
    let (before, after) = (circuit(before), circuit(after));
    let mends = mend(&before);
    assert_eq!(mends.iter().map(|mend| mend.rule).collect::<Vec<_>>(), rules, "{mends:#?}");
    assert_eq!(mended(&before), after);
    assert_eq!(mend(&after), []);
}

#[test]
fn the_examples_need_no_mend_but_for_the_block_of_2015() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The folder has the configuration of an edge, too.
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let rules: Vec<_> = mend(&std::fs::read_to_string(&path).unwrap()).iter().map(|mend| mend.rule).collect();
        let name = path.file_name().unwrap().to_string_lossy();
        let wanted: &[&str] = if name == "classic-2015.design.yaml" { &["ADDR-002"] } else { &[] };
        assert_eq!(rules, wanted, "{name}");
    }
}

#[test]
fn a_block_that_is_too_large_becomes_its_first_block() {
    becomes(
        "    private:\n      subnets: 192.168.15.16/28   # both links\n",
        &["ADDR-002"],
        "    private:\n      subnets: 192.168.15.16/29   # both links\n",
    );
    becomes(
        "    microsoft: { subnets: [131.107.250.0/28], subnets_v6: '2001:4898:1::/124' }\n",
        &["ADDR-002", "ADDR-002"],
        "    microsoft: { subnets: [131.107.250.0/29], subnets_v6: '2001:4898:1::/125' }\n",
    );
}

#[test]
fn a_pair_of_another_size_becomes_a_pair_of_the_right_one() {
    becomes(
        "    private: { subnets: [192.168.1.0/29, 192.168.1.8/29] }\n",
        &["ADDR-002"],
        "    private: { subnets: [192.168.1.0/30, 192.168.1.8/30] }\n",
    );
    becomes(
        "    private: { subnets: [192.168.1.0/31, 192.168.1.2/31] }\n",
        &["ADDR-002"],
        "    private: { subnets: [192.168.1.0/30, 192.168.1.4/30] }\n",
    );
}

#[test]
fn one_subnet_alone_becomes_the_block_around_it_or_gets_another() {
    becomes(
        "    private:\n      subnets: 192.168.15.20/30\n",
        &["NET-RED-001"],
        "    private:\n      subnets: 192.168.15.16/29\n",
    );
    // The upper half is a VNet's here.
    let taken = |subnets| {
        circuit(&format!("    private:\n      subnets: {subnets}\n")).replace("10.1.0.0/16", "192.168.15.20/30")
    };
    assert_eq!(mended(&taken("192.168.15.16/30")), taken("[192.168.15.16/30, 192.168.15.0/30]"));
}

#[test]
fn a_link_without_subnet_gets_the_other_half() {
    becomes(
        "    private:\n      primary:\n        subnet: 192.168.15.16/30\n        customer: 192.168.15.17\n      vlan: 7\n",
        &["NET-RED-001"],
        "    private:\n      primary:\n        subnet: 192.168.15.16/30\n        customer: 192.168.15.17\n      secondary:\n        subnet: 192.168.15.20/30\n      vlan: 7\n",
    );
    becomes(
        "    private: { primary: { subnet: 192.168.15.16/29 }, secondary: { prepend: 1 } }\n",
        &["NET-RED-001"],
        "    private: { primary: { subnet: 192.168.15.16/30 }, secondary: { prepend: 1, subnet: 192.168.15.20/30 } }\n",
    );
    becomes(
        "    private: { secondary: { subnet: 192.168.15.16/30, subnet_v6: '2001:4898:1::4/126' } }\n",
        &["NET-RED-001", "NET-RED-001"],
        "    private: { secondary: { subnet: 192.168.15.16/30, subnet_v6: '2001:4898:1::4/126' }, primary: { subnet: 192.168.15.20/30, subnet_v6: 2001:4898:1::/126 } }\n",
    );
}

#[test]
fn a_private_peering_moves_away_from_what_is_in_use() {
    // All of its neighbourhood is the site's: the first free private block.
    becomes("    private: { subnets: 10.0.3.0/29 }\n", &["ADDR-003"], "    private: { subnets: 192.168.0.0/29 }\n");
    becomes(
        "    private: { subnets: [192.168.9.0/30, 10.1.9.4/30] }\n",
        &["ADDR-003"],
        "    private: { subnets: [192.168.9.0/30, 192.168.9.4/30] }\n",
    );
    becomes(
        "    private: { subnets: 192.168.9.0/29 }\n  b:\n    private: { subnets: 192.168.9.0/29, asn: 65010 }\n",
        &["ADDR-003"],
        "    private: { subnets: 192.168.9.0/29 }\n  b:\n    private: { subnets: 192.168.9.8/29, asn: 65010 }\n",
    );
}

#[test]
fn no_public_space_is_invented() {
    for microsoft in [
        "{ subnets: 131.107.250.0/30 }",
        "{ subnets: [131.107.250.0/31, 131.107.250.2/31] }",
        "{ subnets: 10.0.0.0/29 }",
        "{ subnets: 131.107.250.0/29 }\n  b:\n    microsoft: { subnets: 131.107.250.0/29 }",
    ] {
        assert_eq!(mend(&circuit(&format!("    microsoft: {microsoft}\n"))), [], "{microsoft}");
    }
    // What is given may be cut so that both have their own.
    becomes(
        "    microsoft: { subnets: 131.107.250.0/28 }\n  b:\n    microsoft: { subnets: 131.107.250.0/28 }\n",
        &["ADDR-002", "ADDR-002"],
        "    microsoft: { subnets: 131.107.250.0/29 }\n  b:\n    microsoft: { subnets: 131.107.250.8/29 }\n",
    );
}

#[test]
fn swapped_addresses_and_halves_are_swapped_back() {
    becomes(
        "    private:\n      subnets: 192.168.9.0/29\n      secondary: { customer: 192.168.9.6, microsoft: 192.168.9.5 }\n",
        &["ADDR-004"],
        "    private:\n      subnets: 192.168.9.0/29\n      secondary: { customer: 192.168.9.5, microsoft: 192.168.9.6 }\n",
    );
    becomes(
        "    private:\n      subnets: 192.168.9.0/29\n      primary: { subnet: 192.168.9.4/30, customer: 192.168.9.5 }\n      secondary: { subnet: 192.168.9.0/30 }\n",
        &["ADDR-005"],
        "    private:\n      subnets: 192.168.9.0/29\n      primary: { subnet: 192.168.9.0/30, customer: 192.168.9.1 }\n      secondary: { subnet: 192.168.9.4/30 }\n",
    );
    // Addresses go where their subnet goes; one that belongs to nothing known stays.
    becomes(
        "    private: { subnets: 10.0.9.0/29, primary: { customer: 10.0.9.1, microsoft: 172.16.0.1 } }\n",
        &["ADDR-003"],
        "    private: { subnets: 192.168.0.0/29, primary: { customer: 192.168.0.1, microsoft: 172.16.0.1 } }\n",
    );
}

#[test]
fn a_vlan_used_twice_becomes_the_next_free_one() {
    becomes(
        "    private: { vlan: 100 }\n    microsoft: { vlan: 100 }   # same\n    public: { vlan: 101 }\n",
        &["ADDR-008"],
        "    private: { vlan: 100 }\n    microsoft: { vlan: 102 }   # same\n    public: { vlan: 101 }\n",
    );
    becomes(
        "    private: { vlan: 4094 }\n    microsoft: { vlan: 4094 }\n",
        &["ADDR-008"],
        "    private: { vlan: 4094 }\n    microsoft: { vlan: 1 }\n",
    );
    let direct = |tags| {
        format!(
            "    port: p\n    private: {{ vlan: 5 }}\n  b:\n    port: p\n    private: {{ vlan: 5 }}\nports:\n  p: {{ encapsulation: {tags} }}\n"
        )
    };
    assert_eq!(mend(&circuit(&direct("qinq"))), []);
    assert_eq!(mend(&circuit(&direct("dot1q"))).len(), 1);
}

#[test]
fn numbers_of_the_two_sides_are_corrected_and_ones_own_only_when_asked() {
    becomes(
        "    private: { asn: 65515, remote_as: 8075, as_path: [65515, 65010] }\n  b:\n    private: { asn: 65515 }\n",
        &["NET-BGP-004", "NET-BGP-008", "NET-BGP-004"],
        "    private: { asn: 64512, remote_as: 12076, as_path: [64512, 65010] }\n  b:\n    private: { asn: 64512 }\n",
    );
    becomes(
        "    private: { asn: 65520 }\n  b:\n    private: { asn: 65010 }\n",
        &["NET-BGP-004"],
        "    private: { asn: 65010 }\n  b:\n    private: { asn: 65010 }\n",
    );
    let asks: Vec<_> =
        mend(&circuit("    private: { asn: 65515, remote_as: 1 }\n")).iter().map(|mend| mend.ask).collect();
    assert_eq!(asks, [true, false]);
    assert_eq!(mend(&circuit("    microsoft: { asn: 65515 }\n")), []);
}

#[test]
fn a_value_shared_by_an_alias_stays() {
    assert_eq!(mend(&circuit("    private: &p { vlan: 100, subnets: 192.168.0.0/29 }\n    microsoft: *p\n")), []);
    becomes(
        "    private: { asn: &own 65515 }\n  b:\n    private: { asn: *own }\n",
        &["NET-BGP-004"],
        "    private: { asn: &own 64512 }\n  b:\n    private: { asn: *own }\n",
    );
}

#[test]
fn ordered_evidence_is_kept_clear_of_and_not_changed() {
    let text = format!(
        "evidence: ordered\n{}",
        circuit("    private: { vlan: 1, subnets: 10.0.0.0/28 }\n    microsoft: { vlan: 1 }\n")
    );
    assert_eq!(mend(&text), []);
}

/// Subnets that collide often.
fn subnet(ranges: &'static [&'static str]) -> impl Strategy<Value = String> {
    (
        prop::sample::select(ranges.to_vec()),
        0u32..12,
        prop_oneof![4 => Just(30u8), 3 => Just(29), 1 => Just(28), 1 => Just(31), 1 => Just(27)],
    )
        .prop_map(|(range, step, length)| {
            let start = range.parse::<std::net::Ipv4Addr>().map_or(0, u32::from) + 4 * step;
            let network = start & (u32::MAX << (32 - length));
            format!("{}/{length}", std::net::Ipv4Addr::from(network))
        })
}

fn peering(ranges: &'static [&'static str]) -> impl Strategy<Value = String> {
    let one = || subnet(ranges);
    let subnets = prop_oneof![
        one().prop_map(|a| format!("subnets: {a}")),
        one().prop_map(|a| format!("subnets: [{a}]")),
        (one(), one()).prop_map(|(a, b)| format!("subnets: [{a}, {b}]")),
        (one(), one()).prop_map(|(a, b)| format!("subnets:\n      - {a}\n      - {b}   # second")),
        one().prop_map(|a| format!("primary: {{ subnet: {a} }}")),
        one().prop_map(|a| format!("secondary:\n        subnet: {a}")),
        (one(), one()).prop_map(|(a, b)| format!("primary: {{ subnet: {a} }}\n      secondary: {{ subnet: {b} }}")),
    ];
    let asn = prop::sample::select(vec![65010, 65515, 65520, 12076, 64512, 3333]);
    let remote = prop::sample::select(vec![12076, 8075]);
    (subnets, 100u16..104, asn, remote).prop_map(|(subnets, vlan, asn, remote)| {
        format!("      vlan: {vlan}\n      asn: {asn}\n      remote_as: {remote}\n      {subnets}\n")
    })
}

const PRIVATE: &[&str] = &["192.168.0.0", "10.0.0.0", "172.16.0.0"];
const PUBLIC: &[&str] = &["131.107.250.0", "192.168.0.0"];

fn company(microsoft: bool) -> impl Strategy<Value = String> {
    let circuit = (
        peering(PRIVATE),
        prop::option::of(peering(PUBLIC)).prop_map(move |peering| peering.filter(|_| microsoft)),
        any::<bool>(),
    );
    prop::collection::vec(circuit, 1..4).prop_map(|circuits| {
        let mut text = "sites:\n  s: { prefixes: [10.0.0.0/16, 192.168.0.0/28] }\nports:\n  p: { encapsulation: dot1q }\ncircuits:\n".to_owned();
        for (index, (private, microsoft, direct)) in circuits.iter().enumerate() {
            text += &format!("  c{index}:\n");
            text += if *direct { "    port: p\n" } else { "" };
            text += &format!("    private:\n{private}");
            if let Some(microsoft) = microsoft {
                text += &format!("    microsoft:\n{microsoft}");
            }
        }
        text
    })
}

proptest! {
    #[test]
    fn mending_twice_is_mending_once(text in company(true)) {
        let once = mended(&text);
        prop_assert_eq!(mend(&once), vec![], "{}\n{}", text, once);
    }

    #[test]
    fn private_peerings_come_out_whole(text in company(false)) {
        let once = mended(&text);
        for rule in ["ADDR-002", "ADDR-003", "ADDR-004", "ADDR-005", "ADDR-008", "NET-RED-001", "NET-BGP-004", "NET-BGP-008"] {
            let none: Vec<String> = Vec::new();
            prop_assert_eq!(findings(&once, rule), none, "{}\n{}", text, once);
        }
    }
}
