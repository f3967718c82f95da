//! Tables of the running network: what `az network express-route list-arp-tables`, `list-route-tables`,
//! `list-route-tables-summary` and `get-stats` print.
//!
//! None of them says which circuit it is of, so each comes in an envelope that does:
//! `{"circuit": "amsterdam", "peering": "AzurePrivatePeering", "path": "primary", "value": […]}`. With `observedSeconds`
//! beside it a summary also tells whether sessions were up for all of that time.

use crate::found::Found;
use crate::{Node, Problem};
use model::{ArpState, Asn, LinkRole, Name, PeeringKind, Place, Prefix, Rank, Route, Stated, Value};
use std::net::IpAddr;

/// A table of one link.
#[derive(Debug)]
pub(crate) struct LinkTable {
    pub(crate) circuit: Name,
    pub(crate) kind: PeeringKind,
    pub(crate) role: LinkRole,
    pub(crate) place: Place,
    pub(crate) rows: Rows,
}

/// What a table holds.
#[derive(Debug)]
pub(crate) enum Rows {
    /// The routes of Microsoft's edge router.
    Routes(Vec<RouteRow>),
    /// Its BGP neighbours, and for how many seconds they were observed.
    Neighbours(Vec<Neighbour>, Option<Stated<u32>>),
    /// The ARP entries of both ends, the customer's first.
    Arp(Stated<ArpState>, Stated<ArpState>),
}

#[derive(Debug)]
pub(crate) struct RouteRow {
    pub(crate) route: Stated<Route>,
    pub(crate) next_hop: Option<IpAddr>,
}

#[derive(Debug)]
pub(crate) struct Neighbour {
    pub(crate) address: IpAddr,
    pub(crate) asn: Stated<Asn>,
    /// A number of prefixes when the session is established, else the name of its state.
    pub(crate) state: Stated<String>,
    /// Seconds since it came up or went down, where the table tells.
    pub(crate) since: Option<u64>,
}

/// The keys under which an envelope may hold its rows.
const ROWS: [&str; 6] = ["value", "routeTable", "routeTableSummary", "routeTablesSummary", "arpTable", "stats"];

/// Whether a node is a row of a table, so that a list of them stands without its envelope.
pub(crate) fn is_row(node: &Node<'_>) -> bool {
    ["statePfxRcd", "nextHop", "macAddress", "primarybytesIn"].iter().any(|key| node.field(key).is_some())
}

/// Whether a node is an envelope.
pub(crate) fn is_envelope(node: &Node<'_>) -> bool {
    node.field("circuit").and_then(Node::text).is_some()
}

/// The problem of a table that does not say what it is of.
pub(crate) fn refuse_bare(node: &Node<'_>, found: &mut Found) {
    let expected = r#"the circuit beside it: `{"circuit": "amsterdam", "peering": "AzurePrivatePeering", "path": "primary", "value": […]}`"#;
    found.problems.push(Problem::new(node.place, "a table that does not name its circuit, peering and path", expected));
}

/// Reads an envelope with its table.
pub(crate) fn read(node: &Node<'_>, found: &mut Found) {
    found.rank = Rank::Live;
    let Some(rows) = ROWS.iter().find_map(|key| node.field(key)) else { return refuse_bare(node, found) };
    let Some(circuit) = found.value::<Name>(node, "circuit") else { return };
    let shown = tell_apart(node, rows);
    if shown == Some(Shown::Counters) {
        return;
    }
    let (Some(kind), Some(role)) = (found.value::<PeeringKind>(node, "peering"), role(node, found)) else {
        return refuse_bare(node, found);
    };
    let rows = match shown {
        Some(Shown::Routes) => Rows::Routes(each(rows, found, route)),
        Some(Shown::Neighbours) => {
            let observed = node.field("observedSeconds").and_then(|_| found.value(node, "observedSeconds"));
            Rows::Neighbours(each(rows, found, neighbour), observed)
        }
        Some(Shown::Arp) => {
            let end = |interface: &str, found: &Found| arp(rows, interface, found);
            Rows::Arp(end("On-Prem", found), end("Microsoft", found))
        }
        Some(Shown::Counters) | None => {
            let expected = "rows, or `routeTable`, `routeTableSummary` or `arpTable` in place of `value`";
            found.problems.push(Problem::new(rows.place, "an empty table of no kind", expected));
            return;
        }
    };
    let circuit = Name::from(circuit.value.as_str().to_lowercase());
    found.tables.push(LinkTable { circuit, kind: kind.value, role, place: node.place, rows });
}

/// The kinds of table. Byte counters answer no question of the checklist.
#[derive(PartialEq)]
enum Shown {
    Routes,
    Neighbours,
    Arp,
    Counters,
}

/// Which table it is: by the key that holds it, or by its first row.
fn tell_apart(node: &Node<'_>, rows: &Node<'_>) -> Option<Shown> {
    let first = rows.items().first().unwrap_or(rows);
    let has = |key: &str| first.field(key).is_some();
    if has("primarybytesIn") || node.field("stats").is_some() {
        Some(Shown::Counters)
    } else if has("neighbor") || node.field("routeTableSummary").or_else(|| node.field("routeTablesSummary")).is_some()
    {
        Some(Shown::Neighbours)
    } else if has("network") || node.field("routeTable").is_some() {
        Some(Shown::Routes)
    } else if has("macAddress") || has("interface") || node.field("arpTable").is_some() {
        Some(Shown::Arp)
    } else {
        None
    }
}

fn role(node: &Node<'_>, found: &mut Found) -> Option<LinkRole> {
    let path = found.value::<String>(node, "path")?;
    let role = LinkRole::BOTH.into_iter().find(|role| path.value.eq_ignore_ascii_case(role.key()));
    if role.is_none() {
        let seen = format!("`path`: `{}`", path.value);
        found.problems.push(Problem::new(path.place, seen, "primary or secondary"));
    }
    role
}

fn each<T>(rows: &Node<'_>, found: &mut Found, read: impl Fn(&Node<'_>, &mut Found) -> Option<T>) -> Vec<T> {
    rows.items().iter().filter_map(|row| read(row, found)).collect()
}

/// A route. Behind the AS path a letter tells its origin; it is no AS number.
fn route(row: &Node<'_>, found: &mut Found) -> Option<RouteRow> {
    let prefix = found.value::<Prefix>(row, "network")?;
    let next_hop = row.field("nextHop").and_then(Node::text).and_then(|hop| hop.parse().ok());
    let text = row.field("path").and_then(Node::text).unwrap_or_default();
    let numbers = text.split_whitespace().filter(|word| !matches!(*word, "i" | "e" | "?"));
    let path: Result<Vec<_>, _> = numbers.map(Asn::parse).collect();
    match path {
        Ok(path) => {
            let route = Route { prefix: prefix.value, path };
            Some(RouteRow { route: Stated { value: route, rank: found.rank, place: row.place }, next_hop })
        }
        Err(error) => {
            found.problems.push(Problem::new(row.place, format!("`path`: {}", error.reason), "AS numbers"));
            None
        }
    }
}

fn neighbour(row: &Node<'_>, found: &mut Found) -> Option<Neighbour> {
    Some(Neighbour {
        address: found.value::<IpAddr>(row, "neighbor")?.value,
        asn: found.value(row, "as")?,
        state: found.value(row, "statePfxRcd")?,
        since: row.field("upDown").and_then(Node::text).and_then(seconds),
    })
}

/// A span as routers write it, in seconds: `01:02:03`, `1d02h`, `3w4d`. Nothing for `never`.
fn seconds(span: &str) -> Option<u64> {
    if let [hours, minutes, seconds] = span.split(':').collect::<Vec<_>>()[..] {
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number < 100);
        return Some((number(hours)? * 60 + number(minutes)?) * 60 + number(seconds)?);
    }
    let parts = span.split_inclusive(|c: char| c.is_ascii_alphabetic());
    let part = |part: &str| {
        let (number, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let unit = match unit {
            "y" => 31_536_000,
            "w" => 604_800,
            "d" => 86_400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit)
    };
    parts.map(part).try_fold(0_u64, |sum, part| sum.checked_add(part?)).filter(|_| !span.is_empty())
}

/// What the table says of one end. A row without a MAC address was asked for and not answered.
fn arp(rows: &Node<'_>, interface: &str, found: &Found) -> Stated<ArpState> {
    let is = |row: &&Node<'_>| {
        row.field("interface").and_then(Node::text).is_some_and(|text| text.eq_ignore_ascii_case(interface))
    };
    let (value, place) = match rows.items().iter().find(is) {
        None => (ArpState::Missing, rows.place),
        Some(row) => match row.field("macAddress").and_then(Node::text) {
            Some(mac) if mac.contains(|c: char| c.is_ascii_hexdigit()) && !mac.eq_ignore_ascii_case("incomplete") => {
                (ArpState::Resolved, row.place)
            }
            _ => (ArpState::Incomplete, row.place),
        },
    };
    Stated { value, rank: found.rank, place }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans_are_read_as_routers_write_them() {
        let read = ["00:00:05", "01:02:03", "1d02h", "3w4d", "1y2w"].map(seconds);
        assert_eq!(read, [Some(5), Some(3723), Some(93_600), Some(2_160_000), Some(32_745_600)]);
        assert_eq!(["never", "", "d", "12", "1:2", "99999999999999999999w", "1µ"].map(seconds), [None; 7]);
    }
}
