//! What a peering may be (spec 03, 3-6; spec 07, 7).
//!
//! Pure: facts come from the catalogue, what a client wants comes in, a refusal or the values to keep go out.

use arm_api::ArmError;
use arm_api::body::{MicrosoftPeeringConfig, PeeringProperties, PeeringType};
use catalog::Catalog;
use model::{Asn, Family, Prefix, Value as _, VlanId};

/// How long a key for MD5 may be (spec 07, 5).
pub(super) const KEY_LENGTH: usize = 25;

/// The subnets of a peering's links: primary and secondary of IPv4, then of IPv6, as far as there are any.
///
/// # Errors
///
/// 400 `PeerAddressPrefixInvalid`, `PeerAddressPrefixOverlap`, `PeerAddressPrefixNotPublic` or
/// `PeerAddressPrefixReserved`; `PeerAddressPrefixRequired` when there are none at all.
pub(super) fn subnets(
    catalog: &Catalog,
    wanted: &PeeringProperties,
    kind: PeeringType,
) -> Result<Vec<Prefix>, ArmError> {
    let four = (&wanted.primary_peer_address_prefix, &wanted.secondary_peer_address_prefix);
    let mut all = pair(catalog, kind, Family::V4, four, "properties")?;
    if let Some(six) = &wanted.ipv6_peering_config {
        let given = (&six.primary_peer_address_prefix, &six.secondary_peer_address_prefix);
        all.extend(pair(catalog, kind, Family::V6, given, "properties.ipv6PeeringConfig")?);
    }
    if all.is_empty() {
        let text =
            "the peering has no link subnets, wanted a /30 for each link, or a /126 for each in ipv6PeeringConfig";
        return Err(ArmError::bad_request("PeerAddressPrefixRequired", text).at("properties.primaryPeerAddressPrefix"));
    }
    Ok(all)
}

/// The subnets of both links in one family: both, or none.
fn pair(
    catalog: &Catalog,
    kind: PeeringType,
    family: Family,
    (primary, secondary): (&Option<String>, &Option<String>),
    at: &str,
) -> Result<Vec<Prefix>, ArmError> {
    let given = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let (primary, secondary) = (given(primary), given(secondary));
    if primary.is_empty() && secondary.is_empty() {
        return Ok(Vec::new());
    }
    let links = [("primaryPeerAddressPrefix", primary), ("secondaryPeerAddressPrefix", secondary)];
    let mut found = Vec::with_capacity(2);
    for (field, text) in links {
        found.push(subnet(catalog, kind, family, &text, &format!("{at}.{field}"))?);
    }
    if found[0].overlaps(found[1]) {
        let text = format!("the secondary subnet {} overlaps the primary {}, wanted two apart", found[1], found[0]);
        let target = format!("{at}.secondaryPeerAddressPrefix");
        return Err(ArmError::bad_request("PeerAddressPrefixOverlap", text).at(target));
    }
    Ok(found)
}

fn subnet(catalog: &Catalog, kind: PeeringType, family: Family, text: &str, at: &str) -> Result<Prefix, ArmError> {
    let length = family.link_length();
    let seen: String = text.chars().take(60).collect();
    let refuse = |code: &str, text: String| ArmError::bad_request(code, text).at(at);
    let prefix = Prefix::parse(text).map_err(|error| {
        refuse("PeerAddressPrefixInvalid", format!("{at} is `{seen}`, wanted a /{length} of its own: {}", error.reason))
    })?;
    if prefix.family() != family || prefix.length() != length {
        return Err(refuse("PeerAddressPrefixInvalid", format!("{at} is {prefix}, wanted an {family} /{length}")));
    }
    let range = catalog.bogon(prefix).map_or("special space", |range| range.name.as_str());
    if kind == PeeringType::MicrosoftPeering && !catalog.is_public(prefix) {
        let text = format!("{at} is {prefix} ({range}), wanted public space of your own");
        return Err(refuse("PeerAddressPrefixNotPublic", text));
    }
    if catalog.bogon(prefix).is_some_and(|range| range.drop_on_private_peering) {
        return Err(refuse(
            "PeerAddressPrefixReserved",
            format!("{at} is {prefix} ({range}), which no router forwards"),
        ));
    }
    Ok(prefix)
}

/// The VLAN of a peering.
///
/// # Errors
///
/// 400 `VlanIdInvalid`.
pub(super) fn vlan(wanted: &PeeringProperties) -> Result<u16, ArmError> {
    let given = wanted.vlan_id;
    let known = given.and_then(|id| u16::try_from(id).ok()).filter(|id| VlanId::try_from(*id).is_ok());
    known.ok_or_else(|| {
        let text = format!("vlanId is {}, wanted 1 to 4094", shown(given));
        ArmError::bad_request("VlanIdInvalid", text).at("properties.vlanId")
    })
}

/// The AS number of the customer.
///
/// # Errors
///
/// 400 `PeerAsnNotAllowed`.
pub(super) fn peer_asn(catalog: &Catalog, wanted: &PeeringProperties, kind: PeeringType) -> Result<Asn, ArmError> {
    let refuse = |text: String| ArmError::bad_request("PeerAsnNotAllowed", text).at("properties.peerASN");
    let asn = wanted.peer_asn.and_then(|asn| u32::try_from(asn).ok()).map(Asn);
    let asn = asn.ok_or_else(|| refuse(format!("peerASN is {}, wanted 1 to 4294967294", shown(wanted.peer_asn))))?;
    match catalog.asn_range(asn) {
        Some(range) if range.is_refused() => {
            Err(refuse(format!("peerASN is {asn}: {}; wanted a number of yours", range.description)))
        }
        Some(range) if kind == PeeringType::MicrosoftPeering && range.is_refused_on_microsoft() => {
            let text =
                format!("peerASN is {asn}: {}; Microsoft peering takes public or private ones", range.description);
            Err(refuse(text))
        }
        Some(_) | None => Ok(asn),
    }
}

/// What a Microsoft peering says of the prefixes that it announces.
///
/// # Errors
///
/// 400 `AdvertisedPublicPrefixesRequired`, `AdvertisedPublicPrefixInvalid`, `CustomerAsnNotAllowed` or
/// `RoutingRegistryUnknown`.
pub(super) fn announcements(
    catalog: &Catalog,
    config: Option<&MicrosoftPeeringConfig>,
    at: &str,
) -> Result<(), ArmError> {
    let at = format!("{at}.microsoftPeeringConfig");
    let prefixes = config.and_then(|config| config.advertised_public_prefixes.as_deref()).unwrap_or_default();
    if prefixes.is_empty() {
        let text = format!("{at}.advertisedPublicPrefixes is empty, wanted the public prefixes that you announce");
        let target = format!("{at}.advertisedPublicPrefixes");
        return Err(ArmError::bad_request("AdvertisedPublicPrefixesRequired", text).at(target));
    }
    for (index, text) in prefixes.iter().enumerate() {
        let target = format!("{at}.advertisedPublicPrefixes[{index}]");
        let seen: String = text.chars().take(60).collect();
        let refuse = |text: String| ArmError::bad_request("AdvertisedPublicPrefixInvalid", text).at(target.as_str());
        let prefix = Prefix::parse(text.trim())
            .map_err(|error| refuse(format!("{target} is `{seen}`, wanted a public prefix: {}", error.reason)))?;
        if !catalog.is_public(prefix) {
            let range = catalog.bogon(prefix).map_or("it holds special space", |range| range.name.as_str());
            return Err(refuse(format!("{target} is {prefix} ({range}), wanted a public prefix")));
        }
    }
    if let Some(asn) = config.and_then(|config| config.customer_asn).filter(|asn| *asn != 0)
        && !u32::try_from(asn).is_ok_and(|asn| catalog.is_public_asn(Asn(asn)))
    {
        let text = format!("customerASN is {asn}, wanted a public AS number");
        return Err(ArmError::bad_request("CustomerAsnNotAllowed", text).at(format!("{at}.customerASN")));
    }
    let registry = config.and_then(|config| config.routing_registry_name.as_deref()).unwrap_or_default();
    let known = |name: &str| letters(name) == letters(registry);
    if !registry.is_empty()
        && !registry.eq_ignore_ascii_case("NONE")
        && !catalog.registries().any(known)
        && !OLD_REGISTRIES.contains(&letters(registry).as_str())
    {
        let names: Vec<_> = catalog.registries().collect();
        let seen: String = registry.chars().take(40).collect();
        let text = format!("routingRegistryName is `{seen}`, wanted NONE or one of {}", names.join(", "));
        return Err(ArmError::bad_request("RoutingRegistryUnknown", text).at(format!("{at}.routingRegistryName")));
    }
    Ok(())
}

/// What clients still offer, though it is not consulted any more: the prefixes then need papers.
const OLD_REGISTRIES: &[&str] = &["LEVEL3"];

/// `RIPE NCC` and `RIPENCC` are one registry.
fn letters(text: &str) -> String {
    text.replace([' ', '-'], "").to_ascii_uppercase()
}

/// Whether prefixes are proven by themselves: announced by a public AS number of the customer's (spec 03, 6).
pub(super) fn provable(catalog: &Catalog, peer_asn: i64, config: &MicrosoftPeeringConfig) -> bool {
    let asn = config.customer_asn.filter(|asn| *asn != 0).unwrap_or(peer_asn);
    let registry = letters(config.routing_registry_name.as_deref().unwrap_or_default());
    u32::try_from(asn).is_ok_and(|asn| catalog.is_public_asn(Asn(asn))) && !OLD_REGISTRIES.contains(&registry.as_str())
}

/// A number as it was sent.
fn shown(given: Option<i64>) -> String {
    given.map_or_else(|| "missing".to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arm_api::body::Ipv6PeeringConfig;

    const PRIVATE: PeeringType = PeeringType::AzurePrivatePeering;
    const MICROSOFT: PeeringType = PeeringType::MicrosoftPeering;

    fn code<T>(result: Result<T, ArmError>) -> String {
        result.err().map(|error| error.code).unwrap_or_default()
    }

    fn four(kind: PeeringType, primary: &str, secondary: &str) -> String {
        let text = |text: &str| Some(text.to_owned());
        let wanted = PeeringProperties {
            primary_peer_address_prefix: text(primary),
            secondary_peer_address_prefix: text(secondary),
            ..PeeringProperties::default()
        };
        code(subnets(Catalog::builtin(), &wanted, kind))
    }

    #[test]
    fn links_have_a_subnet_each() {
        assert_eq!(four(PRIVATE, "10.0.0.0/30", "10.0.0.4/30"), "");
        assert_eq!(four(PRIVATE, "10.0.0.0/30", ""), "PeerAddressPrefixInvalid");
        assert_eq!(four(PRIVATE, "10.0.0.0/29", "10.0.0.8/29"), "PeerAddressPrefixInvalid");
        assert_eq!(four(PRIVATE, "10.0.0.1/30", "10.0.0.4/30"), "PeerAddressPrefixInvalid");
        assert_eq!(four(PRIVATE, "a lot", "10.0.0.4/30"), "PeerAddressPrefixInvalid");
        assert_eq!(four(PRIVATE, "fd00::/126", "fd00::4/126"), "PeerAddressPrefixInvalid");
        assert_eq!(four(PRIVATE, "10.0.0.0/30", "10.0.0.0/30"), "PeerAddressPrefixOverlap");
        assert_eq!(four(PRIVATE, "127.0.0.0/30", "127.0.0.4/30"), "PeerAddressPrefixReserved");
        assert_eq!(four(PRIVATE, "", ""), "PeerAddressPrefixRequired");
        assert_eq!(four(MICROSOFT, "10.0.0.0/30", "10.0.0.4/30"), "PeerAddressPrefixNotPublic");
        assert_eq!(four(MICROSOFT, "131.107.250.0/30", "131.107.250.4/30"), "");
    }

    #[test]
    fn six_alone_is_enough() {
        let six = Ipv6PeeringConfig {
            primary_peer_address_prefix: Some("fd00:1::/126".to_owned()),
            secondary_peer_address_prefix: Some("fd00:1::4/126".to_owned()),
            ..Ipv6PeeringConfig::default()
        };
        let wanted = PeeringProperties { ipv6_peering_config: Some(six), ..PeeringProperties::default() };
        assert_eq!(subnets(Catalog::builtin(), &wanted, PRIVATE).unwrap().len(), 2);
    }

    #[test]
    fn numbers_within_bounds() {
        let vlan_of = |vlan_id| code(vlan(&PeeringProperties { vlan_id, ..PeeringProperties::default() }));
        assert_eq!(vlan_of(Some(4094)), "");
        for bad in [None, Some(0), Some(4095), Some(-1), Some(i64::MAX)] {
            assert_eq!(vlan_of(bad), "VlanIdInvalid");
        }
        let asn = |kind, asn| {
            let wanted = PeeringProperties { peer_asn: asn, ..PeeringProperties::default() };
            code(peer_asn(Catalog::builtin(), &wanted, kind))
        };
        for good in [65020, 4_200_000_000, 64496, 23456, 3333] {
            assert_eq!(asn(PRIVATE, Some(good)), "");
        }
        for bad in [None, Some(0), Some(-1), Some(12076), Some(65515), Some(65520), Some(4_294_967_295), Some(1 << 40)]
        {
            assert_eq!(asn(PRIVATE, bad), "PeerAsnNotAllowed", "{bad:?}");
        }
        assert_eq!(asn(MICROSOFT, Some(64496)), "PeerAsnNotAllowed");
        assert_eq!(asn(MICROSOFT, Some(65020)), "");
    }

    #[test]
    fn announcements_are_public() {
        let with = |prefixes: &[&str], customer_asn, registry: Option<&str>| MicrosoftPeeringConfig {
            advertised_public_prefixes: Some(prefixes.iter().map(|&prefix| prefix.to_owned()).collect()),
            customer_asn,
            routing_registry_name: registry.map(str::to_owned),
            ..MicrosoftPeeringConfig::default()
        };
        let judged =
            |config: &MicrosoftPeeringConfig| code(announcements(Catalog::builtin(), Some(config), "properties"));
        assert_eq!(judged(&with(&["131.107.0.0/24"], Some(0), Some("ripe ncc"))), "");
        assert_eq!(judged(&with(&[], None, None)), "AdvertisedPublicPrefixesRequired");
        assert_eq!(judged(&with(&["10.0.0.0/8"], None, None)), "AdvertisedPublicPrefixInvalid");
        assert_eq!(judged(&with(&["0.0.0.0/0"], None, None)), "AdvertisedPublicPrefixInvalid");
        assert_eq!(judged(&with(&["x"], None, None)), "AdvertisedPublicPrefixInvalid");
        assert_eq!(judged(&with(&["131.107.0.0/24"], Some(65001), None)), "CustomerAsnNotAllowed");
        assert_eq!(judged(&with(&["131.107.0.0/24"], None, Some("ATLANTIS"))), "RoutingRegistryUnknown");
        let proven = |peer, config: &MicrosoftPeeringConfig| provable(Catalog::builtin(), peer, config);
        assert!(proven(3333, &with(&[], None, None)));
        assert!(!proven(65020, &with(&[], None, None)));
        assert!(proven(65020, &with(&[], Some(3333), None)));
        assert!(!proven(3333, &with(&[], None, Some("LEVEL3"))));
    }
}
