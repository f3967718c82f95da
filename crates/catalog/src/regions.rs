//! Azure regions.

use crate::table::{CatalogError, fold, rows};
use serde::Deserialize;
use std::collections::HashMap;

/// An Azure region.
#[derive(Debug, Clone, Deserialize)]
pub struct Region {
    /// The name in the API, `westeurope`.
    pub name: String,
    /// The name for people, `West Europe`.
    pub display_name: String,
    /// The region that bounds the Standard tier.
    pub geopolitical_region: String,
    /// `documented` or `inferred`.
    pub geopolitical_region_source: String,
    /// The cloud.
    pub cloud: String,
    /// Its community on private peering; empty where none is documented.
    pub bgp_community_private: String,
    /// Its community on Microsoft peering; empty where none is documented.
    pub bgp_community_microsoft: String,
    /// Peering locations from which the Local tier reaches it, separated by `;`.
    pub local_peering_locations: String,
}

impl Region {
    /// Whether the Local tier of a location reaches this region.
    pub fn is_local_to(&self, location: &str) -> bool {
        let location = fold(location);
        self.local_peering_locations.split(';').any(|name| fold(name) == location)
    }
}

#[derive(Debug)]
pub(crate) struct Regions {
    all: Vec<Region>,
    by_name: HashMap<String, usize>,
}

impl Regions {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        let all: Vec<Region> = rows(file, text)?;
        let names = all.iter().enumerate().flat_map(|(i, r)| [(fold(&r.name), i), (fold(&r.display_name), i)]);
        Ok(Self { by_name: names.collect(), all })
    }

    pub(crate) fn all(&self) -> &[Region] {
        &self.all
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Region> {
        self.by_name.get(&fold(name)).map(|&index| &self.all[index])
    }
}
