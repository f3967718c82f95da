//! What the tables must hold in the end, worked out without any BGP.
//!
//! All sessions are between ASes and nobody prefers anything, so the shortest path wins, then the lower router id of
//! the neighbour, then the lower address. Distances are found breadth first; with them each speaker's choice follows.

use crate::topology::{Topology, address4, asn, router_id};
use model::{Family, Prefix};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A path as a table shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// The address of the peer that brought it; none for the speaker's own.
    pub(crate) peer: Option<std::net::IpAddr>,
    /// The AS path.
    pub(crate) path: Vec<u32>,
    /// It goes in a circle, so it is held and not used.
    pub(crate) looped: bool,
}

/// The routes of each prefix, the best first, all others sorted.
pub(crate) type Table = BTreeMap<Prefix, Vec<Route>>;

/// The table of each speaker.
pub(crate) fn tables(network: &Topology) -> Vec<Table> {
    let mut tables = vec![Table::new(); network.speakers];
    let all: BTreeSet<Prefix> = network.origins.iter().flatten().copied().collect();
    for prefix in all {
        for (table, routes) in tables.iter_mut().zip(routes(network, prefix)) {
            if !routes.is_empty() {
                table.insert(prefix, routes);
            }
        }
    }
    tables
}

/// A speaker's best path: by which end of which link it came, and the ASes on it.
#[derive(Clone)]
struct Best {
    from: Option<(usize, usize)>,
    path: Vec<u32>,
}

/// The routes of a prefix at each speaker.
fn routes(network: &Topology, prefix: Prefix) -> Vec<Vec<Route>> {
    let carries = |link: usize| prefix.family() == Family::V4 || network.links[link].dual;
    // The ends of links at each speaker: link, own end, neighbour.
    let ends = |speaker: usize| {
        let links = network.links.iter().enumerate().filter(move |(link, _)| carries(*link));
        links.flat_map(move |(link, found)| {
            let own = move |end: &usize| found.ends[*end] == speaker;
            (0..2).filter(own).map(move |end| (link, end, found.ends[1 - end]))
        })
    };
    let mut best: Vec<Option<Best>> = (0..network.speakers)
        .map(|speaker| network.origins[speaker].contains(&prefix).then(|| Best { from: None, path: Vec::new() }))
        .collect();
    for length in 0.. {
        let reached: Vec<bool> =
            best.iter().map(|best| best.as_ref().is_some_and(|best| best.path.len() == length)).collect();
        if !reached.contains(&true) {
            break;
        }
        for speaker in 0..network.speakers {
            if best[speaker].is_some() {
                continue;
            }
            let near = ends(speaker).filter(|(_, _, neighbour)| reached[*neighbour]);
            let chosen = near.min_by_key(|(link, end, neighbour)| (router_id(*neighbour), address4(*link, 1 - end)));
            best[speaker] = chosen.map(|(link, end, neighbour)| {
                let behind = best[neighbour].as_ref().map(|best| best.path.clone()).unwrap_or_default();
                Best { from: Some((link, end)), path: [vec![asn(neighbour).0], behind].concat() }
            });
        }
    }
    let told = |speaker: usize| {
        let best = &best;
        ends(speaker).filter_map(move |(link, end, neighbour)| {
            let theirs = best[neighbour].as_ref()?;
            // Nobody is told what it said itself.
            if theirs.from == Some((link, 1 - end)) {
                return None;
            }
            let path = [vec![asn(neighbour).0], theirs.path.clone()].concat();
            let looped = path.contains(&asn(speaker).0);
            Some(((link, end), Route { peer: Some(address4(link, 1 - end).into()), path, looped }))
        })
    };
    (0..network.speakers)
        .map(|speaker| {
            let Some(own) = &best[speaker] else { return Vec::new() };
            let mut routes: Vec<(bool, Route)> =
                told(speaker).map(|(by, route)| (own.from == Some(by), route)).collect();
            if own.from.is_none() {
                routes.push((true, Route { peer: None, path: Vec::new(), looped: false }));
            }
            routes.sort_by_key(|(is_best, route)| (Reverse(*is_best), route.clone()));
            routes.into_iter().map(|(_, route)| route).collect()
        })
        .collect()
}
