//! Peering locations.

use crate::table::{CatalogError, fold, json};
use serde::Deserialize;
use std::collections::HashMap;

/// A place where circuits meet Microsoft's network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// A short name for machines.
    pub id: String,
    /// The documented name, which is also the API's `peeringLocation`.
    pub name: String,
    /// `AzureCloud`, `AzureUSGovernment` or `AzureChinaCloud`.
    pub cloud: String,
    /// A Metro location: two sites of one city.
    pub metro: bool,
    /// Names of the facilities.
    pub sites: Vec<String>,
    /// The two locations of a Metro; empty otherwise.
    #[serde(default)]
    pub member_locations: Vec<Option<String>>,
    /// The pricing zone, in the public cloud.
    pub zone: Option<u32>,
    /// The region that bounds the Standard tier.
    pub geopolitical_region: String,
    /// `documented` or `inferred`.
    pub geopolitical_region_source: String,
    /// Display names of the regions that the Local tier reaches from here; empty: Local is not offered.
    pub local_azure_regions: Vec<String>,
    /// ExpressRoute Direct is offered.
    pub express_route_direct: bool,
    /// The providers here, by canonical name.
    pub providers: Vec<String>,
    /// Providers that are listed but not active yet: creating a circuit fails.
    #[serde(default)]
    pub providers_future: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Locations {
    all: Vec<Location>,
    by_name: HashMap<String, usize>,
}

impl Locations {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        #[derive(Deserialize)]
        struct File {
            locations: Vec<Location>,
        }
        let all = json::<File>(file, text)?.locations;
        let names = all.iter().enumerate().flat_map(|(i, l)| [(fold(&l.name), i), (fold(&l.id), i)]);
        let mut by_name = HashMap::new();
        for (name, index) in names {
            // Some cities have a location in two clouds; the public one comes first and is meant.
            by_name.entry(name).or_insert(index);
        }
        Ok(Self { by_name, all })
    }

    pub(crate) fn all(&self) -> &[Location] {
        &self.all
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Location> {
        self.by_name.get(&fold(name)).map(|&index| &self.all[index])
    }
}
