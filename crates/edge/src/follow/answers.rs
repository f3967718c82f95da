//! Answers to questions of clients, in the rows of ARM.

use super::book::Entry;
use super::translate;
use crate::control::answer::{best_routes, neighbors, neighbour_table, span};
use crate::control::{ArpRow as OurArp, NeighborRow, RouteRow as OurRoute};
use crate::process::Core;
use edge_api::{Answer, ArpRow, Carrier, RouteRow, Session, SummaryRow, Table};

/// The next hop of a route of the edge's own, as routers show it.
const OWN: &str = "0.0.0.0";

/// What the edge knows of a domain.
pub(super) fn answer(core: &Core, entry: Option<&Entry>, table: Table) -> Answer {
    let Some(entry) = entry else { return Answer::Unknown("the edge does not run this peering".to_owned()) };
    if let (0, Some(why)) = (entry.runs, &entry.refused) {
        return Answer::Unknown(why.clone());
    }
    let looked = match table {
        Table::Arp => arp(core, entry).map(Answer::Arp),
        Table::Routes => {
            best_routes(core, &entry.name).map(|rows| Answer::Routes(rows.into_iter().map(route).collect()))
        }
        Table::Summary => neighbors(core, Some(&entry.name)).map(|rows| Answer::Summary(summary(entry, &rows))),
    };
    looked.unwrap_or_else(|error| Answer::Unknown(error.to_string()))
}

fn route(row: OurRoute) -> RouteRow {
    // ARM shows no origin behind the path.
    let path = row.path.trim_end_matches(['i', 'e', '?']).trim_end().to_owned();
    let next_hop = if row.next_hop.is_empty() { OWN.to_owned() } else { row.next_hop };
    let loc_prf = row.loc_prf.to_string();
    RouteRow { network: row.network, next_hop, loc_prf, weight: row.weight.into(), path }
}

fn summary(entry: &Entry, rows: &[NeighborRow]) -> Vec<SummaryRow> {
    let row = |session: &Session| {
        let row = rows.iter().find(|row| row.session.peer == translate::peer(session.family))?;
        let up = row.session.state == "Established";
        Some(SummaryRow {
            neighbor: session.customer.to_string(),
            v: 4,
            asn: row.session.asn,
            up_down: row.session.for_seconds.map_or_else(|| "never".to_owned(), span),
            state_pfx_rcd: if up { row.session.received.to_string() } else { row.session.state.clone() },
        })
    };
    entry.intent.sessions.iter().filter_map(row).collect()
}

fn arp(core: &Core, entry: &Entry) -> Result<Vec<ArpRow>, crate::control::answer::AnswerError> {
    let loopback = core.forwarding.is_none()
        && entry.intent.sessions.iter().any(|session| matches!(session.carrier, Carrier::Loopback { .. }));
    if !loopback {
        return Ok(neighbour_table(core, &entry.name)?.into_iter().map(row).collect());
    }
    // Loopback has no neighbours but one hardware address, of zeros, for all: a customer that was heard is behind it.
    let sessions = neighbors(core, Some(&entry.name))?;
    let mut rows = Vec::new();
    for session in &entry.intent.sessions {
        let row = sessions.iter().find(|row| row.session.peer == translate::peer(session.family));
        if let Some(heard) = row.and_then(|row| row.heard_seconds_ago) {
            rows.push(on_loopback("On-Prem", session.customer.to_string(), heard));
        }
        rows.push(on_loopback("Microsoft", session.edge.to_string(), 0));
    }
    Ok(rows)
}

fn on_loopback(interface: &str, ip_address: String, seconds: u64) -> ArpRow {
    let age = u32::try_from(seconds / 60).unwrap_or(u32::MAX);
    ArpRow { age, interface: interface.to_owned(), ip_address, mac_address: "0000.0000.0000".to_owned() }
}

fn row(row: OurArp) -> ArpRow {
    ArpRow {
        age: u32::try_from(row.age).unwrap_or(u32::MAX),
        interface: row.interface,
        ip_address: row.ip_address.to_string(),
        mac_address: row.mac_address,
    }
}
