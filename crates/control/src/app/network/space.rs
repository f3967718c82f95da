//! Prefixes of virtual networks and subnets, and whether they go together.

use arm_api::ArmError;
use model::{Family, Prefix};
use std::net::IpAddr;

/// The smallest subnet of IPv4, and the one size of IPv6.
const SUBNET: (u8, u8) = (29, 64);

/// Reads a prefix without host bits, as a network or a subnet may have it.
///
/// # Errors
///
/// 400 `InvalidAddressPrefixFormat`.
pub(super) fn prefix(text: &str, target: &str) -> Result<Prefix, ArmError> {
    let bad = |why: &str| {
        let seen: String = text.chars().take(60).collect();
        let text = format!("the address prefix `{seen}` {why}; wanted a prefix like 10.0.0.0/16");
        ArmError::bad_request("InvalidAddressPrefixFormat", text).at(target)
    };
    let (address, length) = text.trim().split_once('/').ok_or_else(|| bad("has no length"))?;
    let address: IpAddr = address.parse().map_err(|_| bad("is no address"))?;
    let length: u8 = length.parse().map_err(|_| bad("has no length"))?;
    let prefix = Prefix::new(address, length).ok_or_else(|| bad("is longer than its addresses"))?;
    if prefix.network() != address {
        return Err(bad(&format!("has host bits, {prefix} has none")));
    }
    let special = match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_multicast() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_multicast() || v6.is_unicast_link_local() || v6.is_unspecified(),
    };
    if special {
        return Err(bad("is no address that machines can have"));
    }
    Ok(prefix)
}

/// Reads all prefixes of a network, which must not overlap.
///
/// # Errors
///
/// 400 `InvalidAddressPrefixFormat`, `AddressSpaceRequired`, `AddressSpacesOverlap`.
pub(super) fn of_network(texts: &[String]) -> Result<Vec<Prefix>, ArmError> {
    const TARGET: &str = "properties.addressSpace.addressPrefixes";
    if texts.is_empty() {
        let text = "the virtual network has no address prefix, wanted one at least";
        return Err(ArmError::bad_request("AddressSpaceRequired", text).at(TARGET));
    }
    let all: Vec<Prefix> = texts.iter().map(|text| prefix(text, TARGET)).collect::<Result<_, _>>()?;
    if let Some((one, other)) = overlap(&all) {
        let text = format!("the address prefixes {one} and {other} overlap");
        return Err(ArmError::bad_request("AddressSpacesOverlap", text).at(TARGET));
    }
    Ok(all)
}

/// Reads the prefixes of a subnet, which must lie in the network.
///
/// # Errors
///
/// 400 `InvalidAddressPrefixFormat`, `NetcfgInvalidSubnet`, `NetcfgInvalidSubnetSize`.
pub(super) fn of_subnet(name: &str, texts: &[String], network: &[Prefix]) -> Result<Vec<Prefix>, ArmError> {
    const TARGET: &str = "properties.addressPrefix";
    if texts.is_empty() {
        let text = format!("the subnet {name} has no address prefix, wanted one at least");
        return Err(ArmError::bad_request("NetcfgInvalidSubnet", text).at(TARGET));
    }
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        let prefix = prefix(text, TARGET)?;
        let fits = match prefix.family() {
            Family::V4 => prefix.length() <= SUBNET.0,
            Family::V6 => prefix.length() == SUBNET.1,
        };
        if !fits {
            let text = format!(
                "the subnet {name} is {prefix}, wanted /{} at the longest or a /{} of IPv6",
                SUBNET.0, SUBNET.1
            );
            return Err(ArmError::bad_request("NetcfgInvalidSubnetSize", text).at(TARGET));
        }
        if !network.iter().any(|whole| whole.covers(prefix)) {
            let text = format!("the subnet {name} with {prefix} is not inside of {}", words(network));
            return Err(ArmError::bad_request("NetcfgInvalidSubnet", text).at(TARGET));
        }
        all.push(prefix);
    }
    Ok(all)
}

/// Two that overlap, if any do.
pub(super) fn overlap(all: &[Prefix]) -> Option<(Prefix, Prefix)> {
    let pairs = all.iter().enumerate().flat_map(|(at, one)| all[at + 1..].iter().map(move |other| (*one, *other)));
    pairs.into_iter().find(|(one, other)| one.overlaps(*other))
}

/// One of each that overlap, if any do.
pub(super) fn clash(some: &[Prefix], others: &[Prefix]) -> Option<(Prefix, Prefix)> {
    some.iter().find_map(|one| others.iter().find(|other| one.overlaps(**other)).map(|other| (*one, *other)))
}

/// Prefixes that a document holds; what does not read is passed over, since it was read before.
pub(super) fn kept(list: &serde_json::Value) -> Vec<Prefix> {
    let texts = list.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    texts.filter_map(|text| prefix(text, "").ok()).collect()
}

fn words(all: &[Prefix]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_read_and_refused() {
        assert!(prefix("10.0.0.0/16", "x").is_ok());
        assert!(prefix("2001:db8::/48", "x").is_ok());
        for text in [
            "10.0.0.0",
            "10.0.0.1/16",
            "10.0.0.0/33",
            "a/8",
            "224.0.0.0/8",
            "127.0.0.0/8",
            "0.0.0.0/0",
            "",
            "fe80::/64",
        ] {
            assert_eq!(prefix(text, "x").unwrap_err().code, "InvalidAddressPrefixFormat", "{text}");
        }
    }

    #[test]
    fn subnets_lie_inside() {
        let network = of_network(&["10.0.0.0/16".to_owned(), "2001:db8::/48".to_owned()]).unwrap();
        let subnet = |text: &str| of_subnet("s", &[text.to_owned()], &network).map_err(|error| error.code);
        assert!(subnet("10.0.1.0/24").is_ok());
        assert!(subnet("2001:db8:0:1::/64").is_ok());
        assert_eq!(subnet("10.1.0.0/24").unwrap_err(), "NetcfgInvalidSubnet");
        assert_eq!(subnet("10.0.0.0/30").unwrap_err(), "NetcfgInvalidSubnetSize");
        assert_eq!(subnet("2001:db8::/56").unwrap_err(), "NetcfgInvalidSubnetSize");
    }

    #[test]
    fn networks_do_not_overlap_themselves() {
        let error = of_network(&["10.0.0.0/8".to_owned(), "10.1.0.0/16".to_owned()]).unwrap_err();
        assert_eq!(error.code, "AddressSpacesOverlap");
    }
}
