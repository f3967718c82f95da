//! Readings of metrics, from what edges reported minute by minute.
//!
//! Each edge of a pair gives one reading a minute, so two stand for a circuit (spec 06, 7.1). Where an edge reported
//! nothing there is no reading, and what no edge counts has none at all: nothing is made up.

use super::super::stats::counted;
use crate::app::network::gateway;
use crate::app::{circuit, port};
use crate::{Fault, Tx};
use edge_api::{DomainReport, SessionState, Side};
use jiff::{SignedDuration, Timestamp};
use model::Value as _;
use serde_json::Value;
use std::collections::BTreeMap;
use store::Resource;

/// What a metric is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// How many of the sessions are up, in percent.
    Bgp,
    /// Whether the customer is heard on the link, in percent. A session that is up says so, as does BFD; without
    /// either nothing is known, for a router may answer ARP and speak no BGP.
    Arp,
    /// Octets from the customer.
    BitsIn,
    /// Octets to the customer.
    BitsOut,
    /// Octets from the customer above the bandwidth.
    DroppedIn,
    /// Octets to the customer above the bandwidth.
    DroppedOut,
    /// Routes that the customer announces.
    Learned,
    /// No edge counts it.
    Uncounted,
}

/// A link of a peering, with what its edge reported.
#[derive(Debug)]
pub(super) struct Link {
    /// What it is called in each dimension.
    pub(super) named: BTreeMap<&'static str, String>,
    /// Reports, oldest first.
    pub(super) reports: Vec<(Timestamp, DomainReport)>,
}

/// The longest pause between two reports over which a rate is known.
const PAUSE: SignedDuration = SignedDuration::from_mins(3);

/// The links of a resource that readings come from, with their reports in `[from, to)`, and those just before, from
/// which the first rates follow.
pub(super) async fn links(tx: &mut Tx<'_>, of: &Resource, from: Timestamp, to: Timestamp) -> Result<Vec<Link>, Fault> {
    let circuits = match of.kind.as_str() {
        circuit::KIND => vec![of.key.clone()],
        gateway::KIND => gateway::circuits(tx, of).await?.into_iter().collect(),
        port::KIND => port::circuits(of),
        kind if kind == format!("{}/peerings", circuit::KIND) => of.parent.clone().into_iter().collect(),
        _ => Vec::new(),
    };
    let mut links = Vec::new();
    for circuit in circuits {
        let Some(circuit) = tx.get_key(&circuit).await? else { continue };
        for peering in tx.children(&circuit, "peerings").await? {
            let private = peering.key.ends_with("/azureprivatepeering");
            let wanted = match of.kind.as_str() {
                gateway::KIND => private,
                circuit::KIND | port::KIND => true,
                _ => peering.key == of.key,
            };
            if !wanted {
                continue;
            }
            for (side, peer, link, field) in [
                (Side::Primary, "Primary", "link1", "primaryPeerAddressPrefix"),
                (Side::Secondary, "Secondary", "link2", "secondaryPeerAddressPrefix"),
            ] {
                let named = BTreeMap::from([
                    ("PeeringType", if private { "Private" } else { "Microsoft" }.to_owned()),
                    ("Peer", peer.to_owned()),
                    ("Link", link.to_owned()),
                    ("BgpPeerAddress", edge_address(&peering.document["properties"], field)),
                ]);
                let key = format!("{}/{}", peering.key, peer.to_lowercase());
                let begin = from.checked_sub(PAUSE).unwrap_or(from);
                let samples = tx.store().samples(&key, begin, to).await?;
                let read = |(at, body): (Timestamp, Value)| {
                    let report: DomainReport = serde_json::from_value(body).ok()?;
                    (report.side == side).then_some((at, report))
                };
                links.push(Link { named, reports: samples.into_iter().filter_map(read).collect() });
            }
        }
    }
    Ok(links)
}

/// The edge's address of a link; empty where there is no subnet.
fn edge_address(properties: &Value, field: &str) -> String {
    let subnet = properties[field].as_str().or(properties["ipv6PeeringConfig"][field].as_str()).unwrap_or_default();
    let address = model::Prefix::parse(subnet).ok().and_then(model::Prefix::microsoft_address);
    address.map(|address| address.to_string()).unwrap_or_default()
}

impl Link {
    /// The readings of a metric from a time on.
    pub(super) fn readings(&self, reads: Reads, from: Timestamp) -> Vec<(Timestamp, f64)> {
        let mut found = Vec::new();
        for (at, (time, report)) in self.reports.iter().enumerate() {
            if *time < from {
                continue;
            }
            let before = at.checked_sub(1).and_then(|before| self.reports.get(before));
            found.extend(reading(reads, before, *time, report).map(|value| (*time, value)));
        }
        found
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mantissa of 52 bits is enough to look at")]
fn reading(
    reads: Reads,
    before: Option<&(Timestamp, DomainReport)>,
    at: Timestamp,
    report: &DomainReport,
) -> Option<f64> {
    let sessions = &report.sessions;
    let up = sessions.iter().filter(|session| session.state == SessionState::Established);
    let rate = |octets: fn(&DomainReport) -> Option<u64>| {
        let (then, before) = before?;
        let pause = at.duration_since(*then);
        // Counters that went back began anew, and how far they were is not known.
        let more = octets(report)?.checked_sub(octets(before)?)?;
        (pause > SignedDuration::ZERO && pause <= PAUSE).then(|| more as f64 * 8.0 / pause.as_secs_f64())
    };
    match reads {
        Reads::Bgp if sessions.is_empty() => None,
        Reads::Bgp => Some(up.count() as f64 * 100.0 / sessions.len() as f64),
        Reads::Arp => {
            let heard = up.count() > 0 || sessions.iter().any(|session| session.bfd_up == Some(true));
            heard.then_some(100.0)
        }
        Reads::BitsIn => rate(|report| Some(counted(report).0)),
        Reads::BitsOut => rate(|report| Some(counted(report).1)),
        Reads::DroppedIn => rate(|report| report.counters.map(|counters| counters.dropped_in)),
        Reads::DroppedOut => rate(|report| report.counters.map(|counters| counters.dropped_out)),
        Reads::Learned => Some(up.map(|session| session.received).sum::<u64>() as f64),
        Reads::Uncounted => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_api::{Family, SessionReport};

    fn report(up: bool, octets: u64) -> DomainReport {
        let session = SessionReport {
            family: Family::Ipv4,
            state: if up { SessionState::Established } else { SessionState::Active },
            since_seconds: None,
            received: 7,
            sent: 1,
            last_error: None,
            bfd_up: None,
            bytes_in: octets,
            bytes_out: 2 * octets,
        };
        let counters = None;
        DomainReport {
            key: "/p".to_owned(),
            revision: 1,
            side: Side::Primary,
            refused: None,
            sessions: vec![session],
            counters,
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn link(reports: Vec<(i64, DomainReport)>) -> Link {
        Link {
            named: BTreeMap::new(),
            reports: reports.into_iter().map(|(minute, report)| (at(minute), report)).collect(),
        }
    }

    #[test]
    fn a_rate_is_what_was_counted_between_two_reports() {
        let link =
            link(vec![(1, report(true, 600)), (2, report(true, 1200)), (3, report(true, 100)), (9, report(true, 200))]);
        assert_eq!(link.readings(Reads::BitsIn, at(2)), [(at(2), 80.0)], "begun anew, then too long a pause");
        assert_eq!(link.readings(Reads::BitsOut, at(0)), [(at(2), 160.0)]);
        assert_eq!(link.readings(Reads::DroppedIn, at(0)), [], "nobody counts drops over loopback");
    }

    #[test]
    fn what_is_not_known_has_no_reading() {
        let link = link(vec![(1, report(true, 0)), (3, report(false, 0))]);
        assert_eq!(link.readings(Reads::Bgp, at(0)), [(at(1), 100.0), (at(3), 0.0)]);
        assert_eq!(link.readings(Reads::Arp, at(0)), [(at(1), 100.0)]);
        assert_eq!(link.readings(Reads::Learned, at(0)), [(at(1), 7.0), (at(3), 0.0)]);
        assert_eq!(link.readings(Reads::Uncounted, at(0)), []);
    }
}
