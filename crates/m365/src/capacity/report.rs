//! What a tally says: percentiles, peaks, NAT ports, and the sizes that follow.

use super::classify::PRIVATE;
use super::tally::Cell;
use super::{Key, Tally};
use crate::Way;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes and flows of one interval after the other, where there were any.
type Series = BTreeMap<i64, Cell>;

/// The name of a sum over sites or classes.
const ALL: &str = "all";

/// What intervals come to, in bytes an interval, from the site and to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Bytes in all.
    pub total: [u64; 2],
    /// The 95th percentile over all intervals of the records, idle ones included: the smallest value that 95 of a
    /// hundred intervals do not exceed.
    pub p95: [u64; 2],
    /// The most.
    pub peak: [u64; 2],
    /// The beginning of the interval with the most in one direction, in seconds since 1970.
    pub peak_at: i64,
    /// The most TCP and UDP flows of one interval in one direction. Each takes a port of a NAT pool; one that its exporter tells several times within
    /// an interval counts as often.
    pub flows: u64,
}

/// The shape of a key; `all` stands for the sum over classes or sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// What.
    pub key: Key,
    /// Its shape.
    pub shape: Shape,
}

/// A circuit and the sites that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// Its name.
    pub name: String,
    /// The sites; `None` for all of them.
    pub sites: Option<BTreeSet<String>>,
}

/// What sizes follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The circuits.
    pub circuits: Vec<Circuit>,
    /// So many in a hundred of a bandwidth are kept free (CAP-007).
    pub headroom: u64,
    /// Bandwidths that are sold, in Mbps, the smallest first.
    pub offers: Vec<u64>,
    /// So many flows does one public address carry.
    pub ports_per_address: u64,
}

/// What one path needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The circuit, or the site for a way to the Internet.
    pub name: String,
    /// Whether it is a circuit.
    pub circuit: bool,
    /// Its own traffic.
    pub own: Shape,
    /// Of this, what is of Microsoft 365.
    pub m365: Shape,
    /// The path whose failure costs it most, and its traffic then.
    pub failed: Option<(String, Shape)>,
    /// The smallest bandwidth in Mbps that carries its own peak with head-room; `None` when none is sold.
    pub size: Option<u64>,
    /// The same with that path failed.
    pub size_failed: Option<u64>,
    /// Public addresses that translation takes at the peak of flows; 0 for ways to the Internet, whose pool is another's.
    pub addresses: u64,
}

/// What a tally says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The length of an interval in seconds.
    pub seconds: u32,
    /// The beginning of the first interval, in seconds since 1970.
    pub from: i64,
    /// How many intervals there are from the first to the last.
    pub intervals: u64,
    /// Every key, by site, way and class.
    pub loads: Vec<Load>,
    /// Every path.
    pub needs: Vec<Need>,
}

impl Report {
    /// Reads a tally.
    pub fn new(tally: &Tally, terms: &Terms) -> Self {
        let mut all: BTreeMap<Key, Series> = BTreeMap::new();
        let keys = tally.keys.iter().map(|key| {
            let site = Key { class: ALL.to_owned(), ..key.clone() };
            let way = Key { site: ALL.to_owned(), ..site.clone() };
            [key.clone(), site, way]
        });
        let keys: Vec<[Key; 3]> = keys.collect();
        for (index, cells) in &tally.cells {
            for (cell, keys) in cells.iter().zip(&keys).filter(|(cell, _)| **cell != Cell::default()) {
                for key in keys {
                    match all.get_mut(key) {
                        Some(series) => series.entry(*index).or_default().add(cell),
                        None => drop(all.insert(key.clone(), Series::from([(*index, *cell)]))),
                    }
                }
            }
        }
        let first = tally.cells.keys().next().copied().unwrap_or(0);
        let last = tally.cells.keys().next_back().copied().unwrap_or(first - 1);
        let scale = Scale { seconds: tally.seconds, intervals: last.abs_diff(first - 1) };
        let loads = all.iter().map(|(key, series)| Load { key: key.clone(), shape: scale.shape(series) }).collect();
        let needs = scale.needs(&all, terms);
        let from = first * i64::from(tally.seconds);
        Self { seconds: tally.seconds, from, intervals: scale.intervals, loads, needs }
    }

    /// Bytes an interval as bits a second.
    pub fn bps(&self, bytes: u64) -> u64 {
        bps(bytes, self.seconds)
    }
}

fn bps(bytes: u64, seconds: u32) -> u64 {
    u64::try_from(u128::from(bytes) * 8 / u128::from(seconds.max(1))).unwrap_or(u64::MAX)
}

struct Scale {
    seconds: u32,
    intervals: u64,
}

impl Scale {
    fn shape(&self, series: &Series) -> Shape {
        let mut shape = Shape::default();
        for side in [0, 1] {
            let mut values: Vec<u64> = series.values().map(|cell| cell.bytes[side]).collect();
            values.sort_unstable();
            shape.total[side] = values.iter().fold(0, |sum: u64, value| sum.saturating_add(*value));
            shape.peak[side] = values.last().copied().unwrap_or(0);
            // Intervals without any record are idle; they stand before all others.
            let idle = self.intervals.saturating_sub(values.len() as u64);
            let rank = (u128::from(self.intervals) * 95).div_ceil(100).saturating_sub(u128::from(idle));
            let place = usize::try_from(rank).ok().and_then(|rank| rank.checked_sub(1));
            shape.p95[side] = place.and_then(|place| values.get(place)).copied().unwrap_or(0);
        }
        let most = shape.peak[0].max(shape.peak[1]);
        let at = series.iter().find(|(_, cell)| cell.bytes.contains(&most)).map_or(0, |(index, _)| *index);
        shape.peak_at = at * i64::from(self.seconds);
        shape.flows = series.values().map(|cell| cell.flows[0].max(cell.flows[1])).max().unwrap_or(0);
        shape
    }

    /// The shape of the sum of all keys that are wanted.
    fn sum(&self, all: &BTreeMap<Key, Series>, wanted: impl Fn(&Key) -> bool) -> Shape {
        let mut sum = Series::new();
        for (_, series) in all.iter().filter(|(key, _)| key.site != ALL && key.class != ALL && wanted(key)) {
            for (index, cell) in series {
                sum.entry(*index).or_default().add(cell);
            }
        }
        self.shape(&sum)
    }

    fn needs(&self, all: &BTreeMap<Key, Series>, terms: &Terms) -> Vec<Need> {
        let most = |shape: &Shape| bps(shape.peak[0].max(shape.peak[1]), self.seconds);
        let size = |shape: &Shape| {
            let fits = |offer: &u64| {
                let left = u128::from(100 - terms.headroom.min(100));
                u128::from(most(shape)) * 100 <= u128::from(*offer) * 1_000_000 * left
            };
            terms.offers.iter().copied().find(fits)
        };
        let serves = |circuit: &Circuit, site: &str| circuit.sites.as_ref().is_none_or(|sites| sites.contains(site));
        let mut needs = Vec::new();
        for circuit in &terms.circuits {
            let own = self.sum(all, |key| key.way == Way::Circuit && serves(circuit, &key.site));
            let m365 =
                self.sum(all, |key| key.way == Way::Circuit && key.class != PRIVATE && serves(circuit, &key.site));
            let others = terms.circuits.iter().filter(|other| other.name != circuit.name);
            let failed = others.map(|other| {
                let both = |site: &str| serves(circuit, site) || serves(other, site);
                (other.name.clone(), self.sum(all, |key| key.way == Way::Circuit && both(&key.site)))
            });
            let failed = failed.max_by_key(|(_, shape)| most(shape));
            needs.push(Need {
                name: circuit.name.clone(),
                circuit: true,
                size: size(&own),
                size_failed: failed.as_ref().and_then(|(_, shape)| size(shape)),
                addresses: m365.flows.div_ceil(terms.ports_per_address.max(1)),
                own,
                m365,
                failed,
            });
        }
        let sites: BTreeSet<&String> = all.keys().map(|key| &key.site).filter(|site| *site != ALL).collect();
        for site in sites {
            let internet = |key: &Key| key.site == *site && matches!(key.way, Way::Internet | Way::Proxy);
            let own = self.sum(all, internet);
            let m365 = self.sum(all, |key| internet(key) && key.class != super::classify::OTHER);
            // VNets have no way there but the circuit.
            let with = |key: &Key| key.site == *site && key.way == Way::Circuit && key.class != PRIVATE;
            let failed =
                all.keys().any(with).then(|| ("circuit".to_owned(), self.sum(all, |key| internet(key) || with(key))));
            needs.push(Need {
                name: site.clone(),
                circuit: false,
                size: size(&own),
                size_failed: failed.as_ref().and_then(|(_, shape)| size(shape)),
                addresses: 0,
                own,
                m365,
                failed,
            });
        }
        needs
    }
}
