//! The catalogue: what is true of ExpressRoute at a date, as data.
//!
//! Every table is a file in `data/`, compiled in, with its source, date and licence in
//! `data/sources.csv`. [`Catalog::builtin`] holds those; [`Catalog::with_files`] takes files of
//! the same names in their place, so that a limit or a provider list changes without a build.
//! Rules ask the catalogue and never hold a limit of their own.
//!
//! | table | file | ask |
//! | --- | --- | --- |
//! | peering locations | `peering-locations.json` | [`Catalog::location`] |
//! | providers | `providers.json` | [`Catalog::provider`] |
//! | BGP communities | `bgp-communities.csv` | [`Catalog::community`], [`Catalog::resolve`] |
//! | prefixes by community | `community-prefixes.csv` | [`Catalog::community_prefixes`] |
//! | Azure regions | `azure-regions.csv` | [`Catalog::region`] |
//! | limits | `circuit-limits.csv` | [`Catalog::limit`] |
//! | special prefixes | `bogons.csv` | [`Catalog::bogon`] |
//! | reserved AS numbers | `asn-reserved.csv` | [`Catalog::asn_range`] |
//! | lead times | `lead-times.csv` | [`Catalog::lead_time`] |
//! | QoS classes | `qos-classes.csv` | [`Catalog::qos_classes`] |
//! | Microsoft 365 services | `m365-services.csv` | [`Catalog::m365_service`] |
//! | areas of Microsoft 365's endpoints | `m365-areas.csv` | [`Catalog::m365_area`] |
//! | what the endpoint service answered | `m365-snapshots.csv` and the files it names | [`Catalog::m365_snapshots`] |

mod asns;
mod bogons;
mod communities;
mod lead_times;
mod limits;
mod locations;
mod m365;
mod prefixes;
mod providers;
mod qos;
mod regions;
mod table;

pub use asns::{AsnKind, AsnRange};
pub use bogons::Bogon;
pub use communities::{CommunityFact, CommunityKind};
pub use lead_times::LeadTime;
pub use limits::LimitRow;
pub use locations::Location;
pub use m365::{M365Area, M365ServiceFact, M365Snapshot, M365Support};
pub use providers::{Offer, Provider};
pub use qos::QosFact;
pub use regions::Region;
pub use table::{CatalogError, FILES, Provenance};

use model::{Asn, Bandwidth, Community, CommunityRef, Date, GatewaySku, Prefix, Value as _};
use std::borrow::Cow;
use std::sync::OnceLock;

/// The facts of one edition of the catalogue.
#[derive(Debug)]
pub struct Catalog {
    provenance: Vec<Provenance>,
    locations: locations::Locations,
    providers: providers::Providers,
    communities: communities::Communities,
    community_prefixes: prefixes::CommunityPrefixes,
    regions: regions::Regions,
    limits: limits::Limits,
    lead_times: Vec<LeadTime>,
    bogons: bogons::Bogons,
    asns: asns::Asns,
    qos: Vec<QosFact>,
    m365: m365::M365Services,
    m365_areas: Vec<M365Area>,
    m365_snapshots: Vec<M365Snapshot>,
}

impl Catalog {
    /// The catalogue compiled in.
    ///
    /// # Panics
    /// Never in a tested build: the compiled-in files parse, a test says so.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalog> = OnceLock::new();
        #[expect(clippy::expect_used, reason = "the test `the_builtin_catalogue_parses` holds it")]
        BUILTIN.get_or_init(|| Self::with_files(|_| None).expect("the compiled-in catalogue parses"))
    }

    /// The catalogue with some files replaced: `replacement` gives the text of a file of [`FILES`],
    /// or `None` to keep the one compiled in.
    ///
    /// # Errors
    /// A replacement is not of the form of the file that it replaces; the error names file and line.
    pub fn with_files(replacement: impl Fn(&str) -> Option<String>) -> Result<Self, CatalogError> {
        let text = |name: &'static str| match replacement(name) {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(table::builtin(name)),
        };
        Ok(Self {
            provenance: table::rows("sources.csv", &text("sources.csv"))?,
            locations: locations::Locations::parse("peering-locations.json", &text("peering-locations.json"))?,
            providers: providers::Providers::parse("providers.json", &text("providers.json"))?,
            communities: communities::Communities::parse("bgp-communities.csv", &text("bgp-communities.csv"))?,
            community_prefixes: {
                let text = text("community-prefixes.csv");
                let check = matches!(text, Cow::Owned(_));
                prefixes::CommunityPrefixes::parse("community-prefixes.csv", text.into_owned(), check)?
            },
            regions: regions::Regions::parse("azure-regions.csv", &text("azure-regions.csv"))?,
            limits: limits::Limits::parse("circuit-limits.csv", &text("circuit-limits.csv"))?,
            lead_times: lead_times::parse("lead-times.csv", &text("lead-times.csv"))?,
            bogons: bogons::Bogons::parse("bogons.csv", &text("bogons.csv"))?,
            asns: asns::Asns::parse("asn-reserved.csv", &text("asn-reserved.csv"))?,
            qos: qos::parse("qos-classes.csv", &text("qos-classes.csv"))?,
            m365: m365::M365Services::parse("m365-services.csv", &text("m365-services.csv"))?,
            m365_areas: table::rows("m365-areas.csv", &text("m365-areas.csv"))?,
            m365_snapshots: m365::snapshots(&text("m365-snapshots.csv"), &replacement)?,
        })
    }

    /// Source, date and licence of every table.
    pub fn provenance(&self) -> &[Provenance] {
        &self.provenance
    }

    /// Source, date and licence of one file.
    pub fn provenance_of(&self, file: &str) -> Option<&Provenance> {
        self.provenance.iter().find(|row| row.file == file)
    }

    /// Communities of Microsoft peering with the prefixes that carry them, in the order of their values. They are read
    /// anew with each call.
    pub fn community_prefixes(&self) -> Vec<(Community, Vec<Prefix>)> {
        self.community_prefixes.all().collect()
    }

    /// The peering location of a name or id, without regard to case.
    pub fn location(&self, name: &str) -> Option<&Location> {
        self.locations.find(name)
    }

    /// Every peering location, by name.
    pub fn locations(&self) -> &[Location] {
        self.locations.all()
    }

    /// The provider of a name, in the spelling of the documents or of the API, without regard to case.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.find(name)
    }

    /// Every provider, by name.
    pub fn providers(&self) -> &[Provider] {
        self.providers.all()
    }

    /// The bandwidths at which provider circuits are sold.
    pub fn provider_bandwidths(&self) -> &[Bandwidth] {
        self.providers.bandwidths()
    }

    /// The bandwidths of circuits on an ExpressRoute Direct port of the given speed; empty for an unknown speed.
    pub fn direct_bandwidths(&self, port: Bandwidth) -> Vec<Bandwidth> {
        let key = format!("port-{}g", port.as_mbps() / 1000);
        let rows = self.limits.rows().iter().filter(|row| row.category == "direct-bandwidth" && row.key == key);
        let mut bandwidths: Vec<_> = rows.filter_map(|row| row.value.parse().ok()).map(Bandwidth::mbps).collect();
        bandwidths.sort_unstable();
        bandwidths
    }

    /// What a community stands for, `None` when the catalogue does not know it.
    pub fn community(&self, community: Community) -> Option<&CommunityFact> {
        self.communities.find(community)
    }

    /// Every community.
    pub fn communities(&self) -> &[CommunityFact] {
        self.communities.all()
    }

    /// The value of a community given by value, service or region; `None` for a name that the catalogue
    /// does not know. A region stands for its community on Microsoft peering.
    pub fn resolve(&self, reference: &CommunityRef) -> Option<Community> {
        match reference {
            CommunityRef::Value(community) => Some(*community),
            CommunityRef::Name(name) => self.communities.by_name(name),
        }
    }

    /// The Azure region of a name or display name, without regard to case and blanks.
    pub fn region(&self, name: &str) -> Option<&Region> {
        self.regions.find(name)
    }

    /// Every Azure region, by name.
    pub fn regions(&self) -> &[Region] {
        self.regions.all()
    }

    /// A limit as a number: category, key and SKU as in `circuit-limits.csv` (the SKU empty where the limit
    /// has none). Case matters not in the SKU.
    pub fn limit(&self, category: &str, key: &str, sku: &str) -> Option<u64> {
        self.limits.number(category, key, sku)
    }

    /// A limit that is a day, like the first on which something was asked for.
    pub fn limit_date(&self, category: &str, key: &str) -> Option<Date> {
        let row = self.limits.rows().iter().find(|row| row.category == category && row.key == key)?;
        Date::parse(&row.value).ok()
    }

    /// The routing registries that Microsoft consults.
    pub fn registries(&self) -> impl Iterator<Item = &str> {
        self.limits.rows().iter().filter(|row| row.category == "registry").map(|row| row.key.as_str())
    }

    /// How many circuits a VNet may be linked to, over all locations, with a gateway of this SKU. ErGwScale grows
    /// with its scale units; `None` when those are not given or too few.
    pub fn gateway_circuits(&self, sku: GatewaySku, units: Option<u32>) -> Option<u64> {
        let name = sku.to_string();
        if sku != GatewaySku::ErGwScale {
            return self.limit("gateway", "max-circuit-connections", &name);
        }
        let units = units?;
        let rows = self.limits.rows().iter().filter(|row| row.category == "gateway-scale-circuits");
        let steps = rows.filter_map(|row| {
            let from: u32 = row.key.strip_prefix("units-")?.parse().ok()?;
            Some((from, row.value.parse().ok()?))
        });
        steps.filter(|(from, _)| *from <= units).max().map(|(_, circuits)| circuits)
    }

    /// Every row of the limits table.
    pub fn limits(&self) -> &[LimitRow] {
        self.limits.rows()
    }

    /// How long a kind of step takes; `None` for a kind that the catalogue does not have.
    pub fn lead_time(&self, action: &str) -> Option<&LeadTime> {
        self.lead_times.iter().find(|row| row.action == action)
    }

    /// How long steps take, every kind.
    pub fn lead_times(&self) -> &[LeadTime] {
        &self.lead_times
    }

    /// The special-purpose range that a prefix falls into, by longest match; `None` for ordinary public space.
    /// The default route matches only itself.
    pub fn bogon(&self, prefix: Prefix) -> Option<&Bogon> {
        self.bogons.find(prefix)
    }

    /// Whether a prefix is ordinary, globally reachable space: neither private nor special nor the default
    /// route, and neither does it hold such a range.
    pub fn is_public(&self, prefix: Prefix) -> bool {
        self.bogons.is_public(prefix)
    }

    /// Every special-purpose range, the longest first.
    pub fn bogons(&self) -> &[Bogon] {
        self.bogons.all()
    }

    /// The private-use range (RFC 1918, RFC 4193) that a prefix lies in or holds; `None` for the default route.
    pub fn private_range(&self, prefix: Prefix) -> Option<&Bogon> {
        self.bogons.private(prefix)
    }

    /// Every private-use range (RFC 1918, RFC 4193), the smallest first.
    pub fn private_ranges(&self) -> impl Iterator<Item = &Bogon> {
        self.bogons.all().iter().filter(|bogon| bogon.is_private_use())
    }

    /// The narrowest special range of an AS number, `None` for an ordinary public number.
    pub fn asn_range(&self, asn: Asn) -> Option<&AsnRange> {
        self.asns.find(asn)
    }

    /// Every special AS range.
    pub fn asn_ranges(&self) -> &[AsnRange] {
        self.asns.all()
    }

    /// Whether an AS number is a public one: in no private, reserved or documentation range.
    pub fn is_public_asn(&self, asn: Asn) -> bool {
        self.asn_range(asn).is_none_or(|range| range.kind == AsnKind::Microsoft || range.kind == AsnKind::Special)
    }

    /// The traffic classes of the QoS page, those of past editions too.
    pub fn qos_classes(&self) -> &[QosFact] {
        &self.qos
    }

    /// The traffic classes that are in force.
    pub fn current_qos_classes(&self) -> impl Iterator<Item = &QosFact> {
        self.qos.iter().filter(|class| class.until.is_none())
    }

    /// The Microsoft 365 service of a name, in the documents' spelling or a short one (`exchange`, `Microsoft Teams`),
    /// without regard to case, blanks and signs; `None` for a service that no list names.
    pub fn m365_service(&self, name: &str) -> Option<&M365ServiceFact> {
        self.m365.find(name)
    }

    /// An area of an instance of the endpoint service, without regard to case.
    pub fn m365_area(&self, instance: &str, area: &str) -> Option<&M365Area> {
        let same = |row: &&M365Area| row.instance.eq_ignore_ascii_case(instance) && row.area.eq_ignore_ascii_case(area);
        self.m365_areas.iter().find(same)
    }

    /// Every area of every instance of the endpoint service.
    pub fn m365_areas(&self) -> &[M365Area] {
        &self.m365_areas
    }

    /// What the endpoint service answered, by instance and version, the oldest first.
    pub fn m365_snapshots(&self) -> &[M365Snapshot] {
        &self.m365_snapshots
    }

    /// Every Microsoft 365 service that a list names.
    pub fn m365_services(&self) -> &[M365ServiceFact] {
        self.m365.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Value;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn the_builtin_catalogue_parses() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.locations().len(), 146);
        assert_eq!(catalog.location("Silicon Valley").unwrap().cloud, "AzureCloud");
        assert_eq!(catalog.providers().len(), 181);
        assert_eq!(catalog.communities().len(), 278);
        assert_eq!(catalog.limits().len(), 197);
    }

    #[test]
    fn every_file_has_a_dated_source() {
        let catalog = Catalog::builtin();
        for file in FILES.iter().filter(|file| **file != "sources.csv") {
            let provenance = catalog.provenance_of(file).unwrap_or_else(|| panic!("{file} has no source"));
            assert!(!provenance.source.is_empty() && !provenance.licence.is_empty());
        }
    }

    #[test]
    fn a_scalable_gateway_takes_more_circuits_with_more_units() {
        let circuits = |units| Catalog::builtin().gateway_circuits(GatewaySku::ErGwScale, units);
        assert_eq!([1, 2, 9, 10, 40].map(|units| circuits(Some(units))), [4, 8, 8, 16, 16].map(Some));
        assert_eq!((circuits(None), circuits(Some(0))), (None, None));
        assert_eq!(Catalog::builtin().gateway_circuits(GatewaySku::ErGw3AZ, None), Some(16));
    }

    #[test]
    fn equinix_sells_at_amsterdam_under_any_case() {
        let provider = Catalog::builtin().provider("EQUINIX").unwrap();
        assert!(provider.is_at("amsterdam"));
        assert!(!provider.is_at("Atlantis"));
    }

    #[test]
    fn private_peering_drops_what_no_router_forwards_and_no_private_space() {
        let catalog = Catalog::builtin();
        let dropped = |text: &str| catalog.bogon(prefix(text)).is_some_and(|bogon| bogon.drop_on_private_peering);
        for text in ["127.0.0.1/32", "169.254.1.0/24", "224.0.0.0/8", "fe80::/64", "ff02::/16", "::1/128"] {
            assert!(dropped(text), "{text}");
        }
        for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "100.64.0.0/10", "198.51.100.0/24", "fd00::/8"] {
            assert!(!dropped(text), "{text}");
        }
        for bogon in catalog.bogons() {
            assert!(bogon.drop_on_microsoft_peering || !bogon.drop_on_private_peering, "{}", bogon.prefix);
        }
    }

    #[test]
    fn longest_match_decides_what_is_public() {
        let catalog = Catalog::builtin();
        for private in ["10.1.0.0/16", "0.0.0.0/0", "100.64.3.0/24", "203.0.113.0/24", "fd00::/48", "::/0", "8.0.0.0/6"]
        {
            assert!(!catalog.is_public(prefix(private)), "{private}");
        }
        for public in ["8.8.8.0/24", "51.4.0.0/16", "2a01:111::/32"] {
            assert!(catalog.is_public(prefix(public)), "{public}");
        }
    }

    #[test]
    fn the_narrower_as_range_wins() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.asn_range(Asn(65516)).unwrap().kind, AsnKind::AzureReserved);
        assert_eq!(catalog.asn_range(Asn(65010)).unwrap().kind, AsnKind::Private);
        assert!(catalog.asn_range(Asn(3333)).is_none() && catalog.is_public_asn(Asn(3333)));
    }

    #[test]
    fn what_microsoft_refuses_depends_on_the_peering() {
        let range = |asn: u32| Catalog::builtin().asn_range(Asn(asn)).unwrap();
        for everywhere in [0, 12076, 65515, 65520, u32::MAX] {
            assert!(range(everywhere).is_refused() && range(everywhere).is_refused_on_microsoft(), "{everywhere}");
        }
        for on_microsoft in [23456, 64496, 64511, 65535, 65551, 65552] {
            assert!(!range(on_microsoft).is_refused() && range(on_microsoft).is_refused_on_microsoft());
        }
        assert!(range(64500).is_refused_in_path() && !range(65540).is_refused_in_path());
        assert!(!range(65010).is_refused_on_microsoft());
    }

    #[test]
    fn private_ranges_are_found_from_inside_and_outside() {
        let range = |text: &str| Catalog::builtin().private_range(prefix(text)).map(|bogon| bogon.prefix.to_string());
        assert_eq!(range("10.1.0.0/16").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(range("8.0.0.0/6").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(range("fd00::/48").as_deref(), Some("fc00::/7"));
        assert_eq!(range("0.0.0.0/0"), None);
        assert_eq!(range("100.64.0.0/24"), None);
    }

    #[test]
    fn services_and_regions_have_communities() {
        let catalog = Catalog::builtin();
        let value = |name: &str| catalog.resolve(&CommunityRef::Name(name.into())).map(|c| c.to_string());
        assert_eq!(value("exchange").as_deref(), Some("12076:5010"));
        assert_eq!(value("teams").as_deref(), Some("12076:5030"));
        assert_eq!(value("westeurope").as_deref(), Some("12076:51002"));
        assert_eq!(value("North Europe").as_deref(), Some("12076:51003"));
        assert_eq!(value("atlantis"), None);
    }

    #[test]
    fn services_of_microsoft_365_are_found_by_many_names() {
        let catalog = Catalog::builtin();
        let support = |name: &str| catalog.m365_service(name).map(|service| service.support);
        for included in
            ["exchange", "Exchange Online", "MICROSOFT TEAMS", "OneDrive_for_Business", "Azure AD", "office"]
        {
            assert_eq!(support(included), Some(M365Support::Included), "{included}");
        }
        for excluded in ["apps-updates", "Microsoft 365 Apps for enterprise", "AD FS sign-in", "21Vianet"] {
            assert_eq!(support(excluded), Some(M365Support::Excluded), "{excluded}");
        }
        assert_eq!(support("Defender for Endpoint"), Some(M365Support::OwnRules));
        assert_eq!(support("intune"), Some(M365Support::Unsupported));
        assert_eq!(support(""), None);
        assert_eq!(support("Windows Update"), None);
    }

    #[test]
    fn limits_are_numbers_by_category_key_and_sku() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.limit("vnet-links", "bandwidth-1000", "premium"), Some(50));
        assert_eq!(catalog.limit("route-limit", "ipv4-routes-to-private", "Standard"), Some(4000));
        assert_eq!(catalog.limit("circuit", "circuits-per-subscription", ""), Some(50));
        assert_eq!(catalog.direct_bandwidths(Bandwidth::mbps(10_000)).len(), 4);
        assert_eq!(catalog.limit_date("bgp", "route-filter-from"), Some(Date::constant(2017, 8, 1)));
        assert_eq!(catalog.registries().count(), 7);
    }

    #[test]
    fn sip_signalling_left_the_table_of_marks() {
        let marks: Vec<_> = Catalog::builtin().current_qos_classes().map(|class| class.dscp.to_string()).collect();
        assert_eq!(marks, ["EF", "AF41", "AF21", "AF11", "CS0"]);
        assert_eq!(Catalog::builtin().qos_classes().len(), 6);
    }

    #[test]
    fn every_row_of_prefixes_is_read_and_its_community_is_known() {
        let catalog = Catalog::builtin();
        let text = table::builtin("community-prefixes.csv").to_owned();
        prefixes::CommunityPrefixes::parse("community-prefixes.csv", text, true).unwrap();
        for (community, prefixes) in catalog.community_prefixes() {
            let fact = catalog.community(community).unwrap();
            assert!(fact.kind != CommunityKind::RegionPrivate && !prefixes.is_empty(), "{community}");
        }
        let bad = Catalog::with_files(|file| {
            (file == "community-prefixes.csv").then(|| "community,prefixes\n12076:5010,10.0.0.1/8\n".to_owned())
        });
        assert!(bad.unwrap_err().to_string().starts_with("community-prefixes.csv, line 2: "));
    }

    #[test]
    fn a_replaced_file_that_is_wrong_says_where() {
        let error = Catalog::with_files(|file| {
            (file == "bogons.csv").then(|| "prefix,ip_version,name,rfc,globally_reachable,drop_on_microsoft_peering,rfc1918,category\nnonsense,4,x,y,no,yes,no,z\n".to_owned())
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "bogons.csv, line 2: `nonsense` is no prefix");
    }
}
