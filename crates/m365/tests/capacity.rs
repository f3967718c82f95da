//! Capacity: the fast classifier beside the split, and sums that do not hang on order or place.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use catalog::Catalog;
use m365::capacity::{Circuit, Classifier, Direction, Report, Site, Tally, Terms};
use m365::flow::Flow;
use m365::history::History;
use m365::{Policy, Protocol, Split, Way};
use model::{Prefix, Value as _};
use proptest::prelude::*;
use std::net::IpAddr;
use std::sync::OnceLock;

fn split() -> Split {
    let history = History::of(Catalog::builtin()).unwrap();
    // The one of 2025 has IPv6.
    let (_, snapshot) = history.versions("Worldwide").nth(1).unwrap();
    Split::new(snapshot.clone(), Policy::of_flags(Catalog::builtin(), "Worldwide"))
}

fn sites() -> Vec<Site> {
    let site = |name: &str, prefixes: &[&str]| Site {
        name: name.to_owned(),
        prefixes: prefixes.iter().map(|text| Prefix::parse(text).unwrap()).collect(),
    };
    vec![site("dub", &["10.20.0.0/16"]), site("ams", &["10.10.0.0/16", "2001:db8:10::/48"])]
}

fn classifier() -> &'static Classifier {
    static ONE: OnceLock<Classifier> = OnceLock::new();
    ONE.get_or_init(|| Classifier::new(&split(), &sites(), &[Prefix::parse("10.100.0.0/16").unwrap()]))
}

fn flow(source: &str, destination: &str, port: u16) -> Flow {
    Flow {
        start_ms: 0,
        end_ms: 0,
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        source_port: 50_000,
        destination_port: port,
        protocol: 6,
        bytes: 1000,
        packets: 1,
    }
}

#[test]
fn a_record_goes_where_the_split_says_at_every_border() {
    let (split, classifier) = (split(), classifier());
    let own: IpAddr = "10.10.0.1".parse().unwrap();
    for prefix in split.snapshot.prefixes() {
        let first = prefix.network();
        let around = |address: IpAddr, by: i128| match address {
            IpAddr::V4(address) => {
                u32::try_from(i128::from(u32::from(address)) + by).ok().map(|bits| IpAddr::V4(bits.into()))
            }
            IpAddr::V6(address) => Some(IpAddr::V6(u128::from(address).wrapping_add_signed(by).into())),
        };
        let last = around(first, i128::try_from(prefix.addresses()).unwrap() - 1).unwrap();
        for address in [around(first, -1), Some(first), Some(last), around(last, 1)].into_iter().flatten() {
            for port in [0, 22, 25, 80, 443, 587, 993, 3478, 3479, 5061] {
                for (number, protocol) in [(6, Some(Protocol::Tcp)), (17, Some(Protocol::Udp)), (50, None)] {
                    let flow = Flow {
                        source: own,
                        destination: address,
                        destination_port: port,
                        protocol: number,
                        ..flow("10.10.0.1", "10.10.0.1", port)
                    };
                    let place = classifier.place(&flow).unwrap();
                    let asked = split.address(address, protocol.map(|protocol| (protocol, port)));
                    assert_eq!(
                        classifier.verdict_of(place.verdict).way,
                        asked.decision.way,
                        "{address} {number} {port}"
                    );
                    let back =
                        Flow { source: address, destination: own, source_port: port, destination_port: 50_000, ..flow };
                    let back = classifier.place(&back).unwrap();
                    assert_eq!((back.verdict, back.site, back.direction), (place.verdict, place.site, Direction::In));
                }
            }
        }
    }
}

#[test]
fn sites_vnets_and_strangers_are_told_apart() {
    let classifier = classifier();
    let place = |from: &str, to: &str, port| {
        let place = classifier.place(&flow(from, to, port))?;
        let verdict = classifier.verdict_of(place.verdict);
        Some(format!("{} {} {}", classifier.site(place.site), verdict.way, verdict.class))
    };
    assert_eq!(place("10.10.0.1", "52.96.0.1", 443).as_deref(), Some("ams circuit Exchange Optimize"));
    assert_eq!(place("10.20.0.1", "52.96.0.1", 22).as_deref(), Some("dub blocked Exchange Optimize"));
    assert_eq!(place("10.20.0.1", "192.0.2.1", 443).as_deref(), Some("dub proxy other"));
    assert_eq!(place("10.20.0.1", "10.100.0.4", 1433).as_deref(), Some("dub circuit private"));
    assert_eq!(place("::ffff:10.10.0.1", "::ffff:192.0.2.1", 443).as_deref(), Some("ams proxy other"));
    assert_eq!(place("10.10.0.1", "10.20.0.1", 443), None);
    assert_eq!(place("192.0.2.1", "52.96.0.1", 443).as_deref(), Some("elsewhere circuit Exchange Optimize"));
}

#[test]
fn percentiles_peaks_and_sizes_follow_from_the_intervals() {
    let classifier = classifier();
    let mut tally = Tally::new(300);
    // Twenty intervals: bytes rise from 1 to 20 million, but for one that is idle.
    for index in (0..20i64).filter(|index| *index != 4) {
        let bytes = u64::try_from(index + 1).unwrap() * 1_000_000;
        let start_ms = index * 300_000;
        let record = Flow { start_ms, end_ms: start_ms + 1000, bytes, ..flow("10.10.0.1", "52.96.0.1", 443) };
        tally.add(classifier, &record).unwrap();
        tally.add(classifier, &Flow { destination: "10.100.0.1".parse().unwrap(), ..record }).unwrap();
    }
    let shared = Flow { end_ms: 599_999, bytes: 999, ..flow("10.20.0.1", "52.96.0.1", 443) };
    tally.add(classifier, &shared).unwrap();
    let odd = [
        Flow { end_ms: -1, ..shared },
        Flow { end_ms: i64::MAX, ..shared },
        Flow { destination: shared.source, ..shared },
    ];
    for flow in odd {
        tally.add(classifier, &flow).unwrap();
    }
    assert_eq!((tally.odd().backwards, tally.odd().endless, tally.odd().between), (1, 1, 1));
    let circuit = |name: &str, site: &str| Circuit { name: name.into(), sites: Some([site.to_owned()].into()) };
    let terms = Terms {
        circuits: vec![circuit("amsterdam", "ams"), circuit("dublin", "dub")],
        headroom: 20,
        offers: vec![1, 2, 5],
        ports_per_address: 1,
    };
    let report = Report::new(&tally, &terms);
    assert_eq!((report.intervals, report.from), (20, 0));
    let load = |site: &str, class: &str| {
        let wanted = |load: &&m365::capacity::Load| {
            load.key.site == site && load.key.class == class && load.key.way == Way::Circuit
        };
        report.loads.iter().find(wanted).unwrap().shape
    };
    let exchange = load("ams", "Exchange Optimize");
    assert_eq!((exchange.p95[0], exchange.peak[0], exchange.peak_at), (19_000_000, 20_000_000, 19 * 300));
    assert_eq!(exchange.total[0], 205_000_000);
    assert_eq!(load("ams", "all").peak[0], 40_000_000);
    let dublin = load("dub", "Exchange Optimize");
    assert_eq!(
        (dublin.total[0], dublin.peak[0], dublin.p95[0], dublin.flows),
        (999, 500, 499, 1),
        "spread over two intervals, of which the lesser is the nineteenth of twenty"
    );
    // 40 MB in 300 s are 1.07 Mbps, which 1 Mbps does not carry and 2 Mbps does with a fifth to spare.
    let need = report.needs.iter().find(|need| need.name == "amsterdam").unwrap();
    assert_eq!((need.size, need.m365.peak[0], need.addresses), (Some(2), 20_000_000, 1));
    let need = report.needs.iter().find(|need| need.name == "dublin").unwrap();
    assert_eq!((need.size, need.size_failed), (Some(1), Some(2)));
    assert_eq!(need.failed.as_ref().unwrap().0, "amsterdam");
    let internet = report.needs.iter().find(|need| !need.circuit && need.name == "ams").unwrap();
    assert_eq!((internet.own.peak[0], internet.failed.as_ref().unwrap().1.peak[0]), (0, 20_000_000));
}

#[test]
fn an_interval_without_bytes_counts_in_parts_as_in_the_whole() {
    // Packets of a protocol without ports, and no bytes: nothing but the interval.
    let silent =
        Flow { bytes: 0, protocol: 50, start_ms: 3_000_000, end_ms: 3_000_001, ..flow("10.10.0.1", "52.96.0.1", 0) };
    let counted = |flows: &[Flow]| {
        let mut tally = Tally::new(300);
        flows.iter().for_each(|flow| tally.add(classifier(), flow).unwrap());
        tally
    };
    let loud = flow("10.10.0.1", "52.96.0.1", 443);
    let terms = Terms { circuits: Vec::new(), headroom: 20, offers: vec![1], ports_per_address: 1 };
    let whole = Report::new(&counted(&[loud, silent]), &terms);
    let mut parts = counted(&[loud]);
    parts.merge(&counted(&[silent])).unwrap();
    assert_eq!((Report::new(&parts, &terms), whole.intervals), (whole, 11));
}

#[test]
fn too_many_intervals_are_refused() {
    let (classifier, mut tally) = (classifier(), Tally::new(1));
    let day = Flow { end_ms: Tally::LONGEST_MS, ..flow("10.10.0.1", "52.96.0.1", 443) };
    tally.add(classifier, &day).unwrap();
    let next = Flow { start_ms: Tally::LONGEST_MS, end_ms: 2 * Tally::LONGEST_MS, ..day };
    assert!(tally.add(classifier, &next).unwrap_err().to_string().contains("105408 intervals of 1 s"));
}

fn flows() -> impl Strategy<Value = Vec<Flow>> {
    let far =
        prop::sample::select(vec!["52.96.0.1", "13.107.64.1", "52.112.1.1", "192.0.2.9", "2603:1006::1", "10.100.1.1"]);
    let near = prop::sample::select(vec!["10.10.1.1", "10.20.1.1", "2001:db8:10::1", "198.51.100.1"]);
    let port = prop::sample::select(vec![22u16, 443, 3478]);
    let protocol = prop::sample::select(vec![6u8, 17, 50]);
    let one = (near, far, port, protocol, 0..4_000_000i64, 0..900_000i64, 0..1_000_000_000u64, any::<bool>());
    let one = one.prop_map(|(near, far, port, protocol, start_ms, length, bytes, back)| {
        let flow = Flow { start_ms, end_ms: start_ms + length, protocol, bytes, ..flow(near, far, port) };
        let (source_port, destination_port) = (port, flow.source_port);
        match back {
            false => flow,
            true => Flow { source: flow.destination, destination: flow.source, source_port, destination_port, ..flow },
        }
    });
    proptest::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn parts_in_any_order_give_what_the_whole_gives(flows in flows(), parts in 1usize..5) {
        let classifier = classifier();
        let terms = Terms { circuits: Vec::new(), headroom: 20, offers: vec![], ports_per_address: 1 };
        let mut whole = Tally::new(60);
        for flow in &flows {
            whole.add(classifier, flow).unwrap();
        }
        let mut merged = Tally::new(60);
        for part in (0..parts).rev() {
            let mut tally = Tally::new(60);
            for flow in flows.iter().skip(part).step_by(parts) {
                tally.add(classifier, flow).unwrap();
            }
            let text = tally.to_partial(classifier.fingerprint()).unwrap();
            merged.merge(&Tally::from_partial(&text, classifier.fingerprint(), 60).unwrap()).unwrap();
            prop_assert!(Tally::from_partial(&text, 1, 60).is_err());
        }
        let report = Report::new(&whole, &terms);
        prop_assert_eq!(&report, &Report::new(&merged, &terms));
        // No byte is lost between intervals.
        let counted: u64 = report.loads.iter().filter(|load| load.key.site == "all").flat_map(|load| load.shape.total).sum();
        prop_assert_eq!(counted, flows.iter().filter(|flow| classifier.place(flow).is_some()).map(|flow| flow.bytes).sum::<u64>());
    }
}
