//! Address space: what is in use, and the first prefix that is not.

use catalog::Catalog;
use model::{Design, Family, Prefix};

/// The networks of a design beside its link subnets.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// What link subnets must not overlap, by name: sites and VNets.
    pub(crate) networks: Vec<(String, Prefix)>,
    /// What a new subnet had better not overlap either: advertised prefixes, NAT pools.
    pub(crate) beside: Vec<Prefix>,
}

impl Space {
    pub(crate) fn of(design: &Design) -> Self {
        let mut space = Self::default();
        for (name, site) in &design.sites {
            space.networks.extend(site.prefixes.values().map(|prefix| (format!("site {name}"), *prefix)));
        }
        for (name, vnet) in &design.vnets {
            space.networks.extend(vnet.space.values().map(|prefix| (format!("VNet {name}"), *prefix)));
            space.beside.extend(vnet.gateway_subnet.value().into_iter().chain(vnet.gateway_subnet_v6.value()));
        }
        for circuit in design.circuits.values() {
            for (_, peering) in crate::shared::peerings(circuit) {
                space.beside.extend(peering.advertise.values());
            }
        }
        space.beside.extend(design.routing.internet_prefixes.values());
        space.beside.extend(design.nat.pools.values().flat_map(|pool| pool.prefixes.values()));
        space.beside.extend(design.flows.values().flat_map(|flow| flow.prefixes.values()));
        // A default route is no network of its own.
        space.beside.retain(|prefix| !prefix.is_default_route());
        space
    }

    /// The network that a prefix overlaps.
    pub(crate) fn clash(&self, prefix: Prefix) -> Option<&(String, Prefix)> {
        self.networks.iter().find(|(_, network)| network.overlaps(prefix))
    }

    /// Everything that a new subnet keeps clear of.
    pub(crate) fn all(&self) -> impl Iterator<Item = Prefix> {
        self.networks.iter().map(|(_, prefix)| *prefix).chain(self.beside.iter().copied())
    }
}

/// The first prefix of a length within a range that overlaps nothing taken.
pub(crate) fn first_free(range: Prefix, length: u8, taken: &[Prefix]) -> Option<Prefix> {
    if length < range.length() {
        return None;
    }
    let mut candidate = range.resize(length)?;
    while range.covers(candidate) {
        let Some(clash) = taken.iter().find(|taken| taken.overlaps(candidate)) else { return Some(candidate) };
        // Past the wider of the two: all that lies within the clash is taken too.
        let wider = if clash.covers(candidate) { *clash } else { candidate };
        candidate = wider.next()?.resize(length)?;
    }
    None
}

/// Private blocks for new peerings, each for both links of one, that overlap nothing taken; fewer when there
/// are not as many.
pub fn free_blocks(count: usize, taken: &[Prefix], catalog: &Catalog) -> Vec<Prefix> {
    let mut taken = taken.to_vec();
    let before = taken.len();
    while taken.len() < before + count {
        let free = private_ranges(catalog).find_map(|range| first_free(range, Family::V4.block_length(), &taken));
        match free {
            Some(block) => taken.push(block),
            None => break,
        }
    }
    taken.split_off(before)
}

/// The private IPv4 ranges, smallest first: the one that is least often used for whole sites.
pub(crate) fn private_ranges(catalog: &Catalog) -> impl Iterator<Item = Prefix> {
    catalog.private_ranges().map(|range| range.prefix).filter(|prefix| prefix.family() == Family::V4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Value;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    fn free(range: &str, length: u8, taken: &[&str]) -> Option<String> {
        let taken: Vec<_> = taken.iter().map(|text| prefix(text)).collect();
        first_free(prefix(range), length, &taken).map(|prefix| prefix.to_string())
    }

    #[test]
    fn the_first_free_prefix_lies_past_all_that_is_taken() {
        assert_eq!(free("10.0.0.0/24", 29, &[]).as_deref(), Some("10.0.0.0/29"));
        assert_eq!(free("10.0.0.0/24", 29, &["10.0.0.0/25", "10.0.0.130/32"]).as_deref(), Some("10.0.0.136/29"));
        assert_eq!(free("10.0.0.0/24", 29, &["10.0.0.0/8"]), None);
        assert_eq!(free("255.255.255.0/24", 30, &["255.255.255.0/24"]), None);
        assert_eq!(free("10.0.0.0/30", 29, &[]), None);
    }

    #[test]
    fn blocks_for_new_peerings_are_private_and_apart() {
        let taken = [prefix("192.168.0.0/17"), prefix("10.0.0.0/8")];
        let blocks = free_blocks(2, &taken, Catalog::builtin());
        assert_eq!(blocks, [prefix("192.168.128.0/29"), prefix("192.168.128.8/29")]);
        assert_eq!(free_blocks(1, &[prefix("0.0.0.0/0")], Catalog::builtin()), []);
    }
}
