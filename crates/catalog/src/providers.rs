//! Connectivity providers.

use crate::table::{CatalogError, fold, json};
use model::Bandwidth;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A connectivity provider and where it sells.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// A short name for machines.
    pub id: String,
    /// The canonical name.
    pub name: String,
    /// Spellings in the documents.
    pub doc_names: Vec<String>,
    /// Spellings in the API.
    pub service_provider_name: Vec<String>,
    /// Peering locations, by cloud.
    pub locations: BTreeMap<String, Vec<String>>,
    /// Metro locations.
    pub metro_locations: Vec<String>,
    /// Metro locations that are listed but not active yet.
    #[serde(default)]
    pub metro_locations_future: Vec<String>,
    /// It is on the list of exchange providers.
    pub exchange_provider: bool,
    /// What it offers, as far as known (from 2015).
    #[serde(default)]
    pub offers: Option<Vec<Offer>>,
    #[serde(skip)]
    folded_locations: HashSet<String>,
}

/// A service of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Offer {
    /// Ethernet.
    Layer2,
    /// Managed routing.
    Layer3,
}

impl Provider {
    /// Whether it sells at a peering location, without regard to case. Locations that are only announced do not count.
    pub fn is_at(&self, location: &str) -> bool {
        self.folded_locations.contains(&fold(location))
    }

    /// Every location where it sells, Metro included, by name.
    pub fn all_locations(&self) -> impl Iterator<Item = &str> {
        self.locations.values().flatten().chain(&self.metro_locations).map(String::as_str)
    }
}

#[derive(Debug)]
pub(crate) struct Providers {
    all: Vec<Provider>,
    by_name: HashMap<String, usize>,
    bandwidths: Vec<Bandwidth>,
}

impl Providers {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct File {
            bandwidths_offered: Vec<Bandwidths>,
            providers: Vec<Provider>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bandwidths {
            value_in_mbps: u32,
        }
        let File { bandwidths_offered, mut providers } = json(file, text)?;
        let mut by_name = HashMap::new();
        for (index, provider) in providers.iter_mut().enumerate() {
            let names =
                std::iter::once(&provider.name).chain(&provider.doc_names).chain(&provider.service_provider_name);
            for name in names {
                by_name.entry(fold(name)).or_insert(index);
            }
            provider.folded_locations = provider.all_locations().map(fold).collect();
        }
        let bandwidths = bandwidths_offered.iter().map(|row| Bandwidth::mbps(row.value_in_mbps)).collect();
        Ok(Self { all: providers, by_name, bandwidths })
    }

    pub(crate) fn all(&self) -> &[Provider] {
        &self.all
    }

    pub(crate) fn bandwidths(&self) -> &[Bandwidth] {
        &self.bandwidths
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Provider> {
        self.by_name.get(&fold(name)).map(|&index| &self.all[index])
    }
}
