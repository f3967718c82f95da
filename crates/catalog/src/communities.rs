//! BGP communities that Microsoft sends, and those that a route filter names.

use crate::table::{CatalogError, fold, rows, value, yes};
use model::Community;
use serde::Deserialize;
use std::collections::HashMap;

/// What a community stands for.
#[derive(Debug, Clone, Deserialize)]
pub struct CommunityFact {
    /// The value.
    #[serde(deserialize_with = "value")]
    pub community: Community,
    /// Region or service, and on which peering.
    pub kind: CommunityKind,
    /// `private` or `microsoft`.
    pub peering: String,
    /// The service, for service communities.
    pub service: String,
    /// The region's display name, for regional ones.
    pub region_display_name: String,
    /// The region's name, for regional ones.
    pub region_name: String,
    /// Its geography.
    pub geo: String,
    /// The cloud.
    pub cloud: String,
    /// Microsoft must authorize its use in a route filter.
    #[serde(deserialize_with = "yes")]
    pub authorization_required: bool,
    /// Remarks.
    pub notes: String,
}

/// The kinds of community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommunityKind {
    /// A region, on private peering.
    RegionPrivate,
    /// A region, on Microsoft peering.
    RegionMicrosoft,
    /// A service in a region.
    ServiceRegion,
    /// A service in all regions.
    Service,
}

impl CommunityFact {
    /// What it stands for, in words.
    pub fn meaning(&self) -> String {
        match self.kind {
            CommunityKind::Service => self.service.clone(),
            CommunityKind::ServiceRegion => format!("{} in {}", self.service, self.region_display_name),
            CommunityKind::RegionPrivate | CommunityKind::RegionMicrosoft => self.region_display_name.clone(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Communities {
    all: Vec<CommunityFact>,
    by_value: HashMap<Community, usize>,
    by_name: HashMap<String, Community>,
}

/// Short names that people use for the services of the public cloud.
const SHORT_NAMES: &[(&str, u16)] = &[
    ("exchange", 5010),
    ("sharepoint", 5020),
    ("onedrive", 5020),
    ("skype", 5030),
    ("teams", 5030),
    ("crm", 5040),
    ("azure-global", 5050),
    ("entra-id", 5060),
    ("azure-ad", 5060),
    ("azure-resource-manager", 5070),
    ("other-office-365", 5100),
    ("other-m365", 5100),
    ("defender-for-identity", 5220),
    ("pstn", 5250),
];

impl Communities {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        let all: Vec<CommunityFact> = rows(file, text)?;
        let by_value = all.iter().enumerate().map(|(index, row)| (row.community, index)).collect();
        let mut by_name: HashMap<_, _> =
            SHORT_NAMES.iter().map(|&(name, value)| (fold(name), Community { asn: 12076, value })).collect();
        for row in &all {
            match row.kind {
                CommunityKind::Service => {
                    by_name.entry(fold(&row.service)).or_insert(row.community);
                }
                CommunityKind::RegionMicrosoft => {
                    by_name.insert(fold(&row.region_name), row.community);
                    by_name.insert(fold(&row.region_display_name), row.community);
                }
                CommunityKind::RegionPrivate | CommunityKind::ServiceRegion => {}
            }
        }
        Ok(Self { all, by_value, by_name })
    }

    pub(crate) fn all(&self) -> &[CommunityFact] {
        &self.all
    }

    pub(crate) fn find(&self, community: Community) -> Option<&CommunityFact> {
        self.by_value.get(&community).map(|&index| &self.all[index])
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<Community> {
        self.by_name.get(&fold(name)).copied()
    }
}
