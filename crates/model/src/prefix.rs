//! IP prefixes without host bits.

use crate::{Family, LinkRole, Pair, Shape, Value, ValueError};
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// An IPv4 or IPv6 prefix whose host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(IpNet);

impl Prefix {
    /// The prefix of a length around an address; `None` when that is no length of the address's family.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        IpNet::new(address, length).ok().map(|net| Self(net.trunc()))
    }

    /// The network address.
    pub fn network(self) -> IpAddr {
        self.0.network()
    }

    /// The length in bits.
    pub fn length(self) -> u8 {
        self.0.prefix_len()
    }

    /// IPv4 or IPv6.
    pub fn family(self) -> Family {
        match self.0 {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }

    /// Whether every address of `other` is in this prefix.
    pub fn covers(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether the address is in this prefix.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// Whether this is `0.0.0.0/0` or `::/0`.
    pub fn is_default_route(self) -> bool {
        self.length() == 0
    }

    /// How many addresses it holds, at most `u128::MAX`.
    pub fn addresses(self) -> u128 {
        let bits = u32::from(self.0.max_prefix_len() - self.length());
        1u128.checked_shl(bits).unwrap_or(u128::MAX)
    }

    /// The address at an offset from the network address, `None` when it lies outside.
    pub fn address(self, offset: u32) -> Option<IpAddr> {
        if u128::from(offset) >= self.addresses() {
            return None;
        }
        Some(match self.0.network() {
            IpAddr::V4(network) => IpAddr::V4((u32::from(network) + offset).into()),
            IpAddr::V6(network) => IpAddr::V6((u128::from(network) + u128::from(offset)).into()),
        })
    }

    /// The two halves, lower first; `None` for a single address.
    pub fn halves(self) -> Option<Pair<Self>> {
        let mut halves = self.0.subnets(self.length().checked_add(1)?).ok()?;
        Some(Pair { primary: Self(halves.next()?), secondary: Self(halves.next()?) })
    }

    /// The prefix of the given length around this one's network address; `None` when that is no length
    /// of its family.
    pub fn resize(self, length: u8) -> Option<Self> {
        Self::new(self.network(), length)
    }

    /// The next prefix of the same length, `None` at the end of the address space.
    pub fn next(self) -> Option<Self> {
        let size = self.addresses();
        let network = match self.network() {
            IpAddr::V4(network) => IpAddr::V4(u32::from(network).checked_add(u32::try_from(size).ok()?)?.into()),
            IpAddr::V6(network) => IpAddr::V6(u128::from(network).checked_add(size)?.into()),
        };
        IpNet::new(network, self.length()).ok().map(Self)
    }

    /// The address that the customer router takes on a link: the first usable (spec 03, 3.3).
    pub fn customer_address(self) -> Option<IpAddr> {
        self.address(1)
    }

    /// The address that Microsoft's router takes on a link: the second usable (spec 03, 3.3).
    pub fn microsoft_address(self) -> Option<IpAddr> {
        self.address(2)
    }

    /// The subnet of one link when this prefix is the block of a whole peering
    /// (lower half primary, upper half secondary; spec 03, 3.1).
    pub fn link_subnet(self, link: LinkRole) -> Option<Self> {
        (self.length() == self.family().block_length()).then(|| self.halves())?.map(|halves| *halves.of(link))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value for Prefix {
    const EXPECTED: &'static str = "a prefix like `10.10.0.0/16` or `2001:db8::/48`";
    const SHAPE: Shape = Shape::Form { example: "10.10.0.0/16" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let net: IpNet = match text.parse() {
            Ok(net) => net,
            Err(_) => {
                let error = ValueError::new(format!("`{text}` is no prefix"));
                return Err(match text.parse::<IpAddr>() {
                    Ok(address) => error.suggest(IpNet::from(address).to_string()),
                    Err(_) => error,
                });
            }
        };
        if net.trunc() != net {
            return Err(ValueError::new(format!("{net} has host bits set")).suggest(net.trunc().to_string()));
        }
        Ok(Self(net))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn host_bits_are_refused_with_the_prefix_that_was_meant() {
        let error = Prefix::parse("10.1.2.3/16").unwrap_err();
        assert_eq!(error.suggestion.as_deref(), Some("10.1.0.0/16"));
    }

    #[test]
    fn a_block_of_29_gives_each_link_its_half() {
        let block = prefix("192.168.100.128/29");
        assert_eq!(block.link_subnet(LinkRole::Primary), Some(prefix("192.168.100.128/30")));
        assert_eq!(block.link_subnet(LinkRole::Secondary), Some(prefix("192.168.100.132/30")));
        assert_eq!(prefix("192.168.100.128/28").link_subnet(LinkRole::Primary), None);
    }

    #[test]
    fn customer_takes_the_first_address_and_microsoft_the_second() {
        let link = prefix("192.168.100.132/30");
        assert_eq!(link.customer_address().unwrap().to_string(), "192.168.100.133");
        assert_eq!(link.microsoft_address().unwrap().to_string(), "192.168.100.134");
    }

    #[test]
    fn the_last_prefix_has_no_next() {
        assert_eq!(prefix("255.255.255.252/30").next(), None);
        assert_eq!(prefix("0.0.0.0/0").next(), None);
        assert_eq!(prefix("10.0.0.0/30").next(), Some(prefix("10.0.0.4/30")));
    }

    proptest! {
        #[test]
        fn halves_cover_the_whole_and_do_not_overlap(network in any::<u32>(), length in 0u8..32) {
            let whole = Prefix(IpNet::new(IpAddr::V4(network.into()), length).unwrap().trunc());
            let halves = whole.halves().unwrap();
            prop_assert!(whole.covers(halves.primary) && whole.covers(halves.secondary));
            prop_assert!(!halves.primary.overlaps(halves.secondary));
            prop_assert_eq!(halves.primary.next(), Some(halves.secondary));
        }

        #[test]
        fn printing_parses_back(network in any::<u128>(), length in 0u8..=128) {
            let whole = Prefix(IpNet::new(IpAddr::V6(network.into()), length).unwrap().trunc());
            prop_assert_eq!(Prefix::parse(&whole.to_string()).unwrap(), whole);
        }
    }
}
